import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { type ExplanationParts, explainRow } from '../explanation/explain-row.ts';
import type { Caller } from './caller.ts';
import { answerPersonally, type PersonalParts } from './personal-answer.ts';

/** Why one row has the link that it has, or none, as far as the person who asks may know. */
export const showExplanation = (
  parts: ExplanationParts & PersonalParts,
  request: HttpRequest,
  caller: Caller,
): Promise<HttpResponseInit> =>
  answerPersonally(parts, request, caller, 'The explanation', (row, callerId) => explainRow(parts, row, callerId));
