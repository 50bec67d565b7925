import type { TableMetadata } from '../dataverse/dataverse.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { normaliseGuid } from './guid.ts';
import type { Slice } from './slice.ts';

/** The business unit that owns a row, on every table whose rows have owners. */
export const unitColumn = 'owningbusinessunit';
export const unitValue = `_${unitColumn}_value`;

const hasUnits = ({ columns }: TableMetadata): boolean => columns.has(unitColumn);

/** Whether a walk counts links that lead to another business unit: only where units are kept apart, and rows have owners. */
export const countsUnits = ({ parts, context }: Pick<Slice, 'parts' | 'context'>): boolean =>
  parts.options.setup.businessUnits !== undefined && hasUnits(context.table) && hasUnits(context.profile);

/** A linked row as the walk saw it. */
export interface LinkedRow {
  readonly id: string;
  readonly profileId: string;
  /** The business unit that owns the row; undefined where it was not read. */
  readonly unit: string | undefined;
}

/**
 * Of some linked rows those whose profile belongs to another business unit. Their link is right and stays: but people
 * of the row's unit may see a profile there that they cannot open.
 */
export async function acrossUnits(slice: Slice, rows: readonly LinkedRow[]): Promise<RowOutcome[]> {
  const { parts, context, signal } = slice;
  const [profiles = []] = await parts.dataverse.readLists(
    [
      {
        entitySetName: context.profile.entitySetName,
        select: [unitValue],
        column: context.profile.primaryId,
        values: [...new Set(rows.map(({ profileId }) => profileId))],
      },
    ],
    signal,
  );
  const idAt = (row: Readonly<Record<string, unknown>>, column: string) => normaliseGuid(String(row[column] ?? ''));
  const unitOf = new Map(profiles.map((row) => [idAt(row, context.profile.primaryId), idAt(row, unitValue)]));
  const at = slice.now();
  return rows.flatMap(({ id, profileId, unit }) => {
    const other = unitOf.get(profileId);
    if (unit === undefined || other === undefined || unit === other) return [];
    const reason = `The row belongs to business unit ${unit}, its profile to business unit ${other}.`;
    return [{ id, outcome: 'acrossUnits' as const, at, reason, profileId }];
  });
}
