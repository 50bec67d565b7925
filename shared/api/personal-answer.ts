import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { logicalNameSchema, type UnificationSetup } from '../contracts/unification-setup.ts';
import { isUnknownCallerError } from '../errors.ts';
import type { Caller } from './caller.ts';
import { notFound, ok, problem } from './http-response.ts';
import { parseInput } from './route-handler.ts';
import { recordIdSchema } from './schemas.ts';

/** What it takes to answer a person. */
export interface PersonalParts {
  readonly isSignInEnabled: boolean;
  readonly options: { readonly setup: UnificationSetup };
}

/** A row, as the path of a request names it; the id is a GUID in lower case. */
export interface NamedRow {
  readonly table: string;
  readonly id: string;
}

/**
 * Answers about one row, read as the person who asks. Where business units are kept apart, nobody is shown anything with
 * the application's rights: those reach into every unit.
 * @param what is shown, as a sentence begins: "The profile"
 * @param read gives what is known of the row, in the name of an Entra object id; undefined where there is no such row
 */
export async function answerPersonally(
  parts: PersonalParts,
  request: HttpRequest,
  caller: Caller,
  what: string,
  read: (row: NamedRow, callerId: string | undefined) => Promise<object | undefined>,
): Promise<HttpResponseInit> {
  const refusal = `${what} asked for cannot be shown.`;
  const table = parseInput(logicalNameSchema, request.params.table, refusal, 'path', 'table');
  const id = parseInput(recordIdSchema, request.params.id, refusal, 'path', 'id');
  if (caller.kind === 'key' && parts.options.setup.businessUnits !== undefined) {
    const whatIs = `${what.charAt(0).toLowerCase()}${what.slice(1)}`;
    const remedy = parts.isSignInEnabled ? 'Sign in' : 'Turn App Service authentication on, and sign in';
    return problem(
      403,
      'Forbidden',
      `Business units are kept apart here: ${whatIs} is shown to a person only. ${remedy}.`,
    );
  }
  try {
    const answer = await read({ table, id }, caller.kind === 'key' ? undefined : caller.id);
    return answer === undefined ? notFound(`row ${id} in a source table ${table} that you may read`) : ok(answer);
  } catch (error) {
    if (!isUnknownCallerError(error)) throw error;
    return problem(403, 'Forbidden', error.message);
  }
}
