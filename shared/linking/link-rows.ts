import { noRows } from '../contracts/counters.ts';
import type { ArrivedProfiles } from '../customer-insights/map-lookup.ts';
import { choosePerSource, type MapEntry } from '../customer-insights/map-row.ts';
import { linkColumn } from '../customer-insights/names.ts';
import type { RowUpdate, UpdateReport } from '../dataverse/dataverse.ts';
import { endOf, nothingDone, type RowsReport, type Settled } from '../passes/rows-report.ts';
import type { FoundChange } from '../state/found-changes.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { keepsApart, leaveUnlinked } from './across-units.ts';
import { type CurrentLink, type Decision, decide } from './compare.ts';
import { confirmMoves } from './confirm-moves.ts';
import type { LinkingPass, LinkingSlice } from './linking-pass.ts';
import type { TableContext } from './prepare.ts';
import type { RowsRead } from './read-rows.ts';

/** What became of a set of rows whose links were brought up to date. */
export interface LinkReport extends RowsReport {
  /** Ids of rows left without a link because their profile belongs to another business unit. */
  readonly acrossUnits: readonly string[];
  /** Source rows that map rows give to different customers. */
  readonly conflicts: number;
  /** Changes that were set down, to be made when it is known how many they are. */
  readonly found: readonly FoundChange[];
}

/** What became of no rows. */
export const nothingLinked: LinkReport = { ...nothingDone, acrossUnits: [], conflicts: 0, found: [] };

/** How rows are brought up to date. */
export interface LinkingRows {
  /** The entries are all that the map has for their rows; else it is asked for more where that matters. */
  readonly isWhole?: boolean;
  /** Which moves to another profile may be made; absent: none, they are set down. */
  readonly mayMove?: (profileId: string) => boolean;
  /** Changes that were set down before, by row. */
  readonly before?: ReadonlyMap<string, FoundChange>;
}

/** How many rows a pass has left without a link, with those of a report; nothing where there are none. */
export const withAcrossUnits = (
  pass: Pick<LinkingPass, 'acrossUnits'>,
  { acrossUnits }: Pick<LinkReport, 'acrossUnits'>,
): Pick<LinkingPass, 'acrossUnits'> =>
  acrossUnits.length === 0 ? {} : { acrossUnits: (pass.acrossUnits ?? 0) + acrossUnits.length };

/**
 * Brings the links of the entries' source rows up to date: resolves, compares, writes what differs, reports each row.
 * First links are made at once, moves to another profile are set down until they may be made. A rehearsal writes nothing,
 * and sets everything down.
 */
export async function linkRows(
  slice: LinkingSlice,
  given: readonly MapEntry[],
  rowsRead: RowsRead,
  { isWhole = false, mayMove = () => false, before }: LinkingRows = {},
): Promise<LinkReport> {
  if (given.length === 0) return nothingLinked;
  const { profiles: arrived, currentLink } = rowsRead;
  const choices = choosePerSource(given, (entry) => arrived.of(entry) !== undefined);
  const decided = choices.map((choice) => decide(choice, arrived.of(choice.entry), currentLink(choice.entry.sourceId)));
  const confirmed = await confirmMoves(slice, decided, { ...rowsRead, given, isWhole });
  const { conflicts, profiles } = confirmed;
  const { customerOf } = profiles;
  const decisions = keepsApart(slice)
    ? await leaveUnlinked(slice, confirmed.decisions, currentLink)
    : confirmed.decisions;

  const isSetDown = ({ kind, ...decision }: Decision): boolean =>
    slice.isRehearsal
      ? kind === 'link' || kind === 'relink' || kind === 'unlink'
      : kind === 'relink' && 'profileId' in decision && !mayMove(decision.profileId);
  const setDown = decisions.filter(isSetDown);
  const found = setDown.flatMap((decision) => foundChange(slice, decision, before));
  await slice.parts.foundChanges.keep(slice.stateKey, found);

  await keepBeforeUnlinking(slice, decisions);
  const report = await writeLinks(
    slice,
    decisions.filter((decision) => !isSetDown(decision)),
    profiles,
  );
  const accounted = account(slice, { decisions, report, customerOf, currentLink, setDown: new Set(setDown) });
  return { ...accounted, conflicts, found, ...endOf(report) };
}

/** A decision, as it is set down to be carried out later. */
function foundChange(
  slice: LinkingSlice,
  decision: Decision,
  before: ReadonlyMap<string, FoundChange> | undefined,
): FoundChange[] {
  const { sourceId: id } = decision.entry;
  switch (decision.kind) {
    case 'link':
      return [setDown(slice, { id, kind: 'link', to: decision.profileId }, before)];
    case 'relink':
      return [setDown(slice, { id, kind: 'move', from: decision.previousProfileId, to: decision.profileId }, before)];
    case 'unlink':
      return [setDown(slice, { id, kind: 'clear', from: decision.previousProfileId }, before)];
    default:
      return [];
  }
}

/** A change as this pass found it; one that was found before is as old as it was. */
export function setDown(
  slice: LinkingSlice,
  change: Pick<FoundChange, 'id' | 'kind' | 'from' | 'to'>,
  before: ReadonlyMap<string, FoundChange> | undefined,
): FoundChange {
  const known = before?.get(change.id);
  const isSame = known?.kind === change.kind && known.from === change.from && known.to === change.to;
  return { ...change, since: isSame ? known.since : slice.now(), foundBy: passOf(slice) };
}

/** What tells a pass from every other one of its table. */
export const passOf = ({ pass }: Pick<LinkingSlice, 'pass'>): string => `${pass.runId}.${pass.followUp}`;

/**
 * Rows whose link is about to be taken away are kept as pending before: should the process die after the write, neither
 * the map's changes nor the walk over linked rows would come back to them.
 */
async function keepBeforeUnlinking(slice: LinkingSlice, decisions: readonly Decision[]): Promise<void> {
  const unlinked = decisions
    .filter((decision) => decision.kind === 'unlink')
    .map((decision) => acrossUnitsRow(slice, decision));
  if (slice.isRehearsal || unlinked.length === 0) return;
  const report = { keep: unlinked.map(({ keep }) => keep), outcomes: unlinked.map(({ outcome }) => outcome) };
  await slice.record({ ...report, settled: [] }, new Map());
}

/** What is kept, and told, of a row that is left without a link. */
function acrossUnitsRow(
  slice: LinkingSlice,
  decision: Decision & { readonly kind: 'unlink' | 'acrossUnits' },
): { readonly keep: PendingRow; readonly outcome: RowOutcome } {
  const { entry, awaited, reason, profileId } = decision;
  const at = slice.now();
  const previous = decision.kind === 'unlink' ? { previousProfileId: decision.previousProfileId } : {};
  return {
    // Owners change unseen by the map: every later pass judges the row anew.
    keep:
      awaited === undefined
        ? pendingRow(slice, entry, 'acrossUnits', reason)
        : pendingRow(slice, awaited, 'waiting', waitingReason),
    outcome: {
      id: entry.sourceId,
      outcome: 'acrossUnits',
      at,
      reason,
      ...previous,
      profileId,
      customerId: entry.customerId,
    },
  };
}

function pendingRow(
  slice: LinkingSlice,
  { sourceId: id, mapRowId, version }: MapEntry,
  cause: PendingRow['cause'],
  reason: string,
): PendingRow {
  const at = slice.now();
  return { id, mapRowId, version, cause, reason, firstTriedAt: at, lastTriedAt: at, runId: slice.pass.runId };
}

async function writeLinks(
  slice: LinkingSlice,
  decisions: readonly Decision[],
  profiles: ArrivedProfiles,
): Promise<UpdateReport> {
  const { parts, context } = slice;
  const linkUpdate = linkUpdates(context);
  const rows = decisions
    .filter(({ kind }) => kind === 'link' || kind === 'relink' || kind === 'unlink')
    .map((decision) => {
      const isLink = decision.kind === 'link' || decision.kind === 'relink';
      return linkUpdate(decision.entry.sourceId, isLink ? profiles.keyOf(decision.profileId) : undefined);
    });
  if (slice.isRehearsal || rows.length === 0) {
    return { written: rows.map(({ id }) => id), gone: [], failed: [], unsent: [] };
  }
  await slice.makeSureOfTable();
  return parts.dataverse.update({
    table: context.table,
    rows,
    warmUp: context.columnCreated,
    signal: slice.writeSignal,
  });
}

/** Gives the update that sets a row's link, or clears it where no key of a profile is given. */
export function linkUpdates(context: TableContext): (id: string, profileKey: string | undefined) => RowUpdate {
  const navigationProperty = context.link?.navigationProperty ?? linkColumn;
  const bind = `${navigationProperty}@odata.bind`;
  const profiles = `/${context.profile.entitySetName}`;
  // Clearing by `@odata.bind: null` is refused inside `$batch`; the bare navigation property is not.
  return (id, profileKey) => ({
    id,
    values: profileKey === undefined ? { [navigationProperty]: null } : { [bind]: `${profiles}(${profileKey})` },
  });
}

/** Turns decisions and the writer's report into counts, outcomes and pending rows. */
function account(
  slice: LinkingSlice,
  {
    decisions,
    report,
    customerOf,
    currentLink,
    setDown,
  }: {
    readonly decisions: readonly Decision[];
    readonly report: UpdateReport;
    readonly customerOf: (profileId: string) => string | undefined;
    readonly currentLink: (sourceId: string) => CurrentLink;
    readonly setDown: ReadonlySet<Decision>;
  },
): Pick<LinkReport, 'counters' | 'outcomes' | 'keep' | 'settled' | 'acrossUnits'> {
  const at = slice.now();
  const gone = new Set(report.gone);
  const failures = new Map(report.failed.map((failure) => [failure.id, failure]));
  const unsent = new Set(report.unsent);
  const counters = { ...noRows };
  const outcomes: RowOutcome[] = [];
  const keep: PendingRow[] = [];
  const settled: Settled[] = [];
  const acrossUnits: string[] = [];
  const pend = (
    entry: MapEntry,
    cause: 'waiting' | 'failed',
    reason: string,
    isLinked = currentLink(entry.sourceId)?.profileId !== undefined,
  ) => {
    counters[cause]++;
    keep.push({ ...pendingRow(slice, entry, cause, reason), ...(isLinked ? { isLinked } : {}) });
    outcomes.push({ id: entry.sourceId, outcome: cause, at, reason, customerId: entry.customerId });
  };

  for (const decision of decisions) {
    const { entry, awaited } = decision;
    const { sourceId: id, mapRowId, version, customerId } = entry;
    if (unsent.has(id)) continue;
    counters.read++;
    const failure = failures.get(id);
    if (failure !== undefined) {
      pend(entry, 'failed', `Dataverse refused the row${failure.code ? ` (${failure.code})` : ''}: ${failure.message}`);
      continue;
    }
    if (decision.kind === 'waiting') {
      pend(entry, 'waiting', waitingReason);
      continue;
    }
    if (decision.kind === 'gone' || gone.has(id)) {
      counters.gone++;
      settled.push({ id });
      const reason = `${slice.context.table.logicalName} has no such row any more.`;
      outcomes.push({ id, outcome: 'gone', at, reason, customerId });
      continue;
    }
    if (decision.kind === 'unlink' || decision.kind === 'acrossUnits') {
      const row = acrossUnitsRow(slice, decision);
      acrossUnits.push(id);
      keep.push(row.keep);
      outcomes.push(row.outcome);
      if (decision.kind === 'unlink' && !setDown.has(decision)) counters.cleared++;
      if (row.keep.cause === 'waiting') counters.waiting++;
      continue;
    }
    // A map row that is settled says nothing of a newer one for the same row, whose profile is still to come.
    const settles = (pending: PendingRow) => pending.mapRowId === mapRowId || (pending.version ?? 0) < version;
    const isSetDown = setDown.has(decision);
    // What is set down is not done: what was pending for the row is so until then.
    if (!isSetDown) settled.push({ id, settles });
    if (decision.kind === 'unchanged') counters.unchanged++;
    else if (decision.kind === 'link') {
      // A link that led nowhere was one all the same.
      if (!isSetDown) counters[currentLink(id)?.profileId === undefined ? 'linked' : 'relinked']++;
      // Ordinary links are counted only; but a rehearsal shows what it would do.
      if (slice.isRehearsal) outcomes.push({ id, outcome: 'linked', at, profileId: decision.profileId, customerId });
    } else if (!isSetDown || slice.isRehearsal) {
      if (!isSetDown) counters.relinked++;
      const { previousProfileId, profileId } = decision;
      const previousCustomerId = customerOf(previousProfileId);
      outcomes.push({ id, outcome: 'relinked', at, previousProfileId, previousCustomerId, profileId, customerId });
    }
    if (awaited !== undefined) pend(awaited, 'waiting', waitingReason, true);
  }
  return { counters, outcomes, keep, settled, acrossUnits };
}

const waitingReason = 'The profile has not arrived in Dataverse yet.';
