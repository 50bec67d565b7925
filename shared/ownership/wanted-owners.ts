import { guidAt } from '../customer-insights/guid.ts';
import { profileCustomerId } from '../customer-insights/names.ts';
import { ownerValue, owningTeamValue } from '../customer-insights/owner-columns.ts';
import { modifiedOn } from '../dataverse/change-feed.ts';
import type { ListRequest, Row } from '../dataverse/dataverse.ts';
import { customerIdColumn } from './names.ts';
import { type OwnedRow, type Owner, readOwned } from './owned-row.ts';
import type { OwnerTeam } from './owner-mapping.ts';
import type { OwnershipContext, OwnershipSlice } from './ownership-context.ts';

const teamOwner = ({ teamId }: OwnerTeam): Owner => ({ entitySetName: 'teams', id: teamId });

/** What is read of each row to see to its owner. */
export function ownedColumns({ mapping, profiles }: OwnershipContext): string[] {
  if (profiles === undefined) return [mapping.column, ownerValue, modifiedOn];
  const { lookup, hasCustomerId } = profiles.reference;
  return [
    ...(lookup === undefined ? [] : [`_${lookup}_value`]),
    ...(hasCustomerId ? [customerIdColumn] : []),
    ownerValue,
    modifiedOn,
  ];
}

/**
 * Who is to own some rows: of profiles the team of their value; of everything else whoever owns the profile now. A
 * rehearsal writes no profile's owner, so there it is the one that the profile would have.
 */
export async function wantedOwners(slice: OwnershipSlice, rows: readonly Row[]): Promise<OwnedRow[]> {
  const { context } = slice;
  const { table, mapping, profiles } = context;
  const owned = rows.map((row) => ({ row, ...readOwned(row, table.primaryId) })).filter(({ id }) => id !== '');
  if (profiles === undefined) {
    return owned.map(({ row, ...rest }) => ({ ...rest, wanted: teamOwner(mapping.ownerOf(row[mapping.column])) }));
  }
  const { lookup } = profiles.reference;
  const named = owned.map(({ row, ...rest }) => ({
    ...rest,
    profileId: lookup === undefined ? undefined : guidAt(row, `_${lookup}_value`),
    customerId: String(row[customerIdColumn] ?? '').trim(),
  }));
  const ownerOf = await readProfileOwners(slice, named);
  return named.map(({ profileId, customerId, ...rest }) => {
    if (profileId === undefined && customerId === '') return { ...rest, wanted: 'nobody' };
    return { ...rest, wanted: ownerOf(profileId, customerId) ?? 'waiting' };
  });
}

type OwnerLookup = (profileId: string | undefined, customerId: string) => Owner | undefined;

/** Owners of the profiles that rows name: by the profile's row, else by the customer. */
async function readProfileOwners(
  { parts, context: { profile, mapping }, isRehearsal, signal }: OwnershipSlice,
  named: readonly { readonly profileId: string | undefined; readonly customerId: string }[],
): Promise<OwnerLookup> {
  const ids = named.map(({ profileId }) => profileId).filter((id) => id !== undefined);
  const customers = named.filter(({ profileId }) => profileId === undefined).map(({ customerId }) => customerId);
  const select = [profileCustomerId, ...(isRehearsal ? [mapping.column] : [ownerValue, owningTeamValue])];
  const list = (column: string, values: readonly string[]): ListRequest => ({
    entitySetName: profile.entitySetName,
    select,
    column,
    values: [...new Set(values)],
  });
  const lists = [
    list(profile.primaryId, ids),
    list(
      profileCustomerId,
      customers.filter((id) => id !== ''),
    ),
  ];
  const found = (await parts.dataverse.readLists(lists, signal)).flat();
  const byId = new Map<string, Owner>();
  const byCustomer = new Map<string, Owner>();
  for (const row of found) {
    const owner = isRehearsal ? teamOwner(mapping.ownerOf(row[mapping.column])) : currentOwner(row);
    const id = guidAt(row, profile.primaryId);
    if (owner === undefined || id === undefined) continue;
    byId.set(id, owner);
    byCustomer.set(
      String(row[profileCustomerId] ?? '')
        .trim()
        .toLowerCase(),
      owner,
    );
  }
  return (profileId, customerId) =>
    profileId === undefined ? byCustomer.get(customerId.toLowerCase()) : byId.get(profileId);
}

function currentOwner(row: Row): Owner | undefined {
  const id = guidAt(row, ownerValue);
  if (id === undefined) return undefined;
  return { entitySetName: guidAt(row, owningTeamValue) === id ? 'teams' : 'systemusers', id };
}
