import { noRows } from '../contracts/counters.ts';
import type { Finding } from '../contracts/run.ts';
import type { Mode } from '../contracts/status.ts';
import { agreeing, counted } from '../counted.ts';
import { mapNamesTable } from '../customer-insights/map-names-table.ts';
import { commitPass, failedRowsWarning, type Pending } from '../passes/commit-pass.ts';
import { newPass, type PassTask } from '../passes/new-pass.ts';
import { retryPendingRows } from '../passes/pending-phase.ts';
import { timeOf } from '../runs/parts.ts';
import type { EndedPass, LinkState } from '../state/link-states.ts';
import { countsUnits, keepsApart } from './across-units.ts';
import { holdWarning } from './brakes.ts';
import { coverageOf } from './coverage.ts';
import { linkPendingRows } from './link-pending-rows.ts';
import { withAcrossUnits } from './link-rows.ts';
import { type InPhase, inPhase, type LinkingPass, type LinkingSlice, walkBegins } from './linking-pass.ts';
import { readMapFeed, takenOf } from './map-phase.ts';
import type { LinkingParts } from './parts.ts';
import type { TableContext } from './prepare.ts';
import { followProfiles } from './profiles-phase.ts';
import { rehearsalDetails } from './rehearsal-details.ts';
import { checkMap } from './requirements.ts';
import { linkedBefore, recheckChanges, settleChanges, weighChanges } from './settle-phases.ts';
import { emptyTally } from './tally.ts';
import { reconcileTouched } from './touched-phase.ts';
import { walkRows } from './walk-phase.ts';
import { atAddress, type WatermarkOf, whyOther } from './watermark-of.ts';

/*
 * A pass, phase by phase. Each phase begins without a cursor; its end is the beginning of the next.
 *
 *   pending   tries pending rows again
 *   profiles  looks at rows whose profile was deleted
 *   map       drains the map's changes
 *   touched   looks at rows that others changed
 *   orphans   walks the rows; only where there is cause (`orphansDue`)
 *   recheck   looks again at what earlier passes set down
 *   weigh     counts what was set down
 *   clear     moves and clears what was set down, where no brake holds it
 *
 * First links are made as soon as they are met; whatever takes a link away is set down first.
 */

/** A new pass as it begins; what it reads and why is decided here, and said in its details. */
export function beginPass(parts: LinkingParts, context: TableContext, state: LinkState, task: PassTask): LinkingPass {
  const now = parts.now();
  const fullBecause = whyFull(context, state, task.mode, task.followUp);
  const details: string[] = [];
  if (context.columnCreated) details.push(`Made the lookup column on ${context.source.table}.`);
  if (fullBecause !== undefined) details.push(`Full pass: ${fullBecause}.`);
  // Once per run: its follow-ups only look for what has arrived since.
  const isWalkTime =
    task.followUp === 0 &&
    (state.lastWalkAt === undefined || now - Date.parse(state.lastWalkAt) >= parts.options.reconcileIntervalMs);
  let orphansDue: string | undefined;
  if (task.mode === 'reconcile' && task.followUp === 0) orphansDue = 'asked for';
  else if (context.link === undefined) orphansDue = undefined;
  else if (context.columnCreated)
    orphansDue =
      countsUnits({ parts, context }) && !keepsApart({ parts, context }) ? 'business units are compared' : undefined;
  else if (fullBecause !== undefined) orphansDue = 'a full pass';
  else if (isWalkTime) orphansDue = 'the walk is due';
  return {
    ...newPass(task, { now: timeOf(now), feed: context.feed, full: fullBecause !== undefined, details }),
    kind: 'linking',
    phase: 'pending',
    conflicts: 0,
    columnCreated: context.columnCreated,
    profileSchema: context.profileSchema,
    of: context.of,
    orphansDue,
  };
}

function whyFull(
  context: TableContext,
  { watermark, lastPass }: LinkState,
  mode: Mode,
  followUp: number,
): string | undefined {
  if (context.columnCreated && lastPass !== undefined) return 'the lookup column had been removed';
  if (watermark === undefined) return lastPass === undefined ? 'the first run on this table' : 'there is no watermark';
  // A full run's follow-ups only look for what has arrived since.
  if (mode === 'full' && followUp === 0) return 'asked for';
  const { of, profileSchema } = takenOf(watermark);
  const other = whyOther(of, context.of);
  if (other !== undefined) return other;
  if (watermark.feed !== context.feed) return `the map is now read by ${context.feed}, before by ${watermark.feed}`;
  if (context.feed === 'scan') return 'the map can only be read whole';
  if (profileSchema !== context.profileSchema) return 'the columns of the customer profile table changed';
  return undefined;
}

/**
 * Carries a pass on from where it stands until it ends.
 * @throws TimeUpError, LostRaceError, or the reason of the slice's signal; the state then says where to go on
 */
export async function carryOn(slice: LinkingSlice): Promise<EndedPass> {
  await followAddress(slice);
  await forgetOtherWatermark(slice);
  await beginAnewWhereOther(slice);
  if (slice.pass.phase === 'pending') {
    // Whatever their number was said to be: a worker that was held up may have kept one late.
    await retryPendingRows(slice, async (rows) => {
      const report = await linkPendingRows(slice, rows);
      const conflicts = slice.pass.conflicts + report.conflicts;
      return { report, change: { conflicts, ...withAcrossUnits(slice.pass, report) } };
    });
    await slice.checkpoint({ phase: 'profiles', cursor: undefined });
  }
  if (slice.pass.phase === 'profiles') {
    await followProfiles(slice);
    if (slice.pass.phase === 'profiles') await slice.checkpoint({ phase: 'map', cursor: undefined, writtenOfPage: 0 });
  }
  if (slice.pass.phase === 'map') await readMapFeed(slice);
  if (slice.pass.phase === 'touched') {
    // A pass that reads the whole map, or walks all rows, meets them in any case.
    if (!slice.pass.full && slice.pass.orphansDue === undefined) await reconcileTouched(slice);
    await slice.checkpoint(walkBegins);
  }
  if (slice.pass.phase === 'orphans') {
    if (slice.pass.orphansDue !== undefined) await walkRows(slice);
    if (slice.pass.phase === 'orphans') await slice.checkpoint({ phase: 'recheck', cursor: undefined });
  }
  if (slice.pass.phase === 'recheck') {
    await recheckChanges(slice);
    await slice.checkpoint({ phase: 'weigh', cursor: undefined, tally: emptyTally });
  }
  if (slice.pass.phase === 'weigh') await weighChanges(slice);
  await settleChanges(slice);
  return commit(slice);
}

/** The same organisation has another address: the links that are kept of it lead there. */
async function followAddress(slice: LinkingSlice): Promise<void> {
  const { state, context } = slice;
  const { origin } = context.of;
  const moved = <T>(document: T, of: WatermarkOf | undefined): T =>
    of === undefined || of.origin === origin || whyOther(of, context.of) !== undefined
      ? document
      : atAddress(document, of.origin, origin);
  const watermark = state.watermark && moved(state.watermark, takenOf(state.watermark).of);
  const pass = moved(state.pass, state.pass.of);
  if (watermark === state.watermark && pass === state.pass) return;
  const detail = `The environment's address is ${origin} now; it is the same organisation, so this goes on where it was.`;
  await slice.save({ ...state, watermark, pass: { ...pass, details: [...pass.details, detail] } });
}

/** A watermark of another set-up is forgotten before any row is looked at under this one: should that one come back, rows differ. */
async function forgetOtherWatermark(slice: LinkingSlice): Promise<void> {
  const { watermark, ...rest } = slice.state;
  if (watermark === undefined || whyOther(takenOf(watermark).of, slice.context.of) === undefined) return;
  await slice.save(rest);
}

/** What a pass read under another set-up, or in an environment of another name, says nothing now: it begins anew. */
async function beginAnewWhereOther(slice: LinkingSlice): Promise<void> {
  const { pass, context } = slice;
  const reason = whyOther(pass.of, context.of);
  if (reason === undefined) return;
  const { runId, followUp, mode, base, counters } = pass;
  const { linked, relinked, cleared } = counters;
  const anew = newPass(
    { runId, followUp, mode, counters: base },
    { now: slice.now(), feed: context.feed, full: true, details: [...pass.details, `Full pass: ${reason}.`] },
  );
  const { slices, sampled } = pass;
  await slice.rewrite({
    ...anew,
    kind: 'linking',
    phase: 'pending',
    cursor: undefined,
    next: undefined,
    slices,
    sampled,
    nextUntried: false,
    counters: { ...noRows, linked, relinked, cleared },
    conflicts: 0,
    acrossUnits: undefined,
    mapChanged: undefined,
    columnCreated: false,
    profileSchema: context.profileSchema,
    of: context.of,
    profiles: undefined,
    orphansDue: 'a full pass',
  });
}

/** Stores the pass's end, with what its walk found. */
async function commit(slice: LinkingSlice): Promise<EndedPass> {
  const pass = inPhase(slice, 'clear');
  const { holds, confirmed, uncleared, leaving, counters } = pass;
  return commitPass(slice, async (found) => {
    const pending = slice.isRehearsal ? { ...found, acrossUnits: pass.acrossUnits ?? 0 } : found;
    const linkedRows = Math.max(0, linkedBefore(slice, pass) - counters.cleared);
    const coverage = slice.isRehearsal
      ? undefined
      : await coverageOf(slice, { linkedRows, uncleared, holds, ...pending });
    return {
      warnings: [...holds.map(holdWarning), ...failedRowsWarning(pending.failed + uncleared)],
      failedBesides: uncleared,
      leaving,
      linking: { holds, confirmed, linkedRows },
      ...(coverage === undefined ? {} : { coverage }),
      details: await detailsOf(slice, pass, pending),
      findings: await mapFindings(slice, pending),
      lastWalkAt: walkedAt(pass, slice.state.lastWalkAt),
    };
  });
}

/**
 * Whether the map names the table at all: asked where the whole run has met no row of it. A map that is quiet for a
 * table is one thing, a table that takes no part in unification another.
 */
async function mapFindings(
  { parts, context, pass, signal }: LinkingSlice,
  { waiting, failed, acrossUnits }: Pending,
): Promise<Finding[]> {
  // A pass that finds a map without the table leaves no watermark; so what there was is still there, where all is told.
  if (pass.feed === 'changeTracking' && !pass.full && pass.mapChanged !== true) return [];
  // Who reads the whole map meets what there is by itself; what was met before may have been another table's.
  const earlier = pass.full ? 0 : pass.base.read;
  const hasMet = earlier + pass.counters.read + waiting + failed + acrossUnits > 0;
  if (hasMet) return [];
  const { source, map } = context;
  return checkMap({ source, hasMapRows: await mapNamesTable(parts.dataverse, map, source, signal) });
}

/** When the rows were last walked. */
function walkedAt(pass: LinkingPass, before: string | undefined): string | undefined {
  if (pass.orphansDue !== undefined) return pass.startedAt;
  // A first pass meets every row that can have a link.
  return pass.columnCreated ? pass.startedAt : before;
}

async function detailsOf(slice: LinkingSlice, pass: InPhase<'clear'>, pending: Pending): Promise<string[]> {
  const details: string[] = [];
  if (pass.orphansDue !== undefined) {
    details.push(
      `Walked ${counted(pass.walked, 'linked row')} (${pass.orphansDue}): ${pass.orphans} without a place in the map.`,
    );
  }
  if (pass.acrossUnits !== undefined) {
    details.push(
      `${pass.acrossUnits} of ${counted(pass.walked, 'linked row')} ${agreeing(pass.acrossUnits, 'leads to a profile of another business unit; it is', 'lead to a profile of another business unit; they are')} listed as acrossUnits.`,
    );
  }
  if (pending.acrossUnits > 0) {
    details.push(
      `${counted(pending.acrossUnits, 'row')} ${agreeing(pending.acrossUnits, 'is left without a link, since its profile belongs', 'are left without a link, since their profile belongs')} to another business unit: listed as acrossUnits, and judged anew by every run.`,
    );
  }
  if (pass.conflicts > 0) {
    details.push(
      `${counted(pass.conflicts, 'row')} ${agreeing(pass.conflicts, 'is', 'are')} given to different customers by several map rows: the newest one whose profile exists counts.`,
    );
  }
  if (slice.isRehearsal) details.push(...(await rehearsalDetails(slice)));
  return details;
}
