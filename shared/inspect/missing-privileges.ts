import type { Finding } from '../contracts/run.ts';
import { isTerminalError } from '../errors.ts';
import { type DefinitionsReader, KnownPrivileges, type PrivilegesFound } from './known-privileges.ts';
import { checkPrivileges, type LinkedTable, privilegesByName, tablesOfPrivileges } from './needed-privileges.ts';
import type { Check } from './report.ts';

/** A privilege for want of which a table cannot be linked, or not all of its rows. */
export type PrivilegeFinding = Finding & { readonly code: 'privilege-missing' | 'privilege-depth' };

/** What the app's identities lack to link a table. */
export interface PrivilegeFindings {
  /** Every privilege for want of which the table cannot be linked, with the remedy. */
  readonly findings: readonly PrivilegeFinding[];
  /** What could not be checked, and why; what one identity lacks and another has. */
  readonly notes: readonly string[];
}

/** Asks Dataverse what the app's identities may do, before anything is done in their name. */
export type PrivilegeCheck = (table: LinkedTable, signal: AbortSignal) => Promise<PrivilegeFindings>;

/** The check of privileges for identities by their client ids; for the host's own where none is named. */
export function privilegeCheck(dataverse: DefinitionsReader, clientIds: readonly string[]): PrivilegeCheck {
  const known = new KnownPrivileges(dataverse, clientIds);
  return async (table, signal) => {
    try {
      const tables = tablesOfPrivileges([table.table]);
      const first = await known.read(tables, signal);
      const result = hold(first, table);
      if (!first.isRemembered || result.findings.length + result.notes.length === 0) return result;
      // Nobody is told of a fault by what was known before: it may be put right by now.
      known.forget();
      return hold(await known.read(tables, signal), table);
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      // Linking itself may need less than the check does.
      return { findings: [], notes: [`The privileges of the app could not be checked: ${error.message}`] };
    }
  };
}

/** Holds what the identities may do against what linking a table needs. */
function hold({ identities, names }: PrivilegesFound, table: LinkedTable): PrivilegeFindings {
  const needed = privilegesByName(names, [table]);
  return resultOf(identities.map((identity) => checkPrivileges(identity, needed)));
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
