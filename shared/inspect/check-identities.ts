import { isMissingPrivilege } from '../dataverse/service-failure.ts';
import { checkBypass } from './check-logic.ts';
import { checkPrivileges, unknownPrivileges } from './check-privileges.ts';
import { nameOf } from './identity.ts';
import type { InspectParts } from './inspect-parts.ts';
import type { PrivilegesFound } from './known-privileges.ts';
import { extentOf } from './least-privileges.ts';
import { type LinkedTable, type NeededPrivilege, privilegesByName, tablesOfPrivileges } from './needed-privileges.ts';
import type { Check } from './report.ts';

/** Asks what the app's identities may do to the tables of its set-up. */
export const readIdentities = (
  { options, readPrivileges }: InspectParts,
  signal: AbortSignal,
): Promise<PrivilegesFound> =>
  readPrivileges(
    tablesOfPrivileges(
      options.setup.tables.map(({ table }) => table),
      extentOf(options.setup),
    ),
    signal,
  );

/** What there is to say where Dataverse refuses the identities altogether, whatever they are used for. */
export const refusedIdentities = (clientIds: readonly string[], reason: string): Check[] =>
  // Dataverse's own words name the reason and the client adds the remedy.
  (clientIds.length === 0 ? [nameOf(undefined)] : clientIds).map((name) => ({
    code: 'identity',
    level: 'fault',
    subject: name,
    finding: `Dataverse refused ${name}: ${reason}`,
  }));

/**
 * Who the identities are, and what they have and lack beyond what keeps a table from being linked: that each kind of work
 * tells itself, table by table.
 */
export function checkIdentities({ options, bypass }: InspectParts, found: PrivilegesFound): Check[] {
  const extent = extentOf(options.setup);
  // As if each table had its column: what making one takes is told where one is lacking.
  const sources = options.setup.tables.map(
    ({ table }): LinkedTable => ({ table, hasColumn: true, tracksMap: false, securedColumn: undefined }),
  );
  const needed = privilegesByName(found.names, sources, extent);
  const held = (wanted: readonly NeededPrivilege[]): Check[] => checkPrivileges(found.identities, wanted, extent);
  return [
    ...whoTheyAre(found),
    ...(isRefusedWhole(found) ? [] : unknownPrivileges(found.identities, needed)),
    ...held(needed).filter(({ level }) => level === 'good'),
    ...held(needed.filter(({ need }) => need === 'linking')).filter(({ level }) => level === 'warning'),
    ...held(needed.filter(({ need }) => need !== 'linking')).filter(({ level }) => level !== 'good'),
    ...checkBypass(found.identities, bypass),
  ];
}

/** Whether Dataverse refused the identities altogether, and not only the question. */
const isRefusedWhole = ({ refusal }: PrivilegesFound): boolean => refusal !== undefined && !isMissingPrivilege(refusal);

function whoTheyAre(found: PrivilegesFound): Check[] {
  const { identities, unknown, refusal } = found;
  if (refusal !== undefined) {
    const names = identities.map(({ name }) => name);
    return isRefusedWhole(found) ? refusedIdentities(names, refusal.message) : [];
  }
  return [
    ...identities.map(
      ({ name, userId }): Check => ({
        code: 'identity',
        level: 'good',
        subject: name,
        finding: `${name} is user ${userId}.`,
      }),
    ),
    ...unknown.map(
      (name): Check => ({
        code: 'identity',
        // The others do its part: slower than with it, and in full.
        level: identities.length > 0 ? 'warning' : 'fault',
        subject: name,
        finding: `No enabled application user for ${name} was found.`,
        remedy:
          'Add an enabled application user for this client id to the environment and give it a security role, as "backstamp grant" does; or take it out of BACKSTAMP_DATAVERSE_CLIENT_IDS.',
      }),
    ),
  ];
}
