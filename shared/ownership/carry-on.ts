import { agreeing, counted } from '../counted.ts';
import { ownerColumn } from '../customer-insights/owner-columns.ts';
import { commitPass, failedRowsWarning } from '../passes/commit-pass.ts';
import { newPass, type PassTask } from '../passes/new-pass.ts';
import { retryPendingRows } from '../passes/pending-phase.ts';
import { estimateOf, firedBy } from '../passes/rehearsal-details.ts';
import type { RowsReport } from '../passes/rows-report.ts';
import { timeOf } from '../runs/parts.ts';
import type { EndedPass, LinkState } from '../state/link-states.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import { assignOwners } from './assign-owners.ts';
import { otherTeams, readOwnFeed, readProfilesFeed } from './feed-phases.ts';
import { seeToOtherTables } from './other-tables.ts';
import type { OwnershipContext, OwnershipSlice } from './ownership-context.ts';
import { type OwnershipPass, ownWatermark, profilesBegin } from './ownership-pass.ts';
import type { OwnershipParts } from './parts.ts';
import { ownedColumns, wantedOwners } from './wanted-owners.ts';

/*
 * A pass, phase by phase. Each phase begins without a cursor; its end is the beginning of the next.
 *
 *   pending ──► profiles ──► rows ──► others ──► committed
 *      │            │          │         └ with the profiles alone: tables that belong to the root unit
 *      │            │          └ reads the table's own changes
 *      │            └ reads the profiles' changes, of tables whose rows follow them
 *      └ tries pending rows again
 */

/** A new pass as it begins. */
export function beginOwnershipPass(
  parts: OwnershipParts,
  { feed, mapping, profiles }: OwnershipContext,
  { watermark }: LinkState,
  task: PassTask,
): OwnershipPass {
  const own = ownWatermark(watermark);
  const why = (): string | undefined => {
    if (watermark === undefined || own === undefined) return 'the first run on this table';
    if (task.mode === 'full' && task.followUp === 0) return 'asked for';
    if (own.mapping !== mapping.fingerprint) return 'another mapping of values to teams';
    if (watermark.feed !== feed || own.profiles?.feed !== profiles?.feed) return 'changes are now read another way';
    if (feed === 'scan' || profiles?.feed === 'scan') return 'the table can only be read whole';
    return undefined;
  };
  const because = why();
  const details = because === undefined ? [] : [`Full pass: ${because}.`];
  return {
    ...newPass(task, { now: timeOf(parts.now()), feed, full: because !== undefined, details }),
    kind: 'ownership',
    phase: 'pending',
    mapping: mapping.fingerprint,
    teams: {},
    unmatched: 0,
    unmatchedValues: [],
    others: [],
  };
}

/**
 * Carries a pass on from where it stands until it ends.
 * @throws TimeUpError, LostRaceError, or the reason of the slice's signal; the state then says where to go on
 */
export async function carryOnOwnership(slice: OwnershipSlice): Promise<EndedPass> {
  if (slice.pass.phase === 'pending') {
    if (!slice.isRehearsal)
      await retryPendingRows(slice, async (rows) => ({ report: await assignPendingRows(slice, rows), change: {} }));
    await slice.checkpoint(profilesBegin);
  }
  if (slice.pass.phase === 'profiles') await readProfilesFeed(slice);
  if (slice.pass.phase === 'rows') await readOwnFeed(slice);
  await seeToOtherTables(slice);
  return commitPass(slice, async ({ failed }) => ({
    warnings: failedRowsWarning(failed),
    details: await detailsOf(slice),
  }));
}

/** Sees to the owners of pending rows by what they are now; a row that is gone is let go. */
async function assignPendingRows(slice: OwnershipSlice, page: readonly PendingRow[]): Promise<RowsReport> {
  const { parts, context, signal } = slice;
  const { entitySetName, primaryId } = context.table;
  const [rows = []] = await parts.dataverse.readLists(
    [{ entitySetName, select: ownedColumns(context), column: primaryId, values: page.map(({ id }) => id) }],
    signal,
  );
  const owned = await wantedOwners(slice, rows);
  const report = await assignOwners(slice, owned);
  const found = new Set(owned.map(({ id }) => id));
  const gone = page.filter(({ id }) => !found.has(id)).map(({ id }) => ({ id }));
  return { ...report, settled: [...report.settled, ...gone] };
}

async function detailsOf(slice: OwnershipSlice): Promise<string[]> {
  const {
    pass,
    context: { mapping },
    isRehearsal,
  } = slice;
  const { teams, unmatched, unmatchedValues, others } = pass;
  const details = [...others];
  if (unmatched > 0) {
    const values = unmatchedValues.map((value) => `"${value}"`).join(', ');
    details.push(
      `${counted(unmatched, 'profile')} ${agreeing(unmatched, 'has', 'have')} a value of ${mapping.column} that belongs to no unit, for example ${values}: the root unit owns ${agreeing(unmatched, 'it', 'them')}.`,
    );
  }
  if (!isRehearsal) return details;
  const { assigned = 0 } = pass.counters;
  details.push(
    `Rehearsal, nothing was written: a run now would give ${counted(assigned, 'row')} another owner.`,
    estimateOf(assigned, slice.state.lastPass),
    ...(await firedBy(slice, ownerColumn)),
    ...teamLines(mapping, teams),
  );
  return details;
}

/** Lines of teams that a task's details hold, and characters of each: a task has its limits too. */
const [mostTeamLines, longestTeamLine] = [100, 300];

/** What each team would own; of many teams those that would own most, and the rest together. */
export function teamLines({ teams, root }: OwnershipContext['mapping'], counts: OwnershipPass['teams']): string[] {
  const of = (teamId: string) => counts[teamId] ?? { rows: 0, moved: 0 };
  const all = [...teams, root].map(({ team, businessUnit, teamId }) => ({
    who: `${team} of ${businessUnit}`.slice(0, longestTeamLine),
    ...of(teamId),
  }));
  const shown = all.length <= mostTeamLines ? all : all.sort((a, b) => b.rows - a.rows).slice(0, mostTeamLines - 1);
  const rest = [...all.slice(shown.length), of(otherTeams)];
  const sum = (name: 'rows' | 'moved') => rest.reduce((total, one) => total + one[name], 0);
  const others = { who: 'Other teams', rows: sum('rows'), moved: sum('moved') };
  return [...shown, ...(others.rows > 0 ? [others] : [])].map(
    ({ who, rows, moved }) => `${who}: ${counted(rows, 'row')}, ${moved.toLocaleString('en')} of them new.`,
  );
}
