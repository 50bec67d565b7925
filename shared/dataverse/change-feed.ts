import type { FeedKind } from '../contracts/feed-kind.ts';
import type { Dataverse, Row, TableMetadata } from './dataverse.ts';

/** How far the reading of a table's changes is after one page. */
export interface FeedStep {
  /** Ids of rows deleted since the watermark; only change tracking knows. */
  readonly deleted: readonly string[];
  /** Where the reading goes on; absent on the last page. */
  readonly cursor: string | undefined;
  /** What the next reading starts from; where the feed tells it at its end. */
  readonly token: string | undefined;
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
const overlapMs = 10 * 60_000;

/** The best feed that a table offers: change tracking is exact and tells deletions; a virtual table can only be read whole. */
export const bestFeed = ({ tableType, changeTracking }: TableMetadata): FeedKind => {
  if (tableType === 'Virtual') return 'scan';
  return changeTracking ? 'changeTracking' : 'modified';
};

/** The feed of the given kind for a table. */
export function openFeed(
  kind: FeedKind,
  dataverse: Dataverse,
  { entitySetName, select, filter: always }: FeedSource,
  pageSize: number,
): ChangeFeed {
  if (kind === 'changeTracking') {
    return {
      kind,
      open: async () => undefined,
      async read({ token, cursor }, signal) {
        const page = await dataverse.readChanges({ entitySetName, select, pageSize, link: cursor ?? token }, signal);
        return { rows: page.rows, deleted: page.deleted, cursor: page.nextLink, token: page.deltaLink };
      },
    };
  }
  return {
    kind,
    async open(before, signal) {
      const newest = await dataverse.readPage(
        { entitySetName, select: [modifiedOn], orderBy: `${modifiedOn} desc`, pageSize: 1 },
        signal,
      );
      const time = Date.parse(String(newest.rows[0]?.[modifiedOn])) || 0;
      // The newest row may have been deleted since the last pass.
      return new Date(Math.max(time, Date.parse(before ?? '') || 0)).toISOString();
    },
    async read({ token, cursor }, signal) {
      const since =
        kind === 'scan' || token === undefined ? undefined : new Date(Date.parse(token) - overlapMs).toISOString();
      const conditions = [always, since === undefined ? undefined : `${modifiedOn} ge ${since}`];
      const filter = conditions.filter((condition) => condition !== undefined).join(' and ') || undefined;
      const page = await dataverse.readPage({ entitySetName, select, filter, pageSize, nextLink: cursor }, signal);
      return { rows: page.rows, deleted: [], cursor: page.nextLink, token: undefined };
    },
  };
}
