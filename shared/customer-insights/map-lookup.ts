import type { SourceTable } from '../contracts/unification-setup.ts';
import type { Dataverse, ListRequest, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { partitionColumn, partitionOf, rowKey } from '../dataverse/row-key.ts';
import { guidAt } from './guid.ts';
import type { MapEntry } from './map-row.ts';
import { mapColumns, mapSelect, profileCustomerId } from './names.ts';

/** What the map and the profile table tell when asked for certain rows, instead of read from end to end. */

/** A source with the map that names its rows and the table of their profiles. */
export interface MapTables {
  readonly source: SourceTable;
  readonly map: Pick<TableMetadata, 'entitySetName'>;
  readonly profile: Pick<TableMetadata, 'entitySetName' | 'primaryId'> & Partial<Pick<TableMetadata, 'columns'>>;
}

/** Map rows with the key ring, for those whose key is unusable by itself. */
export async function readKeyRings(
  dataverse: Dataverse,
  context: MapTables,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const list = mapList(context, mapColumns.id, ids);
  const [rows = []] = await dataverse.readLists([{ ...list, select: [...list.select, mapColumns.keyRing] }], signal);
  return rows;
}

const mapList = (context: MapTables, column: string, values: readonly string[]): ListRequest => ({
  entitySetName: context.map.entitySetName,
  select: mapSelect.filter((name) => name !== mapColumns.id),
  column,
  values,
});

/** The profile rows that entries point at, as far as they have arrived. */
export interface ArrivedProfiles {
  /** The existing profile row of an entry: by its own pointer, else by its CustomerId. */
  of(entry: MapEntry): string | undefined;
  /** The CustomerId that a profile row stands for, where it was read. */
  customerOf(profileId: string): string | undefined;
  /** Whether a profile row that was read lies in this partition; undefined stands for the one that it has by its id. */
  liesIn(profileId: string, partition: string | undefined): boolean;
  /** What addresses a profile row: its id, and its partition where that is another than an elastic row's own. */
  keyOf(profileId: string): string;
}

/** Requests that find the profiles of entries, to travel with other lists. */
export function profileLists(context: MapTables, entries: readonly MapEntry[]): [ListRequest, ListRequest] {
  const byId: string[] = [];
  const byCustomer: string[] = [];
  for (const entry of entries) {
    if (entry.profileId !== undefined) byId.push(entry.profileId);
    else if (entry.customerId !== '') byCustomer.push(entry.customerId);
  }
  const partition = context.profile.columns?.has(partitionColumn) ? [partitionColumn] : [];
  const list = { entitySetName: context.profile.entitySetName, select: [profileCustomerId, ...partition] };
  return [
    { ...list, column: context.profile.primaryId, values: byId },
    { ...list, column: profileCustomerId, values: byCustomer },
  ];
}

/** Profiles of two readings, the later one first. */
export const withEarlier = (later: ArrivedProfiles, earlier: ArrivedProfiles): ArrivedProfiles => {
  const whoRead = (profileId: string) => (later.customerOf(profileId) === undefined ? earlier : later);
  return {
    of: (entry) => later.of(entry) ?? earlier.of(entry),
    customerOf: (profileId) => whoRead(profileId).customerOf(profileId),
    liesIn: (profileId, partition) => whoRead(profileId).liesIn(profileId, partition),
    keyOf: (profileId) => whoRead(profileId).keyOf(profileId),
  };
};

/** Reads the answers to `profileLists`. */
export function arrivedProfiles(
  { profile }: MapTables,
  [byId, byCustomer]: readonly [readonly Row[], readonly Row[]],
): ArrivedProfiles {
  const customers = new Map<string, string>();
  const profiles = new Map<string, string>();
  const partitions = new Map<string, string>();
  const take = (row: Row): { readonly id: string | undefined; readonly customer: string } => {
    const id = guidAt(row, profile.primaryId);
    const customer = String(row[profileCustomerId] ?? '').trim();
    if (id !== undefined) {
      customers.set(id, customer);
      const partition = partitionOf(row, id);
      if (partition !== undefined) partitions.set(id, partition);
    }
    return { id, customer };
  };
  for (const row of byId) take(row);
  for (const row of byCustomer) {
    const { id, customer } = take(row);
    if (id !== undefined && customer !== '') profiles.set(customer.toLowerCase(), id);
  }
  return {
    of: ({ profileId, customerId }) => {
      if (profileId !== undefined) return customers.has(profileId) ? profileId : undefined;
      return profiles.get(customerId.toLowerCase());
    },
    customerOf: (profileId) => customers.get(profileId),
    liesIn: (profileId, partition) => partitions.get(profileId) === partition,
    keyOf: (profileId) => rowKey(profile.primaryId, profileId, partitions.get(profileId)),
  };
}
