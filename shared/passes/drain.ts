import type { ChangeFeed, FeedStep } from '../dataverse/change-feed.ts';
import { isExpiredChangesError } from '../errors.ts';
import type { Pass, Watermark } from '../state/link-states.ts';
import type { Slice } from './slice.ts';

/** How a feed is drained. */
export interface Draining<Page extends FeedStep> {
  /** The feed's token in the present watermark. */
  readonly since: () => string | undefined;
  /** What can be read for a page while the one before it is written. */
  readonly prepare?: (page: Page, before: Page) => Promise<Page>;
  /** Deals with a page, and moves the pass's cursor behind it. */
  readonly handle: (page: Page) => Promise<void>;
  /** What else a pass has to do that reads everything anew, because the service forgot where its drain began. */
  readonly inFull: (pass: Pass) => Partial<Pass>;
}

/**
 * Drains a feed from the old watermark to the present: page by page, the next one read while this one is written, a
 * checkpoint after each.
 */
export async function drain<Page extends FeedStep>(
  slice: Slice,
  feed: ChangeFeed<Page>,
  draining: Draining<Page>,
): Promise<void> {
  const { parts, slot } = slice;
  const read = (cursor: string | undefined): Promise<Page> => {
    const token = slice.pass.full ? undefined : draining.since();
    return feed.read({ token, cursor }, slice.signal);
  };
  const readAhead = (before: Page): Promise<Page> => {
    const { prepare } = draining;
    const page = read(before.cursor);
    const prepared = prepare === undefined ? page : page.then((next) => prepare(next, before));
    // It may never be asked for, when the slice ends: then its failure is nobody's.
    prepared.catch(() => undefined);
    return prepared;
  };
  let reading = read(slice.pass.cursor);
  for (;;) {
    let page: Page;
    try {
      page = await reading;
    } catch (error) {
      if (!isExpiredChangesError(error) || (slice.pass.full && slice.pass.cursor === undefined)) throw error;
      await startOver(slice, draining);
      reading = read(undefined);
      continue;
    }
    const isLast = page.cursor === undefined;
    if (!isLast) reading = readAhead(page);
    await draining.handle(page);
    if (isLast) return;
    await slice.stopIfTimeIsUp();
    parts.telemetry.log('debug', 'Page done', {
      table: slot.table,
      runId: slice.pass.runId,
      read: slice.pass.counters.read,
    });
  }
}

/** The service no longer knows where the drain began: everything is read anew. */
async function startOver(slice: Slice, { inFull }: { readonly inFull: (pass: Pass) => Partial<Pass> }): Promise<void> {
  const { pass } = slice;
  const { cursor: _, ...rest } = pass;
  const detail = pass.full
    ? 'The list of changes expired while it was being read: reading starts over.'
    : 'The watermark expired: this is a full pass.';
  await slice.save({
    ...slice.state,
    pass: { ...rest, full: true, ...inFull(pass), details: [...pass.details, detail] },
  });
}

/** The next watermark is taken before reading, never after: what changes meanwhile is read again next time. */
export async function takeNextWatermark(slice: Slice, feed: Pick<ChangeFeed, 'open'>): Promise<void> {
  const { pass } = slice;
  if (pass.next !== undefined) return;
  const { watermark } = slice.state;
  const before = watermark?.feed === pass.feed ? watermark.token : undefined;
  const token = await feed.open(before, slice.signal);
  // Change tracking tells its token with the last page; it stands for the moment the drain began.
  if (token === undefined) return;
  await slice.checkpoint({ next: nextWatermark(pass, token, slice.now()) });
}

/** The watermark that a pass will store, once it is known what its feed's next drain starts from. */
export const nextWatermark = (pass: Pass, token: string, takenAt: string): Watermark => ({
  feed: pass.feed,
  token,
  takenAt,
  ...(pass.profileSchema === undefined ? {} : { profileSchema: pass.profileSchema }),
  ...(pass.ownership === undefined ? {} : { mapping: pass.ownership.mapping, profiles: pass.ownership.nextProfiles }),
});
