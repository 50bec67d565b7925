import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import type { CheckPrivileges, PrivilegeFindings } from '../linking/privilege-check.ts';
import { findIdentity, type KnownIdentity } from './identity.ts';
import { checkPrivileges, neededPrivileges } from './needed-privileges.ts';
import type { Check } from './report.ts';

/** The check of privileges for identities by their client ids; for the host's own where none is named. */
export function privilegeCheck(dataverse: InspectableDataverse, clientIds: readonly string[]): CheckPrivileges {
  return async (table, signal) => {
    try {
      const identities = await findIdentities(dataverse, clientIds, signal);
      const needed = await neededPrivileges(dataverse, [table], signal);
      return resultOf(identities.map((identity) => checkPrivileges(identity, needed)));
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      // Linking itself may need less than the check does.
      return { findings: [], notes: [`The privileges of the app could not be checked: ${error.message}`] };
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

/** The checks of each identity, put together: what one lacks, another may do in its place. */
function resultOf(byIdentity: readonly (readonly Check[])[]): PrivilegeFindings {
  const checks = byIdentity.flat();
  const isMissing = ({ code, level }: Check): boolean => code === 'privilege-missing' && level === 'fault';
  const missing = checks.filter(isMissing);
  const isReplaced = byIdentity.some((ofOne) => !ofOne.some(isMissing));
  // Who reaches too little is not refused: it just does not see the rows, and nobody would notice.
  const tooLow = checks.filter(({ code, level }) => code === 'privilege-depth' && level === 'fault');
  return {
    findings: [
      ...(isReplaced ? [] : missing.map((check) => ({ ...findingOf(check), code: 'privilege-missing' as const }))),
      ...tooLow.map((check) => ({ ...findingOf(check), code: 'privilege-depth' as const })),
    ],
    notes: [
      ...checks.filter(({ code }) => code === 'privileges-unknown').map(wordsOf),
      ...(isReplaced ? missing.map((check) => `${wordsOf(check)} Meanwhile another identity does its part.`) : []),
    ],
  };
}

const findingOf = ({ finding, remedy = 'Run the doctor.' }: Check) => ({ finding, remedy });
const wordsOf = ({ finding, remedy = '' }: Check): string => `${finding} ${remedy}`.trim();
