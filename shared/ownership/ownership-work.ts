import type { Finding } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { profileTable } from '../customer-insights/names.ts';
import { bestFeed } from '../dataverse/change-feed.ts';
import { RetryableError, TerminalError } from '../errors.ts';
import { Slice } from '../passes/slice.ts';
import type { Preparing, Readiness } from '../passes/work.ts';
import { type Parts, timeOf } from '../runs/parts.ts';
import { profilesFinding, skippedBy } from './after-profiles.ts';
import { checkOwnedTable, referenceOf } from './check-owned-table.ts';
import { checkRights } from './check-rights.ts';
import { checkConsent } from './consent.ts';
import { findMapping } from './find-owners.ts';
import { isProfileTable } from './names.ts';
import type { OwnershipContext } from './ownership-context.ts';
import { beginOwnershipPass, carryOnOwnership } from './ownership-pass.ts';

/** When a task that came before the profiles' own had ended looks again, in milliseconds. */
const lookAgainMs = 60_000;

const skipped = (findings: Finding[]): Readiness => ({ kind: 'skipped', ...skippedBy(findings) });

/** Giving the rows of a table of Customer Insights the owners that the business unit of their profile calls for. */
export async function ownershipWork(parts: Parts, { table, run, signal }: Preparing): Promise<Readiness> {
  const { businessUnits } = parts.options.setup;
  const ownership = businessUnits?.ownership;
  if (businessUnits === undefined || ownership === undefined)
    throw new TerminalError('Ownership is no longer part of businessUnits in BACKSTAMP_UNIFICATION.');
  if (!isProfileTable(table) && run.tables.includes(profileTable)) {
    const profiles = (await parts.runs.findTask(run.runId, profileTable))?.value;
    if (profiles === undefined || !isFinal(profiles.status))
      throw new RetryableError('The profiles do not have their owners yet.', { retryAfterMs: lookAgainMs });
    const finding = profilesFinding(profiles);
    if (finding !== undefined) return skipped([finding]);
  }
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
  const rights = await checkRights(parts.dataverse, found.table, mapping, signal);
  if (rights.length > 0) return skipped(rights);
  const isRehearsal = run.mode === 'rehearsal';
  if (!isRehearsal) {
    const finding = await checkConsent(parts, mapping.fingerprint, run);
    if (finding !== undefined) return skipped([finding]);
  }

  const context: OwnershipContext = {
    table: found.table,
    profile: found.profile,
    mapping,
    feed: bestFeed(found.table),
    profiles: isProfileTable(table)
      ? undefined
      : { feed: bestFeed(found.profile), reference: referenceOf(found.table) },
  };
  return {
    kind: 'ready',
    work: {
      begin: (state, task) => beginOwnershipPass(parts, context, state, task),
      async carryOn(slice) {
        // Before the pass ends: should the process die in between, its last part is done again, and this with it.
        if (isRehearsal && isProfileTable(table)) {
          await parts.ownershipConsents.noteRehearsal(mapping.fingerprint, {
            runId: run.runId,
            at: timeOf(parts.now()),
          });
        }
        return carryOnOwnership(new Slice({ ...slice, context }));
      },
    },
  };
}
