import type { Dataverse, Row } from '../dataverse/dataverse.ts';
import type { FeedKind } from '../state/link-states.ts';
import { mapColumns, mapSelect } from './names.ts';
import type { TableContext } from './prepare.ts';

/** One page of a drain of the map. */
export interface MapPage {
  readonly rows: readonly Row[];
  /** Map rows deleted since the watermark; only change tracking knows. */
  readonly deletions: number;
  /** Where the drain goes on; absent on the last page. */
  readonly cursor: string | undefined;
  /** What the next drain starts from; where the feed tells it at its end. */
  readonly token: string | undefined;
}

/** A way to read what changed in the map since a token. */
export interface MapFeed {
  /**
   * Token for the next watermark, taken before anything is read; undefined where the last page tells it.
   * @param before the present watermark's token, which the next one never falls behind
   */
  open(before: string | undefined, signal: AbortSignal): Promise<string | undefined>;
  read(
    position: { readonly token: string | undefined; readonly cursor: string | undefined },
    signal: AbortSignal,
  ): Promise<MapPage>;
}

/**
 * How far a `modified` feed reaches back behind its token, in milliseconds: rows are stamped when their write begins
 * and appear when it ends, and an elastic table's clocks are not one clock.
 */
const overlapMs = 10 * 60_000;

/** The feed of the given kind for a table's part of the map. */
export function openMapFeed(kind: FeedKind, dataverse: Dataverse, context: TableContext, pageSize: number): MapFeed {
  const entitySetName = context.map.entitySetName;
  // A feed may offer fewer columns than the reference lists; the primary id comes always.
  const select = mapSelect.filter((column) => column !== mapColumns.id);
  if (kind === 'changeTracking') {
    return {
      open: async () => undefined,
      // Change tracking allows no filter: rows of other tables are passed over when they are read.
      async read({ token, cursor }, signal) {
        const page = await dataverse.readChanges({ entitySetName, select, pageSize, link: cursor ?? token }, signal);
        return { rows: page.rows, deletions: page.deleted.length, cursor: page.nextLink, token: page.deltaLink };
      },
    };
  }
  // `contains`, and rows without a name: stray blanks stand around some names, and some rows have the identifier alone.
  // What belongs to another table after all is passed over when it is read.
  const name = context.source.entity.replaceAll("'", "''");
  const entityFilter = `(contains(${mapColumns.entity},'${name}') or ${mapColumns.entity} eq null)`;
  return {
    async open(before, signal) {
      const newest = await dataverse.readPage(
        { entitySetName, select: [mapColumns.modifiedOn], orderBy: `${mapColumns.modifiedOn} desc`, pageSize: 1 },
        signal,
      );
      const time = Date.parse(String(newest.rows[0]?.[mapColumns.modifiedOn])) || 0;
      // The newest row may have been deleted since the last pass.
      return new Date(Math.max(time, Date.parse(before ?? '') || 0)).toISOString();
    },
    async read({ token, cursor }, signal) {
      const since =
        kind === 'scan' || token === undefined ? undefined : new Date(Date.parse(token) - overlapMs).toISOString();
      const filter = since === undefined ? entityFilter : `${entityFilter} and ${mapColumns.modifiedOn} ge ${since}`;
      const page = await dataverse.readPage({ entitySetName, select, filter, pageSize, nextLink: cursor }, signal);
      return { rows: page.rows, deletions: 0, cursor: page.nextLink, token: undefined };
    },
  };
}
