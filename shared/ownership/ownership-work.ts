import type { Finding } from '../contracts/run.ts';
import type { Status } from '../contracts/status.ts';
import { ownedTables } from '../contracts/unification-setup.ts';
import { profileTable } from '../customer-insights/names.ts';
import { bestFeed } from '../dataverse/change-feed.ts';
import { TerminalError } from '../errors.ts';
import { Slice } from '../passes/slice.ts';
import type { Preparing, Readiness, Work } from '../passes/work.ts';
import { timeOf } from '../runs/parts.ts';
import { beginOwnershipPass, carryOnOwnership } from './carry-on.ts';
import { checkOwnedTable, referenceOf } from './check-owned-table.ts';
import { checkOwnership } from './check-ownership.ts';
import { checkTeams, checkWriters, readTeamRights } from './check-rights.ts';
import { consentFinding, missingConsent } from './consent.ts';
import { findMapping } from './find-owners.ts';
import { isProfileTable } from './names.ts';
import type { OwnershipContext } from './ownership-context.ts';
import { ownershipPassSchema, ownershipPhases } from './ownership-pass.ts';
import type { OwnershipParts } from './parts.ts';

/** The name of the tasks that see to owners. */
export const ownershipTaskName = 'Business Unit Ownership Hydration';

/** The first line of the details of a task whose owners were left alone. */
export const ownersSkippedText = 'Owners were not written: not every requirement is met.';

/**
 * Giving the rows of Customer Insights' tables the owners that the business unit of their profile calls for. Owners of
 * profiles come first: activities, segment memberships and measures take the owner that their profile has.
 */
export const ownershipWork = (parts: OwnershipParts): Work => ({
  kind: 'ownership',
  pass: ownershipPassSchema,
  phases: ownershipPhases,
  taskName: ownershipTaskName,
  tables(mode) {
    const isSeenTo = parts.options.setup.businessUnits?.ownership !== undefined;
    // Which rows are linked is no matter to owners.
    return isSeenTo && mode !== 'reconcile' ? ownedTables : [];
  },
  predecessors: (table) => (isProfileTable(table) ? [] : [{ table: profileTable, unmet: profilesFinding }]),
  findings: async (tables, mode) =>
    new Map(mode === 'reconcile' ? tables.map((table) => [table, [nothingToReconcile(table)]]) : []),
  skippedText: () => ownersSkippedText,
  check: (signal) => checkOwnership(parts, signal),
  prepare: (preparing) => prepareTable(parts, preparing),
});

const nothingToReconcile = (table: string): Finding => ({
  code: 'nothing-to-reconcile',
  finding: `Rows of ${table} are not linked, so there is nothing to reconcile.`,
  remedy: `Leave ${table} out of runs in mode reconcile.`,
});

const profilesFinding = (status: Status): Finding => ({
  code: 'profiles-first',
  finding: `The owners of profiles, which rows of this table follow, were not seen to in this run: ${status}.`,
  remedy: `Look at the details of ${profileTable} in this run.`,
});

const skipped = (findings: readonly Finding[]): Readiness => ({ kind: 'skipped', findings });

async function prepareTable(parts: OwnershipParts, { table, run, signal }: Preparing): Promise<Readiness> {
  const { businessUnits } = parts.options.setup;
  const ownership = businessUnits?.ownership;
  if (businessUnits === undefined || ownership === undefined)
    throw new TerminalError('Ownership is no longer part of businessUnits in BACKSTAMP_UNIFICATION.');
  const metadata = await parts.dataverse.readTables(
    { tables: [table, profileTable], withColumns: [table, profileTable] },
    signal,
  );
  const found = { table: metadata.get(table), profile: metadata.get(profileTable) };
  const tableFindings = checkOwnedTable(table, found.table, found.profile, ownership.column);
  if (tableFindings.length > 0 || found.table === undefined || found.profile === undefined) {
    return skipped(tableFindings);
  }
  const teams = await findMapping(parts.dataverse, ownership.column, businessUnits, signal);
  if (teams.kind === 'faulty') return skipped(teams.findings);
  const { mapping } = teams;
  const privileges = await parts.readPrivileges([table], signal);
  const teamRights = await readTeamRights(parts.dataverse, mapping, signal);
  const rights = [...checkWriters(privileges, table), ...checkTeams(privileges.names, table, mapping, teamRights)];
  if (rights.length > 0) return skipped(rights);
  const isRehearsal = run.mode === 'rehearsal';
  if (!isRehearsal) {
    const code = await missingConsent(parts, { mapping: mapping.fingerprint, table }, run);
    if (code !== undefined) return skipped([consentFinding(code, [table])]);
  }

  const context: OwnershipContext = {
    table: found.table,
    profile: found.profile,
    run,
    mapping,
    feed: bestFeed(found.table),
    profiles: isProfileTable(table)
      ? undefined
      : { feed: bestFeed(found.profile), reference: referenceOf(found.table) },
  };
  return {
    kind: 'ready',
    work: {
      mayCarryOn: (pass) => ownershipPassSchema.parse(pass).mapping === mapping.fingerprint,
      begin: (state, task) => beginOwnershipPass(parts, context, state, task),
      async carryOn(start) {
        // Before the pass ends: should the process die in between, its last part is done again, and this with it.
        if (isRehearsal) {
          const note = { runId: run.runId, at: timeOf(parts.now()) };
          await parts.ownershipConsents.noteRehearsal({ mapping: mapping.fingerprint, table }, note);
        }
        return carryOnOwnership(new Slice(start, ownershipPassSchema, { parts, context }));
      },
    },
  };
}
