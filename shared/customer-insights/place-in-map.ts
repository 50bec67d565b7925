import type { Dataverse, ListRequest, Row } from '../dataverse/dataverse.ts';
import type { MapIndex } from '../state/map-index.ts';
import { spellingsOf } from './guid.ts';
import type { MapTables } from './map-lookup.ts';
import { type MapEntry, readMapRow } from './map-row.ts';
import { mapColumns, mapSelect } from './names.ts';

/** What it takes to look source rows up in the map. */
export interface MapReader {
  readonly dataverse: Pick<Dataverse, 'readLists'>;
  readonly mapIndex: Pick<MapIndex, 'hiddenOf'>;
}

const lookedUp = mapSelect.filter((column) => column !== mapColumns.id);

/** A map row that names a source row: as it is understood, and as it stands. */
export interface NamingRow {
  readonly entry: MapEntry;
  readonly row: Row;
}

/**
 * Every entry that the map has for source rows, by source id: this is a row's whole place in the map, and the only way to
 * learn it. Keys are looked for in every spelling that a query can name; map rows whose key is spelt otherwise, or stands
 * in the identifier or the key ring alone, are read by their ids, which the index has from when they were read.
 * A source row that is missing from the answer has no place in the map.
 */
export async function placesOf(
  reader: MapReader,
  tables: Pick<MapTables, 'source' | 'map'>,
  sourceIds: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, MapEntry[]>> {
  const naming = await mapRowsNaming(reader, tables, sourceIds, signal);
  return Map.groupBy(
    naming.map(({ entry }) => entry),
    ({ sourceId }) => sourceId,
  );
}

/**
 * The map rows behind `placesOf`, for whoever tells people of them.
 * @param alsoRead columns that are wanted besides those of a place
 */
export async function mapRowsNaming(
  { dataverse, mapIndex }: MapReader,
  { source, map }: Pick<MapTables, 'source' | 'map'>,
  sourceIds: readonly string[],
  signal: AbortSignal,
  alsoRead: readonly string[] = [],
): Promise<NamingRow[]> {
  if (sourceIds.length === 0) return [];
  const wanted = new Set(sourceIds);
  const { entitySetName } = map;
  const byKey: ListRequest = {
    entitySetName,
    select: [...lookedUp, ...alsoRead],
    column: mapColumns.key,
    values: [...wanted].flatMap((id) => [id, ...spellingsOf(id)]),
  };
  const byId: ListRequest = {
    entitySetName,
    select: [...new Set([...lookedUp, mapColumns.keyRing, ...alsoRead])],
    column: mapColumns.id,
    values: await mapIndex.hiddenOf(source.table, [...wanted]),
  };
  const found = new Map<string, NamingRow>();
  for (const rows of await dataverse.readLists([byKey, byId], signal)) {
    for (const row of rows) {
      const reading = readMapRow(row, source);
      if (reading.kind !== 'entry' || found.has(reading.entry.mapRowId) || !wanted.has(reading.entry.sourceId))
        continue;
      found.set(reading.entry.mapRowId, { entry: reading.entry, row });
    }
  }
  return [...found.values()];
}
