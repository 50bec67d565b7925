import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { type InsightParts, showInsight } from '../insight/show-insight.ts';
import type { Caller } from './caller.ts';
import { answerPersonally, type PersonalParts } from './personal-answer.ts';

/** What this route needs beyond the insight itself. */
export interface ProfileParts extends InsightParts, PersonalParts {
  readonly options: InsightParts['options'];
}

/** The profile behind one row, read as the person who asks. */
export const showProfile = (parts: ProfileParts, request: HttpRequest, caller: Caller): Promise<HttpResponseInit> =>
  answerPersonally(parts, request, caller, 'The profile', (row, callerId) => showInsight(parts, row, callerId));
