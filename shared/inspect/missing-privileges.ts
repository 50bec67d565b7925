import type { Finding } from '../contracts/run.ts';
import { linkColumn } from '../customer-insights/names.ts';
import { isTerminalError } from '../errors.ts';
import { checkPrivileges, unknownPrivileges } from './check-privileges.ts';
import type { KnownIdentity } from './identity.ts';
import type { KnownPrivileges, PrivilegesFound } from './known-privileges.ts';
import { type LinkedTable, privilegesByName, tablesOfPrivileges } from './needed-privileges.ts';

/** A right for want of which a table cannot be linked, or not all of its rows. */
export type PrivilegeFinding = Finding & {
  readonly code: 'privilege-missing' | 'privilege-depth' | 'column-secured';
};

/** What the app's identities lack to link a table. */
export interface PrivilegeFindings {
  /** Everything for want of which the table cannot be linked, with the remedy. */
  readonly findings: readonly PrivilegeFinding[];
  /** What could not be checked, and why; what one identity lacks and another has. */
  readonly notes: readonly string[];
}

/**
 * Asks Dataverse what the app's identities may do, before anything is done in their name; by table. Tasks and the doctor
 * ask this one.
 */
export type PrivilegeCheck = (
  tables: readonly LinkedTable[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, PrivilegeFindings>>;

/** The check of privileges by what is known of the identities. */
export function privilegeCheck(known: KnownPrivileges): PrivilegeCheck {
  return async (linked, signal) => {
    const byTable = (result: (table: LinkedTable) => PrivilegeFindings) =>
      new Map(linked.map((table) => [table.table, result(table)]));
    try {
      const tables = tablesOfPrivileges(linked.map(({ table }) => table));
      const withSecured = linked.some(({ securedColumn }) => securedColumn !== undefined);
      const first = await known.read(tables, withSecured, signal);
      const result = byTable((table) => hold(first, table));
      const isClean = [...result.values()].every(({ findings, notes }) => findings.length + notes.length === 0);
      if (!first.isRemembered || isClean) return result;
      // Nobody is told of a fault by what was known before: it may be put right by now.
      known.forget();
      const anew = await known.read(tables, withSecured, signal);
      return byTable((table) => hold(anew, table));
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      // Linking itself may need less than the check does.
      const notes = [`The privileges of the app could not be checked: ${error.message}`];
      return byTable(() => ({ findings: [], notes }));
    }
  };
}

/** Holds what the identities may do against what linking a table needs. */
function hold({ identities, names }: PrivilegesFound, table: LinkedTable): PrivilegeFindings {
  const needed = privilegesByName(names, [table]).filter(({ need }) => need === 'linking' || need === 'column');
  const checks = checkPrivileges(identities, needed);
  const secured = identities.filter((identity) => isShutOut(identity, table)).map(({ name }) => shutOut(name, table));
  return {
    findings: [
      ...checks.flatMap(({ code, level, finding, remedy = '' }): PrivilegeFinding[] =>
        level === 'fault' && (code === 'privilege-missing' || code === 'privilege-depth')
          ? [{ code, finding, remedy }]
          : [],
      ),
      ...secured,
    ],
    notes: [
      ...unknownPrivileges(identities, needed),
      ...checks.filter(({ code, level }) => code === 'privilege-missing' && level === 'warning'),
    ].map(({ finding, remedy = '' }) => `${finding} ${remedy}`.trim()),
  };
}

/** Who may not read a secured column reads it as empty, without an error: that must not be taken for a link that is missing. */
const isShutOut = ({ securedColumns }: KnownIdentity, { securedColumn }: LinkedTable): boolean =>
  securedColumn !== undefined && !securedColumns?.has(securedColumn.toLowerCase());

const shutOut = (name: string, { table }: LinkedTable): PrivilegeFinding => ({
  code: 'column-secured',
  finding: `Column security is on for ${linkColumn} of ${table}, and no profile lets ${name} read and write it, as far as may be told.`,
  remedy: `Switch column security off for ${linkColumn}; or add the application user to a column security profile that lets it read and update the column, and let it read users (prvReadUser).`,
});
