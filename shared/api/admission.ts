import type { HttpRequest } from '@azure/functions';
import type { UnificationSetup } from '../contracts/unification-setup.ts';
import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { readsEveryUnit } from '../insight/reads-every-unit.ts';
import { callerOf } from './caller.ts';
import { problem } from './http-response.ts';
import { type Audience, operations } from './operations.ts';
import { RefusedRequest } from './refused-request.ts';

/** What it takes to tell who may pass a door. */
export interface AdmissionParts {
  readonly dataverse: InspectableDataverse;
  /** App Service authentication is on, so that the caller's identity can be trusted. */
  readonly isSignInEnabled: boolean;
  readonly options: { readonly setup: UnificationSetup };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A door that the table of routes does not know is for administrators. */
const audienceOf = (functionName: string): Audience =>
  operations.find(({ name }) => name === functionName)?.audience ?? 'administrators';

/**
 * Where business units are kept apart, a person who is signed in passes an administrators' door only with the right to
 * read the profiles of every unit: what is behind it names rows and customers of all of them. Whoever has the function
 * key and is no person is an administrator.
 * @throws RefusedRequest that says the same whatever was asked for
 */
export async function admit(parts: AdmissionParts, functionName: string, request: HttpRequest): Promise<void> {
  if (parts.options.setup.businessUnits === undefined || audienceOf(functionName) !== 'administrators') return;
  const caller = callerOf(request, parts.isSignInEnabled);
  if (caller === undefined || (await readsEveryUnit(parts.dataverse, caller, parts.now()))) return;
  throw new RefusedRequest(
    problem(
      403,
      'Forbidden',
      'Business units are kept apart here, and this shows rows of every unit: it is for people who may read the customer profiles of all units (Read on Customer Profile at organization level).',
    ),
  );
}
