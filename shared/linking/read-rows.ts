import { guidAt } from '../customer-insights/guid.ts';
import { type ArrivedProfiles, arrivedProfiles, profileLists } from '../customer-insights/map-lookup.ts';
import type { MapEntry } from '../customer-insights/map-row.ts';
import { linkValue } from '../customer-insights/names.ts';
import { unitValue } from '../customer-insights/owner-columns.ts';
import type { ListRequest } from '../dataverse/dataverse.ts';
import { keepsApart } from './across-units.ts';
import type { CurrentLink } from './compare.ts';
import type { LinkingSlice } from './linking-pass.ts';

/** What is known of some rows before anything is done to them. */
export interface RowsRead {
  readonly profiles: ArrivedProfiles;
  readonly currentLink: (sourceId: string) => CurrentLink;
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
  const current: ListRequest = {
    entitySetName: context.table.entitySetName,
    // A rehearsal may come before the column: then no row can have a link, only its existence is asked.
    select: [context.link === undefined ? context.table.primaryId : linkValue, ...(needsUnit ? [unitValue] : [])],
    column: context.table.primaryId,
    values: [...entries.map(({ sourceId }) => sourceId), ...more],
  };
  const lists = [...profileLists(context, entries), current];
  const [byId = [], byCustomer = [], rows = []] = await parts.dataverse.readLists(lists, signal);
  const links = new Map<string, CurrentLink>();
  for (const row of rows) {
    const id = guidAt(row, context.table.primaryId);
    const [profileId, unit] = [linkValue, unitValue].map((column) => guidAt(row, column));
    if (id !== undefined) links.set(id, { profileId, unit });
  }
  return {
    profiles: arrivedProfiles(context, [byId, byCustomer]),
    currentLink: (sourceId) => links.get(sourceId),
  };
}
