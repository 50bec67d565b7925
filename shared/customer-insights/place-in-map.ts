import type { Dataverse, ListRequest } from '../dataverse/dataverse.ts';
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

/**
 * Every entry that the map has for source rows, by source id: this is a row's whole place in the map, and the only way to
 * learn it. Keys are looked for in every spelling that a query can name; map rows whose key is spelt otherwise, or stands
 * in the identifier or the key ring alone, are read by their ids, which the index has from when they were read.
 * A source row that is missing from the answer has no place in the map.
 */
export async function placesOf(
  { dataverse, mapIndex }: MapReader,
  { source, map }: Pick<MapTables, 'source' | 'map'>,
  sourceIds: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, MapEntry[]>> {
  const places = new Map<string, MapEntry[]>();
  if (sourceIds.length === 0) return places;
  const wanted = new Set(sourceIds);
  const { entitySetName } = map;
  const byKey: ListRequest = {
    entitySetName,
    select: lookedUp,
    column: mapColumns.key,
    values: [...wanted].flatMap((id) => [id, ...spellingsOf(id)]),
  };
  const byId: ListRequest = {
    entitySetName,
    select: [...lookedUp, mapColumns.keyRing],
    column: mapColumns.id,
    values: await mapIndex.hiddenOf(source.table, [...wanted]),
  };
  const seen = new Set<string>();
  for (const rows of await dataverse.readLists([byKey, byId], signal)) {
    for (const row of rows) {
      const reading = readMapRow(row, source);
      if (reading.kind !== 'entry' || seen.has(reading.entry.mapRowId) || !wanted.has(reading.entry.sourceId)) continue;
      seen.add(reading.entry.mapRowId);
      const place = places.get(reading.entry.sourceId);
      if (place === undefined) places.set(reading.entry.sourceId, [reading.entry]);
      else place.push(reading.entry);
    }
  }
  return places;
}
