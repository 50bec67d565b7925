import { randomUUID } from 'node:crypto';
import type { SegmentReading } from '../contracts/segments.ts';
import { customerIdColumn } from '../customer-insights/customer-tables.ts';
import { unitColumn } from '../customer-insights/owner-columns.ts';
import type { Dataverse, Row } from '../dataverse/dataverse.ts';
import { isExpiredChangesError, isTerminalError } from '../errors.ts';
import { readDirectory } from './directory.ts';
import type { SegmentState, SegmentStore } from './segment-store.ts';
import {
  membershipSelect,
  membersIn,
  membersOf,
  profileSelect,
  type SegmentTables,
  segmentTables,
  withoutGone,
} from './segment-tables.ts';

/** What it takes to read segments. */
export interface SegmentParts {
  readonly dataverse: Dataverse;
  readonly segments: SegmentStore;
  readonly options: { readonly pageSize: number; readonly reconcileIntervalMs: number };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A worker that has not moved on for so long has died, or is as good as dead; in milliseconds. */
const workerGoneMs = 120_000;
/**
 * How far the look at changed profiles reaches back, in milliseconds: rows are stamped when their write begins and appear
 * when it ends.
 */
const overlapMs = 10 * 60_000;

/** Deleted profiles that are remembered while members are looked through; with more, everything is read. */
const mostGone = 5_000;

/** Thrown when another worker has taken over: what this one still wanted to do is dropped. */
class TakenOverError extends Error {
  override name = 'TakenOverError';
}

type Reading = NonNullable<SegmentState['reading']>;

/** The state in the hands of one worker: every save tells the others that it is alive. */
class Hold {
  readonly #parts: SegmentParts;
  readonly #id = randomUUID();
  #state: SegmentState;
  #etag: string;
  /** Another worker held the state and never let go of it: it may come back and go on, though others took over. */
  readonly isInherited: boolean;

  private constructor(parts: SegmentParts, state: SegmentState, etag: string) {
    this.#parts = parts;
    this.#state = state;
    this.#etag = etag;
    this.isInherited = state.worker !== undefined;
  }

  /** Undefined where another worker is at it. */
  static async take(parts: SegmentParts): Promise<Hold | undefined> {
    const { state, etag } = await parts.segments.load();
    const isBusy = state.worker !== undefined && parts.now() - Date.parse(state.worker.at) < workerGoneMs;
    if (isBusy) return undefined;
    const hold = new Hold(parts, state, etag);
    try {
      await hold.save({});
      return hold;
    } catch (error) {
      if (error instanceof TakenOverError) return undefined;
      throw error;
    }
  }

  get state(): SegmentState {
    return this.#state;
  }

  async save(change: Partial<SegmentState>): Promise<void> {
    await this.#replace({
      ...this.#state,
      ...change,
      worker: { id: this.#id, at: new Date(this.#parts.now()).toISOString() },
    });
  }

  /** Leaves the work to whoever comes next. */
  async release(): Promise<void> {
    const { worker: _, ...rest } = this.#state;
    await this.#replace(rest);
  }

  makeSure = async (): Promise<void> => {
    const { etag } = await this.#parts.segments.load();
    if (etag !== this.#etag) throw new TakenOverError('Another worker reads the segments');
  };

  async #replace(state: SegmentState): Promise<void> {
    const etag = await this.#parts.segments.save(state, this.#etag);
    if (etag === undefined) throw new TakenOverError('Another worker reads the segments');
    this.#state = state;
    this.#etag = etag;
  }
}

/**
 * Brings the counts of segments up to date: by what changed since, where that can be told, else by reading all
 * memberships. Does a bounded part, page by page; who comes next carries on.
 * @param budgetMs no further page begins after so many milliseconds
 * @param mayBegin whether a new reading begins where none is under way
 */
export async function readSegments(
  parts: SegmentParts,
  {
    budgetMs,
    mayBegin,
    signal,
  }: { readonly budgetMs: number; readonly mayBegin: boolean; readonly signal: AbortSignal },
): Promise<SegmentReading> {
  const until = parts.now() + budgetMs;
  const hold = await Hold.take(parts);
  if (hold === undefined) return readingOf((await parts.segments.load()).state);
  try {
    if (mayBegin || hold.state.reading !== undefined) {
      const { reading } = hold.state;
      if (reading !== undefined && hold.isInherited) await parts.segments.shutOut(reading.generation);
      const tables = await segmentTables(parts.dataverse, signal);
      if (reading === undefined) await begin(parts, hold, tables);
      else if (reading.allBecause !== undefined && reading.step === 'members' && reading.cursor === undefined) {
        // Some of its first page may be kept already, and gone from Dataverse since: reading all anew would not tell.
        await readAllAnew(parts, hold, tables, reading.allBecause, reading.profilesToken);
      }
      // One page in any case: else a budget that metadata used up would get nowhere.
      do await readPage(parts, hold, tables, signal);
      while (hold.state.reading !== undefined && parts.now() < until);
    }
    await removeObsolete(parts, hold, until);
    await hold.release();
    return readingOf(hold.state);
  } catch (error) {
    if (error instanceof TakenOverError) return readingOf((await parts.segments.load()).state);
    // What went wrong is told as it is, whether or not the state can be let go.
    if (isTerminalError(error)) await drop(hold).catch(() => undefined);
    await hold.release().catch(() => undefined);
    throw error;
  }
}

/** Gives a reading up that cannot go on: the next begins where this one did. */
async function drop(hold: Hold): Promise<void> {
  const { reading, obsolete } = hold.state;
  if (reading === undefined) return;
  await hold.save({
    reading: undefined,
    obsolete: reading.allBecause === undefined ? obsolete : [...obsolete, reading.generation],
  });
}

/** How far the counting is. */
export function readingOf({ shown, reading }: SegmentState): SegmentReading {
  return {
    countedAt: shown?.countedAt ?? null,
    complete: shown !== undefined && reading === undefined,
    ...(reading && {
      reading: {
        startedAt: reading.startedAt,
        rows: reading.rows,
        ...(reading.allBecause === undefined ? {} : { allBecause: reading.allBecause }),
      },
    }),
  };
}

async function begin(parts: SegmentParts, hold: Hold, tables: SegmentTables): Promise<void> {
  const { shown } = hold.state;
  const allBecause = whyAll(parts, shown, tables);
  const startedAt = new Date(parts.now()).toISOString();
  const isTracked = tables.memberships.changeTracking;
  const common = { startedAt, isTracked, rows: 0 };
  const reading: Reading =
    allBecause === undefined && shown !== undefined
      ? { ...common, step: 'members', generation: shown.generation }
      : { ...common, step: firstStep(tables), generation: randomUUID(), allBecause: allBecause ?? 'the first reading' };
  await hold.save({ reading });
}

/** How a whole reading begins: deletions of profiles are told from a position that is taken before anything is read. */
const firstStep = (tables: SegmentTables): Reading['step'] => (tellsDeletions(tables) ? 'position' : 'members');

/** Whether deletions of profiles are told, and matter: where no profile has a unit, none that is gone had one. */
const tellsDeletions = ({ profiles }: SegmentTables): boolean =>
  profiles.changeTracking && profiles.columns.has(unitColumn);

function whyAll(parts: SegmentParts, shown: SegmentState['shown'], tables: SegmentTables): string | undefined {
  const { memberships, profiles } = tables;
  if (shown === undefined) return 'the first reading';
  if (!memberships.changeTracking) return `${memberships.logicalName} does not track its changes`;
  if (shown.token === undefined) return 'changes are tracked from now on';
  if (profiles.columns.has(unitColumn) && !profiles.columns.has('modifiedon')) {
    return `${profiles.logicalName} does not tell what changed`;
  }
  if (tellsDeletions(tables) && shown.profilesToken === undefined) return 'deletions of profiles are told from now on';
  if (parts.now() - Date.parse(shown.readWholeAt) >= parts.options.reconcileIntervalMs)
    return 'all are read every so often';
  return undefined;
}

async function readPage(parts: SegmentParts, hold: Hold, tables: SegmentTables, signal: AbortSignal): Promise<void> {
  const { reading } = hold.state;
  if (reading === undefined) return;
  await steps[reading.step](parts, hold, tables, reading, signal);
}

/** A page of memberships, or of their changes. */
async function readMembers(
  parts: SegmentParts,
  hold: Hold,
  tables: SegmentTables,
  reading: Reading,
  signal: AbortSignal,
): Promise<void> {
  const { dataverse, segments, options } = parts;
  const { entitySetName, changeTracking } = tables.memberships;
  const select = membershipSelect(tables);
  const { generation, cursor } = reading;
  const isWhole = reading.allBecause !== undefined;
  if (changeTracking !== reading.isTracked) {
    return readAllAnew(parts, hold, tables, 'the table began or ceased to track its changes');
  }
  let page: { rows: readonly Row[]; deleted: readonly string[]; nextLink: string | undefined; token?: string };
  try {
    if (changeTracking) {
      const link = cursor ?? (isWhole ? undefined : hold.state.shown?.token);
      const changes = await dataverse.readChanges({ entitySetName, select, pageSize: options.pageSize, link }, signal);
      const { deltaLink } = changes;
      page = { ...changes, ...(deltaLink === undefined ? {} : { token: deltaLink }) };
    } else {
      const request = { entitySetName, select, pageSize: options.pageSize, nextLink: cursor };
      page = { ...(await dataverse.readPage(request, signal)), deleted: [] };
    }
  } catch (error) {
    if (!isExpiredChangesError(error) || (isWhole && cursor === undefined)) throw error;
    return readAllAnew(parts, hold, tables, 'the list of changes expired');
  }
  const members = await membersIn(dataverse, tables, page.rows, signal);
  const changes = new Map([...page.deleted.map((id) => [id, undefined] as const), ...members]);
  await segments.change(generation, changes, { areNew: isWhole, makeSure: hold.makeSure });
  const rows = reading.rows + page.rows.length + page.deleted.length;
  const { cursor: _, ...rest } = reading;
  if (page.nextLink !== undefined) await hold.save({ reading: { ...reading, rows, cursor: page.nextLink } });
  else {
    const next: Reading = { ...rest, rows, ...(page.token === undefined ? {} : { token: page.token }) };
    // Whoever reads all asks for each customer's unit anyway.
    if (isWhole) await complete(parts, hold, next, signal);
    else await hold.save({ reading: { ...next, step: 'profiles' } });
  }
}

/** A reading cannot go on where it stands. */
async function readAllAnew(
  parts: SegmentParts,
  hold: Hold,
  tables: SegmentTables,
  allBecause: string,
  profilesToken?: string,
): Promise<void> {
  await drop(hold);
  await hold.save({
    reading: {
      generation: randomUUID(),
      startedAt: new Date(parts.now()).toISOString(),
      isTracked: tables.memberships.changeTracking,
      allBecause,
      // A position that was taken before is as good: it lies before everything that is read now.
      ...(profilesToken === undefined ? { step: firstStep(tables) } : { step: 'members', profilesToken }),
      rows: 0,
    },
  });
}

/** A page of profiles that changed: their customers may belong to another unit now. */
async function readProfiles(
  parts: SegmentParts,
  hold: Hold,
  tables: SegmentTables,
  reading: Reading,
  signal: AbortSignal,
): Promise<void> {
  const { dataverse, segments, options } = parts;
  const { entitySetName, columns } = tables.profiles;
  if (!columns.has(unitColumn)) return complete(parts, hold, reading, signal);
  const { profilesToken } = hold.state.shown ?? {};
  if (tellsDeletions(tables) && profilesToken !== undefined) {
    return readProfileChanges(parts, hold, tables, { reading, link: reading.cursor ?? profilesToken }, signal);
  }
  const since = new Date(Date.parse(hold.state.shown?.countedAt ?? reading.startedAt) - overlapMs).toISOString();
  const page = await dataverse.readPage(
    {
      entitySetName,
      select: profileSelect(tables),
      filter: `modifiedon ge ${since}`,
      pageSize: options.pageSize,
      nextLink: reading.cursor,
    },
    signal,
  );
  const members = await membersOf(dataverse, tables, page.rows, signal);
  await segments.change(reading.generation, members, { areNew: false, makeSure: hold.makeSure });
  const next: Reading = { ...reading, rows: reading.rows + page.rows.length };
  if (page.nextLink === undefined) return complete(parts, hold, next, signal);
  return hold.save({ reading: { ...next, cursor: page.nextLink } });
}

/** A page of the profiles' changes, deletions among them. */
async function readProfileChanges(
  parts: SegmentParts,
  hold: Hold,
  tables: SegmentTables,
  { reading, link }: { readonly reading: Reading; readonly link: string },
  signal: AbortSignal,
): Promise<void> {
  const { dataverse, segments, options } = parts;
  const { entitySetName } = tables.profiles;
  const request = { entitySetName, select: profileSelect(tables), pageSize: options.pageSize, link };
  const page = await unlessExpired(() => dataverse.readChanges(request, signal));
  if (page === undefined) return readAllAnew(parts, hold, tables, 'the list of changed profiles expired');
  const members = await membersOf(dataverse, tables, page.rows, signal);
  await segments.change(reading.generation, members, { areNew: false, makeSure: hold.makeSure });
  const gone = [...(reading.gone ?? []), ...page.deleted];
  if (gone.length > mostGone) return readAllAnew(parts, hold, tables, 'many profiles were deleted');
  const next: Reading = { ...reading, rows: reading.rows + page.rows.length + page.deleted.length, gone };
  if (page.nextLink !== undefined) return hold.save({ reading: { ...next, cursor: page.nextLink } });
  const { cursor: _, ...rest } = next;
  const { deltaLink: profilesToken } = page;
  const done: Reading = { ...rest, ...(profilesToken === undefined ? {} : { profilesToken }) };
  if (gone.length === 0) return complete(parts, hold, done, signal);
  return hold.save({ reading: { ...done, step: 'gone' } });
}

/** A page of the members that are known: whose profile was deleted belongs elsewhere now, or nowhere. */
async function readGone(
  parts: SegmentParts,
  hold: Hold,
  tables: SegmentTables,
  reading: Reading,
  signal: AbortSignal,
): Promise<void> {
  const { dataverse, segments } = parts;
  const { members, next } = await segments.page(reading.generation, reading.cursor);
  const gone = new Set(reading.gone);
  const hit = [...members].filter(([, { profileId }]) => profileId !== undefined && gone.has(profileId));
  if (hit.length > 0) {
    const changes = await withoutGone(dataverse, tables, new Map(hit), signal);
    await segments.change(reading.generation, changes, { areNew: false, makeSure: hold.makeSure });
  }
  if (next === undefined) return complete(parts, hold, reading, signal);
  return hold.save({ reading: { ...reading, cursor: next } });
}

/** A page on the way to the present place in the list of profiles' changes. */
async function readPosition(
  { dataverse, options }: SegmentParts,
  hold: Hold,
  tables: SegmentTables,
  reading: Reading,
  signal: AbortSignal,
): Promise<void> {
  const { entitySetName } = tables.profiles;
  const request = { entitySetName, select: [customerIdColumn], pageSize: options.pageSize, link: reading.cursor };
  const page = await unlessExpired(() => dataverse.readChanges(request, signal));
  const { cursor: _, ...rest } = reading;
  // Where it expired on the way, it is taken from the beginning.
  if (page === undefined) return hold.save({ reading: rest });
  if (page.nextLink !== undefined) return hold.save({ reading: { ...reading, cursor: page.nextLink } });
  const { deltaLink: profilesToken } = page;
  return hold.save({
    reading: { ...rest, step: 'members', ...(profilesToken === undefined ? {} : { profilesToken }) },
  });
}

async function unlessExpired<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isExpiredChangesError(error)) return undefined;
    throw error;
  }
}

const steps = { position: readPosition, members: readMembers, profiles: readProfiles, gone: readGone } as const;

/** What was read is shown from now on. */
async function complete(parts: SegmentParts, hold: Hold, reading: Reading, signal: AbortSignal): Promise<void> {
  const directory = await readDirectory(parts.dataverse, signal);
  await hold.makeSure();
  await parts.segments.saveDirectory(directory);
  const { shown, obsolete } = hold.state;
  const { generation, startedAt, token, profilesToken, allBecause } = reading;
  await hold.save({
    shown: {
      generation,
      countedAt: startedAt,
      readWholeAt: allBecause === undefined && shown !== undefined ? shown.readWholeAt : startedAt,
      ...(token === undefined ? {} : { token }),
      ...(profilesToken === undefined ? {} : { profilesToken }),
    },
    reading: undefined,
    obsolete: shown === undefined || shown.generation === generation ? obsolete : [...obsolete, shown.generation],
  });
}

async function removeObsolete({ segments, now }: SegmentParts, hold: Hold, until: number): Promise<void> {
  for (;;) {
    const [generation] = hold.state.obsolete;
    if (generation === undefined || now() >= until) return;
    if (await segments.removeSome(generation)) continue;
    await hold.save({ obsolete: hold.state.obsolete.filter((other) => other !== generation) });
  }
}
