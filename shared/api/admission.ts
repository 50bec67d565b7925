import type { HttpRequest } from '@azure/functions';
import type { UnificationSetup } from '../contracts/unification-setup.ts';
import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import { readsEveryUnit } from '../insight/reads-every-unit.ts';
import { type Caller, callerOf, keyHolder, type Role, roles } from './caller.ts';
import { problem } from './http-response.ts';
import { type Operation, operations } from './operations.ts';
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

/** A door that the table of routes does not know is for operators. */
const doorOf = (functionName: string): Pick<Operation, 'audience' | 'needsKey' | 'role'> =>
  operations.find(({ name }) => name === functionName) ?? {
    audience: 'administrators',
    needsKey: true,
    role: 'operator',
  };

/**
 * What the Functions host itself asks of a request. Where people sign in they have no key, so the host lets everybody
 * come as far as `admit`; the door of events keeps its key.
 */
export function keyLevel(functionName: string, wire: () => Pick<AdmissionParts, 'isSignInEnabled'>) {
  const { audience, needsKey } = doorOf(functionName);
  return needsKey && (audience === 'senders' || !doPeopleSignIn(wire)) ? 'function' : 'anonymous';
}

function doPeopleSignIn(wire: () => Pick<AdmissionParts, 'isSignInEnabled'>): boolean {
  try {
    return wire().isSignInEnabled;
  } catch (error) {
    // An app whose settings are bad shows nothing to anybody; its doors keep their keys.
    if (!isTerminalError(error)) throw error;
    return false;
  }
}

/**
 * Who may pass which door, in one place.
 *
 * Without App Service authentication whoever holds a function key is an administrator; the host has looked at the key.
 * With it, a key opens the door of events alone: everybody else signs in, and passes an administrators' door with the
 * app role that it asks for. Where business units are kept apart, that takes the right to read the profiles of every
 * unit too: what is behind those doors names rows and customers of all of them.
 * @throws RefusedRequest that says the same whatever was asked for
 */
export async function admit(parts: AdmissionParts, functionName: string, request: HttpRequest): Promise<Caller> {
  const { audience, role = 'operator' } = doorOf(functionName);
  if (audience === 'senders' || audience === 'everybody') return keyHolder;
  const caller = callerOf(request, parts.isSignInEnabled);
  if (caller.kind === 'key') {
    if (parts.isSignInEnabled) throw mustSignIn();
    return caller;
  }
  if (audience === 'persons') return caller;
  if (!caller.roles.has(role)) throw lacksRole(role);
  if (parts.options.setup.businessUnits !== undefined) await mustReadEveryUnit(parts, caller.id);
  return caller;
}

async function mustReadEveryUnit(parts: AdmissionParts, callerId: string): Promise<void> {
  if (await readsEveryUnit(parts.dataverse, callerId, parts.now())) return;
  throw new RefusedRequest(
    problem(
      403,
      'Forbidden',
      'Business units are kept apart here, and this shows rows of every unit: it is for people who may read the customer profiles of all units (Read on Customer Profile at organization level).',
    ),
  );
}

const mustSignIn = (): RefusedRequest =>
  new RefusedRequest(
    problem(
      401,
      'Unauthorized',
      'Sign in with a Microsoft Entra account: people sign in to this app, and a function key opens the door of events alone.',
      { headers: { 'www-authenticate': 'Bearer' } },
    ),
  );

const lacksRole = (role: Role): RefusedRequest =>
  new RefusedRequest(
    problem(
      403,
      'Forbidden',
      `This takes the app role ${roles[role]}. Ask an administrator to give it to you: Microsoft Entra admin center, Enterprise applications, the app, Users and groups.`,
    ),
  );
