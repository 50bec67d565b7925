import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { logicalNameSchema } from '../contracts/unification-setup.ts';
import { isUnknownCallerError } from '../errors.ts';
import { type InsightParts, showInsight } from '../insight/show-insight.ts';
import type { Caller } from './caller.ts';
import { notFound, ok, problem } from './http-response.ts';
import { parseInput } from './route-handler.ts';
import { recordIdSchema } from './schemas.ts';

/** What this route needs beyond the insight itself. */
export interface ProfileParts extends InsightParts {
  readonly isSignInEnabled: boolean;
}

/**
 * The profile behind one row, read as the person who asks. Where business units are kept apart, nobody is shown
 * anything with the application's rights: those reach into every unit.
 */
export async function showProfile(
  parts: ProfileParts,
  request: HttpRequest,
  caller: Caller,
): Promise<HttpResponseInit> {
  const refusal = 'The profile asked for cannot be shown.';
  const table = parseInput(logicalNameSchema, request.params.table, refusal, 'path', 'table');
  const id = parseInput(recordIdSchema, request.params.id, refusal, 'path', 'id');
  if (caller.kind === 'key' && parts.options.setup.businessUnits !== undefined) {
    const remedy = parts.isSignInEnabled ? 'Sign in' : 'Turn App Service authentication on, and sign in';
    return problem(
      403,
      'Forbidden',
      `Business units are kept apart here, so a profile is shown to a person only. ${remedy}.`,
    );
  }
  try {
    const answer = await showInsight(parts, { table, id }, caller.kind === 'key' ? undefined : caller.id);
    return answer === undefined ? notFound(`row ${id} in a source table ${table} that you may read`) : ok(answer);
  } catch (error) {
    if (!isUnknownCallerError(error)) throw error;
    return problem(403, 'Forbidden', error.message);
  }
}
