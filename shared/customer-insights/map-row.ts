import { z } from 'zod';
import type { SourceTable } from '../contracts/unification-setup.ts';
import type { Row } from '../dataverse/dataverse.ts';
import { normaliseGuid, spellingsOf } from './guid.ts';
import { mapColumns } from './names.ts';

/** A map row, read: "this source row belongs to this customer". */
export interface MapEntry {
  readonly mapRowId: string;
  /** Id of the source row, a GUID in lower case with dashes. */
  readonly sourceId: string;
  readonly customerId: string;
  /** The profile row that the map row points at; undefined where its lookup is empty. */
  readonly profileId: string | undefined;
  /** Rises with every change; decides between two map rows of one source row. */
  readonly version: number;
  /** When it was last changed, as Dataverse writes it; empty where it does not tell. */
  readonly changedOn: string;
  /** Who looks for the source row's key in the map does not find this map row. */
  readonly isHidden?: true;
}

/** A map row that belongs to a source table, yet names no usable key. */
export interface UnusableMapRow {
  readonly mapRowId: string;
  readonly reason: string;
}

export type MapRowReading =
  /** It belongs to another source. */
  | { readonly kind: 'other' }
  | { readonly kind: 'entry'; readonly entry: MapEntry }
  | ({ readonly kind: 'unusable' } & UnusableMapRow);

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
const sameName = (a: string, b: string): boolean => a === b || a.toLowerCase() === b.trim().toLowerCase();

/** The parts of an identifier `DataSource|Table|Key`; the key itself may hold further bars. */
export function splitIdentifier(identifier: string): { dataSource: string; entity: string; key: string } | undefined {
  const first = identifier.indexOf('|');
  const second = identifier.indexOf('|', first + 1);
  if (first < 0 || second < 0) return undefined;
  return {
    dataSource: identifier.slice(0, first).trim(),
    entity: identifier.slice(first + 1, second).trim(),
    key: identifier.slice(second + 1).trim(),
  };
}

const keyRingSchema = z.array(
  z.looseObject({
    dataSourceName: z.string(),
    // Called `entityName` until 2022.
    tableName: z.string().optional(),
    entityName: z.string().optional(),
    preferredKey: z.string().optional(),
    keys: z.array(z.string()).optional(),
  }),
);

/** The keys that one source has of a customer. */
export interface RingEntry {
  readonly dataSource: string;
  readonly entity: string;
  /** As they stand there, without blanks around them. */
  readonly keys: readonly string[];
}

/** All that a key ring lists: a customer's rows in every source; undefined where the ring cannot be read. */
export function readRing(ring: string): RingEntry[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(ring);
  } catch {
    return undefined;
  }
  const parsed = keyRingSchema.safeParse(json);
  if (!parsed.success) return undefined;
  return parsed.data.map(({ dataSourceName, tableName, entityName, keys = [], preferredKey }) => ({
    dataSource: text(dataSourceName),
    entity: text(tableName ?? entityName),
    keys: [...new Set([...keys, ...(preferredKey === undefined ? [] : [preferredKey])].map(text))],
  }));
}

/** Whether names of a data source and a table there are those of a source. */
export const isOfSource = (
  named: Pick<RingEntry, 'dataSource' | 'entity'>,
  source: Pick<SourceTable, 'dataSource' | 'entity'>,
): boolean => sameName(named.dataSource, source.dataSource) && sameName(named.entity, source.entity);

/** Keys that a key ring lists for a source, as GUIDs; undefined where the ring cannot be read. */
export function keysInRing(ring: string, source: Pick<SourceTable, 'dataSource' | 'entity'>): string[] | undefined {
  const keys = readRing(ring)
    ?.filter((entry) => isOfSource(entry, source))
    .flatMap((entry) => entry.keys);
  return keys && [...new Set(keys.map(normaliseGuid).filter((key) => key !== undefined))];
}

/**
 * Reads one map row for one source table. The separate columns come first, the identifier is the fallback, and the
 * key ring (where the row was read with it) the last: used only if it names exactly one key of this source.
 */
export function readMapRow(row: Row, source: SourceTable): MapRowReading {
  const mapRowId = text(row[mapColumns.id]).toLowerCase();
  const identifier = () => splitIdentifier(text(row[mapColumns.identifier]));
  const dataSource = text(row[mapColumns.dataSource]) || (identifier()?.dataSource ?? '');
  const entity = text(row[mapColumns.entity]) || (identifier()?.entity ?? '');
  if (!sameName(dataSource, source.dataSource) || !sameName(entity, source.entity)) return { kind: 'other' };

  const sourceId =
    normaliseGuid(text(row[mapColumns.key])) ?? normaliseGuid(identifier()?.key ?? '') ?? onlyKeyInRing(row, source);
  if (sourceId === undefined) {
    return {
      kind: 'unusable',
      mapRowId,
      reason: `The map row's key is no id of a Dataverse row. Check that ${source.primaryKey} was chosen as primary key of ${source.table} in unification.`,
    };
  }
  return {
    kind: 'entry',
    entry: {
      mapRowId,
      sourceId,
      customerId: text(row[mapColumns.customerId]),
      profileId: normaliseGuid(text(row[mapColumns.profile])),
      version: Number(row[mapColumns.version] ?? 0),
      changedOn: text(row[mapColumns.modifiedOn]),
      ...(isHidden(row[mapColumns.key], sourceId) ? { isHidden: true } : {}),
    },
  };
}

/** Whether a key is in none of the spellings that are looked for. */
function isHidden(key: unknown, sourceId: string): boolean {
  if (key === sourceId) return false;
  const spelt = typeof key === 'string' ? key.toLowerCase() : '';
  return spelt !== sourceId && !spellingsOf(sourceId).includes(spelt);
}

/** The key that a row's key ring names for a source, where it names exactly one. */
function onlyKeyInRing(row: Row, source: SourceTable): string | undefined {
  const ring = text(row[mapColumns.keyRing]);
  const keys = ring === '' ? undefined : keysInRing(ring, source);
  return keys?.length === 1 ? keys[0] : undefined;
}

/** What a source row's map rows come to. */
export interface Choice {
  /** The newest entry whose profile exists; the newest of all where none does. */
  readonly entry: MapEntry;
  /** A newer entry whose profile has not arrived: it is waited for, and has the last word when it comes. */
  readonly awaited: MapEntry | undefined;
}

/** One choice per source row, however many map rows name it. */
export function choosePerSource(
  entries: readonly MapEntry[],
  profileExists: (entry: MapEntry) => boolean,
): readonly Choice[] {
  const rivals = new Map<string, { newest: MapEntry; existing: MapEntry | undefined }>();
  for (const entry of entries) {
    const existing = profileExists(entry) ? entry : undefined;
    const before = rivals.get(entry.sourceId);
    if (before === undefined) rivals.set(entry.sourceId, { newest: entry, existing });
    else {
      if (isNewer(entry, before.newest)) before.newest = entry;
      if (existing !== undefined && isNewer(existing, before.existing)) before.existing = existing;
    }
  }
  return Array.from(rivals.values(), ({ newest, existing = newest }) => ({
    entry: existing,
    awaited: existing === newest ? undefined : newest,
  }));
}

const isNewer = (entry: MapEntry, other: MapEntry | undefined): boolean =>
  other === undefined || entry.version > other.version;
