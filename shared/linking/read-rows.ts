import { guidAt } from '../customer-insights/guid.ts';
import { type ArrivedProfiles, arrivedProfiles, profileLists } from '../customer-insights/map-lookup.ts';
import type { MapEntry } from '../customer-insights/map-row.ts';
import { linkPartition, linkValue } from '../customer-insights/names.ts';
import { unitValue } from '../customer-insights/owner-columns.ts';
import type { ListRequest, Row } from '../dataverse/dataverse.ts';
import { partitionOf } from '../dataverse/row-key.ts';
import { keepsApart } from './across-units.ts';
import type { CurrentLink } from './compare.ts';
import type { LinkingSlice } from './linking-pass.ts';

/** What is known of some rows before anything is done to them. */
export interface RowsRead {
  readonly profiles: ArrivedProfiles;
  /** How a row is linked; whether the link leads to its profile is judged by `among`, or by the profiles read with it. */
  readonly currentLink: (sourceId: string, among?: ArrivedProfiles) => CurrentLink;
}

/**
 * Reads the profiles of entries and the current links of their rows, in one request; none where there is nothing to read.
 * @param more further rows whose current links are wanted
 */
export async function readRows(
  slice: LinkingSlice,
  entries: readonly MapEntry[],
  more: readonly string[] = [],
): Promise<RowsRead> {
  const { parts, context, signal } = slice;
  const needsUnit = keepsApart(slice);
  const tellsPartition = context.table.columns.has(linkPartition);
  // A rehearsal may come before the column: then no row can have a link, only its existence is asked.
  const link =
    context.link === undefined ? [context.table.primaryId] : [linkValue, ...only(tellsPartition, linkPartition)];
  const current: ListRequest = {
    entitySetName: context.table.entitySetName,
    select: [...link, ...only(needsUnit, unitValue)],
    column: context.table.primaryId,
    values: [...entries.map(({ sourceId }) => sourceId), ...more],
  };
  const lists = [...profileLists(context, entries), current];
  const [byId = [], byCustomer = [], rows = []] = await parts.dataverse.readLists(lists, signal);
  const profiles = arrivedProfiles(context, [byId, byCustomer]);
  const found = new Map(rows.map((row) => [guidAt(row, context.table.primaryId), row]));
  const linkIn = (row: Row, among: ArrivedProfiles): CurrentLink => {
    const [profileId, unit] = [linkValue, unitValue].map((column) => guidAt(row, column));
    const leadsNowhere =
      tellsPartition &&
      profileId !== undefined &&
      among.customerOf(profileId) !== undefined &&
      !among.liesIn(profileId, partitionOf(row, profileId, linkPartition));
    return { profileId, leadsNowhere, unit };
  };
  return {
    profiles,
    currentLink: (sourceId, among = profiles) => {
      const row = found.get(sourceId);
      return row && linkIn(row, among);
    },
  };
}

const only = (isWanted: boolean, column: string): string[] => (isWanted ? [column] : []);
