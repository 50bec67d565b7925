import type { FeedKind } from '../contracts/feed-kind.ts';
import type { Row, TableMetadata } from './dataverse.ts';

/** How far the reading of a table's changes is after one page. */
export interface FeedStep {
  /** Ids of rows deleted since the watermark; only change tracking knows. */
  readonly deleted: readonly string[];
  /** Where the reading goes on; absent on the last page. */
  readonly cursor: string | undefined;
  /** What the next reading starts from; where the feed tells it at its end. */
  readonly token: string | undefined;
  /** Rows may have been deleted during the reading that neither it nor the next one tells of. */
  readonly mayMissDeletions?: boolean;
}

/** One page of them, as Dataverse gives it. */
export interface FeedPage extends FeedStep {
  readonly rows: readonly Row[];
}

/** A way to read what changed in a table since a token. */
export interface ChangeFeed<Page extends FeedStep = FeedPage> {
  readonly kind: FeedKind;
  /**
   * Token for the next watermark, taken before anything is read; undefined where the last page tells it.
   * @param before the present watermark's token, which the next one never falls behind
   */
  open(before: string | undefined, signal: AbortSignal): Promise<string | undefined>;
  read(
    position: { readonly token: string | undefined; readonly cursor: string | undefined },
    signal: AbortSignal,
  ): Promise<Page>;
}

/** What a feed reads of each row; the primary id comes always. */
export interface FeedSource {
  readonly entitySetName: string;
  readonly select: readonly string[];
  /** Which rows matter. Change tracking allows no filter: there the rest is for the reader to pass over. */
  readonly filter?: string | undefined;
}

/** Column that tells when a row changed, of feeds without change tracking. */
export const modifiedOn = 'modifiedon';

/**
 * How far a `modified` feed reaches back behind its token, in milliseconds: rows are stamped when their write begins
 * and appear when it ends, and an elastic table's clocks are not one clock.
 */
export const overlapMs = 10 * 60_000;

/** The best feed that a table offers: change tracking is exact and tells deletions; a virtual table can only be read whole. */
export const bestFeed = ({ tableType, changeTracking }: TableMetadata): FeedKind => {
  if (tableType === 'Virtual') return 'scan';
  return changeTracking ? 'changeTracking' : 'modified';
};
