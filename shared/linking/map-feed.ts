import type { FeedKind } from '../contracts/feed-kind.ts';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { type MapEntry, readMapRow, type UnusableMapRow } from '../customer-insights/map-row.ts';
import { mayBeNamed } from '../customer-insights/name-filter.ts';
import { mapColumns, mapSelect } from '../customer-insights/names.ts';
import type { ChangeFeed, FeedStep } from '../dataverse/change-feed.ts';
import type { Dataverse, Row } from '../dataverse/dataverse.ts';
import { openFeed } from '../dataverse/open-feed.ts';
import type { TableContext } from './prepare.ts';

/** A page of the map's changes, read for one source table. */
export interface MapPage extends FeedStep {
  readonly entries: readonly MapEntry[];
  readonly unusable: readonly UnusableMapRow[];
  /** Nothing changed in the map, whichever table it is about. */
  readonly isQuiet: boolean;
  /** When the newest of them was changed, in milliseconds since 1970; 0 where there is none. */
  readonly newestChange: number;
}

/** The feed of the given kind for a table's part of the map. */
export function openMapFeed(
  kind: FeedKind,
  dataverse: Dataverse,
  context: TableContext,
  pageSize: number,
): ChangeFeed<MapPage> {
  // Rows without a name too: some have the identifier alone. What belongs to another table is passed over when it is read.
  const source = {
    entitySetName: context.map.entitySetName,
    // A feed may offer fewer columns than the reference lists; the primary id comes always.
    select: mapSelect.filter((column) => column !== mapColumns.id),
    filter: `(${mayBeNamed(mapColumns.entity, context.source.entity)} or ${mapColumns.entity} eq null)`,
  };
  const feed = openFeed(kind, dataverse, source, pageSize);
  return {
    ...feed,
    async read(position, signal) {
      const { rows, ...step } = await feed.read(position, signal);
      // A page may wait for long until those before it are written: of its rows only what is needed is kept.
      return { ...step, isQuiet: rows.length + step.deleted.length === 0, ...readMapRows(rows, context.source) };
    },
  };
}

function readMapRows(
  rows: readonly Row[],
  source: SourceTable,
): Pick<MapPage, 'entries' | 'unusable' | 'newestChange'> {
  const entries: MapEntry[] = [];
  const unusable: UnusableMapRow[] = [];
  let newestChange = 0;
  let lastChange: unknown;
  for (const row of rows) {
    const reading = readMapRow(row, source);
    if (reading.kind === 'other') continue;
    const change = row[mapColumns.modifiedOn];
    // Rows that were written together carry the same time.
    if (change !== lastChange) newestChange = Math.max(newestChange, Date.parse(String(change)) || 0);
    lastChange = change;
    if (reading.kind === 'entry') entries.push(reading.entry);
    else unusable.push(reading);
  }
  return { entries, unusable, newestChange };
}
