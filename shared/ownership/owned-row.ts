import { guidAt } from '../customer-insights/guid.ts';
import { ownerValue } from '../customer-insights/owner-columns.ts';
import { modifiedOn } from '../dataverse/change-feed.ts';
import type { Row } from '../dataverse/dataverse.ts';

/** Who owns a row, or is to. */
export interface Owner {
  readonly entitySetName: 'teams' | 'systemusers';
  readonly id: string;
}

/** A row with the owner it has and the one it is to have. */
export interface OwnedRow {
  readonly id: string;
  readonly ownerId: string | undefined;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  /** `waiting`: its profile has not arrived. `nobody`: it names no customer, so nothing is known of its owner. */
  readonly wanted: Owner | 'waiting' | 'nobody';
}

/** A row as it was read, before it is known who is to own it. */
export const readOwned = (row: Row, primaryId: string): Omit<OwnedRow, 'wanted'> => ({
  id: guidAt(row, primaryId) ?? '',
  ownerId: guidAt(row, ownerValue),
  changedAt: Date.parse(String(row[modifiedOn] ?? '')) || 0,
});
