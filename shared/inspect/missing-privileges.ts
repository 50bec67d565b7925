import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import type { CheckPrivileges, PrivilegeFindings } from '../linking/privilege-check.ts';
import { findIdentity, type KnownIdentity } from './identity.ts';
import { checkPrivileges, neededPrivileges } from './needed-privileges.ts';
import type { Check, CheckCode } from './report.ts';

/** The check of privileges for identities by their client ids; for the host's own where none is named. */
export function privilegeCheck(dataverse: InspectableDataverse, clientIds: readonly string[]): CheckPrivileges {
  return async (table, signal) => {
    try {
      const identities = await findIdentities(dataverse, clientIds, signal);
      const needed = await neededPrivileges(dataverse, [table], signal);
      return resultOf(identities.flatMap((identity) => checkPrivileges(identity, needed)));
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      // Linking itself may need less than the check does.
      return { findings: [], unchecked: [`The privileges of the app could not be checked: ${error.message}`] };
    }
  };
}

async function findIdentities(
  dataverse: InspectableDataverse,
  clientIds: readonly string[],
  signal: AbortSignal,
): Promise<KnownIdentity[]> {
  const wanted = clientIds.length === 0 ? [undefined] : clientIds;
  const found = await Promise.all(
    wanted.map((clientId) => findIdentity(dataverse, clientId, clientIds.length === 1, signal)),
  );
  // One that Dataverse does not know is refused by itself, whatever it is used for.
  return found.map(({ identity }) => identity).filter((identity) => identity !== undefined);
}

const isLack = (code: CheckCode): code is 'privilege-missing' | 'privilege-depth' =>
  code === 'privilege-missing' || code === 'privilege-depth';

function resultOf(checks: readonly Check[]): PrivilegeFindings {
  const findings = checks.flatMap(({ code, level, finding, remedy = 'Run the doctor.' }) =>
    level === 'fault' && isLack(code) ? [{ code, finding, remedy }] : [],
  );
  const unchecked = checks
    .filter(({ code }) => code === 'privileges-unknown')
    .map(({ finding, remedy = '' }) => `${finding} ${remedy}`);
  return { findings, unchecked };
}
