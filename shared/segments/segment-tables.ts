import { customerIdColumn, segmentColumns, segmentTable } from '../customer-insights/customer-tables.ts';
import { guidAt } from '../customer-insights/guid.ts';
import { profileTable } from '../customer-insights/names.ts';
import { unitColumn, unitValue } from '../customer-insights/owner-columns.ts';
import type { Dataverse, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { TerminalError } from '../errors.ts';
import { type Member, readMember } from './member.ts';
import type { MemberChanges } from './segment-store.ts';

/** The tables that members of segments are read from, as metadata has them. */
export interface SegmentTables {
  readonly memberships: TableMetadata;
  readonly profiles: TableMetadata;
}

/** @throws TerminalError where the environment has no such tables, or they lack what members are read by */
export async function segmentTables(dataverse: Dataverse, signal: AbortSignal): Promise<SegmentTables> {
  const wanted = [segmentTable, profileTable];
  const tables = await dataverse.readTables({ tables: wanted, withColumns: wanted }, signal);
  const [memberships, profiles] = wanted.map((name) => {
    const table = tables.get(name);
    const needed = name === segmentTable ? [customerIdColumn, segmentColumns.segments] : [customerIdColumn];
    const missing = needed.filter((column) => table?.columns.has(column) !== true);
    if (table !== undefined && missing.length === 0) return table;
    throw new TerminalError(
      table === undefined
        ? `The environment has no table ${name}: has Customer Insights written its segments to this environment?`
        : `The table ${name} has no column ${missing.join(', ')}, so members of segments cannot be read.`,
    );
  });
  if (memberships === undefined || profiles === undefined) throw new TerminalError('No tables of segments');
  return { memberships, profiles };
}

/** What is read of each membership; a release may lack the provider. */
export const membershipSelect = ({ memberships }: SegmentTables): string[] =>
  [customerIdColumn, segmentColumns.segments, segmentColumns.provider].filter((name) => memberships.columns.has(name));

/** What is read of each profile. */
export const profileSelect = ({ profiles }: SegmentTables): string[] => [
  customerIdColumn,
  ...(profiles.columns.has(unitColumn) ? [unitValue] : []),
];

const customerOf = (row: Row): string => String(row[customerIdColumn] ?? '').trim();
const unitOf = (row: Row): string | null => guidAt(row, unitValue) ?? null;

/** The members that membership rows tell of; the units are asked of the customers' profiles. */
export async function membersIn(
  dataverse: Dataverse,
  tables: SegmentTables,
  rows: readonly Row[],
  signal: AbortSignal,
): Promise<MemberChanges> {
  const { profiles } = tables;
  const values = [...new Set(rows.map(customerOf))].filter((id) => id !== '');
  const list = {
    entitySetName: profiles.entitySetName,
    select: profileSelect(tables),
    column: customerIdColumn,
    values,
  };
  const [found = []] = await dataverse.readLists([list], signal);
  return toMembers(tables, rows, found);
}

/** The members that changed profiles tell of; their memberships are asked. */
export async function membersOf(
  dataverse: Dataverse,
  tables: SegmentTables,
  profiles: readonly Row[],
  signal: AbortSignal,
): Promise<MemberChanges> {
  const { memberships } = tables;
  const values = [...new Set(profiles.map(customerOf))].filter((id) => id !== '');
  const list = {
    entitySetName: memberships.entitySetName,
    select: membershipSelect(tables),
    column: customerIdColumn,
    values,
  };
  const [rows = []] = await dataverse.readLists([list], signal);
  return toMembers(tables, rows, profiles);
}

/** The unit and the row of each customer's profile, by the customer's id in lower case. */
function profilesOf({ profiles: { primaryId } }: SegmentTables, rows: readonly Row[]) {
  const found = rows.map((row) => {
    const profileId = guidAt(row, primaryId);
    const of = { unit: unitOf(row), ...(profileId === undefined ? {} : { profileId }) };
    return [customerOf(row).toLowerCase(), of] as const;
  });
  return new Map(found);
}

/** Members whose profile is gone, with the profile that their customer has now, if any. */
export async function withoutGone(
  dataverse: Dataverse,
  tables: SegmentTables,
  members: ReadonlyMap<string, Member>,
  signal: AbortSignal,
): Promise<MemberChanges> {
  const values = [...new Set([...members.values()].map(({ customerId }) => customerId))];
  const { entitySetName } = tables.profiles;
  const list = { entitySetName, select: profileSelect(tables), column: customerIdColumn, values };
  const [rows = []] = await dataverse.readLists([list], signal);
  const profiles = profilesOf(tables, rows);
  return new Map(
    [...members].map(([id, { customerId, segments }]) => {
      const profile = profiles.get(customerId.toLowerCase()) ?? noProfile;
      return [id, { customerId, ...profile, segments }];
    }),
  );
}

const noProfile = { unit: null };

function toMembers(tables: SegmentTables, rows: readonly Row[], profiles: readonly Row[]): MemberChanges {
  const { memberships } = tables;
  const ofCustomers = profilesOf(tables, profiles);
  const members = new Map<string, Member | undefined>();
  for (const row of rows) {
    const id = guidAt(row, memberships.primaryId);
    if (id === undefined) continue;
    const member = readMember(row, ofCustomers.get(customerOf(row).toLowerCase()) ?? noProfile);
    // Who is in no segment is no member.
    members.set(id, member.segments.length === 0 ? undefined : member);
  }
  return members;
}
