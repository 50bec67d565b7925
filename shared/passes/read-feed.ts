import type { ChangeFeed, FeedStep } from '../dataverse/change-feed.ts';
import { isExpiredChangesError } from '../errors.ts';
import type { Pass, Watermark } from '../state/link-states.ts';
import { isReading, type ReadingPass } from './phases.ts';
import type { Change, Kind, Slice } from './slice.ts';

/** How a feed is read. */
export interface FeedReading<P, Page extends FeedStep> {
  /** The feed's token in the present watermark. */
  readonly since: () => string | undefined;
  /** What can be read for a page while the one before it is written. */
  readonly prepare?: (page: Page, before: Page) => Promise<Page>;
  /** Deals with a page, and moves the pass's cursor behind it. */
  readonly handle: (page: Page) => Promise<void>;
  /** What else a pass has to do that reads everything anew, because the service forgot where the reading began. */
  readonly inFull?: () => Change<P>;
}

/**
 * Reads a feed from the old watermark to the present: page by page, the next one read while this one is written, a
 * checkpoint after each.
 */
export async function readFeed<P extends Pass, Page extends FeedStep>(
  slice: Slice<Kind & { readonly pass: P }>,
  feed: ChangeFeed<Page>,
  how: FeedReading<P, Page>,
): Promise<void> {
  const { parts, stateKey } = slice;
  const read = (cursor: string | undefined): Promise<Page> => {
    const token = slice.pass.full ? undefined : how.since();
    return feed.read({ token, cursor }, slice.signal);
  };
  const readAhead = (before: Page): Promise<Page> => {
    const { prepare } = how;
    const page = read(before.cursor);
    const prepared = prepare === undefined ? page : page.then((next) => prepare(next, before));
    // It may never be asked for, when the slice ends: then its failure is nobody's.
    prepared.catch(() => undefined);
    return prepared;
  };
  let hasStartedOver = false;
  let reading = read(cursorOf(slice));
  for (;;) {
    let page: Page;
    try {
      page = await reading;
    } catch (error) {
      // A service that refuses every link that it gives would be read from the beginning for ever.
      if (!isExpiredChangesError(error) || hasStartedOver) throw error;
      if (slice.pass.full && cursorOf(slice) === undefined) throw error;
      hasStartedOver = true;
      await startOver(slice, how.inFull);
      reading = read(undefined);
      continue;
    }
    const isLast = page.cursor === undefined;
    if (!isLast) reading = readAhead(page);
    await how.handle(page);
    if (isLast) return;
    await slice.stopIfTimeIsUp();
    parts.telemetry.log('debug', 'Page done', {
      table: stateKey.table,
      runId: slice.pass.runId,
      read: slice.pass.counters.read,
    });
  }
}

/** @throws Error where the pass is in no phase that reads a feed: a fault of the program */
function cursorOf({ pass }: Slice): string | undefined {
  if (!isReading(pass)) throw new Error(`A pass reads no feed in phase ${pass.phase}.`);
  return pass.cursor;
}

/** The service no longer knows where the reading began: everything is read anew. */
async function startOver<P extends Pass>(
  slice: Slice<Kind & { readonly pass: P }>,
  inFull: FeedReading<P, FeedStep>['inFull'],
): Promise<void> {
  const { pass } = slice;
  const detail = pass.full
    ? 'The list of changes expired while it was being read: reading starts over.'
    : 'The watermark expired: this is a full pass.';
  const again: Change<ReadingPass> = { cursor: undefined, full: true, details: [...pass.details, detail] };
  await slice.rewrite({ ...inFull?.(), ...again } as object as Change<P>);
}

/**
 * The next watermark is taken before reading, never after: what changes meanwhile is read again next time.
 * @param own what the kind of work holds its watermarks against
 */
export async function takeNextWatermark(slice: Slice, feed: Pick<ChangeFeed, 'open'>, own: object): Promise<void> {
  const { pass } = slice;
  if (pass.next !== undefined) return;
  const { watermark } = slice.state;
  const before = watermark?.feed === pass.feed ? watermark.token : undefined;
  const token = await feed.open(before, slice.signal);
  // Change tracking tells its token with the last page; it stands for the moment the reading began.
  if (token === undefined) return;
  await slice.checkpoint({ next: nextWatermark(pass, { token, takenAt: slice.now() }, own) });
}

/** The watermark that a pass will store, once it is known what its feed's next reading starts from. */
export const nextWatermark = (
  { feed }: Pick<Pass, 'feed'>,
  { token, takenAt }: Pick<Watermark, 'token' | 'takenAt'>,
  own: object,
): Watermark => ({ feed, token, takenAt, ...own });
