import type { UnlinkedReason } from '../contracts/profile.ts';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { customerIdColumn } from '../customer-insights/customer-tables.ts';
import { type MapReader, placesOf } from '../customer-insights/place-in-map.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import { odataText } from '../odata-text.ts';
import type { PendingRows } from '../state/pending-rows.ts';
import type { InsightTables } from './insight-tables.ts';
import type { ReadTogether } from './read-profile.ts';

export interface Unlinked {
  readonly reason: UnlinkedReason;
  readonly explanation: string;
}

/** Map rows of one source row whose profiles are asked for. */
const mostEntries = 10;

const explanations: Readonly<Record<Exclude<UnlinkedReason, 'failed' | 'acrossUnits'>, string>> = {
  noColumn: 'No row of this table was ever linked. The first run makes the link; see its task for what holds it up.',
  notUnified:
    'Unification made no customer of this row: it matched nothing, was filtered out, or is newer than the last unification run.',
  waiting: 'The profile of this row has not arrived in Dataverse yet, or you may not read it.',
  noProfile: 'The map names a customer for this row, but there is no such profile that you may read.',
  notLinkedYet: 'The profile of this row is there; the next run links the row.',
  orphan:
    'The row leads to a profile that no longer exists. The next walk over the rows corrects the link, or clears it.',
  notVisible:
    'The row leads to a profile that you may not read, since it is not of your business unit, or no longer exists.',
};

export const unlinked = (reason: keyof typeof explanations): Unlinked => ({
  reason,
  explanation: explanations[reason],
});

/**
 * Why a row has no link. The map stands in the root business unit, so the application reads it; whether a profile is
 * there is asked in the name of the person, who learns of no profile that is another unit's.
 */
export async function whyUnlinked(
  parts: MapReader & { readonly pendingRows: Pick<PendingRows, 'among'> },
  row: { readonly source: SourceTable; readonly id: string },
  { map, profile }: InsightTables & { readonly profile: TableMetadata },
  readTogether: ReadTogether,
  signal: AbortSignal,
): Promise<Unlinked> {
  const { source, id } = row;
  const place = map && (await placesOf(parts, { source, map }, [id], signal)).get(id);
  // The newest whose profile exists has the last word; more than a few name no row.
  const entries = (place ?? []).sort((a, b) => b.version - a.version).slice(0, mostEntries);
  const [newest] = entries;
  if (newest === undefined) return unlinked('notUnified');
  const list = { entitySetName: profile.entitySetName, select: [profile.primaryId] };
  const found = await readTogether(
    entries.map(({ profileId, customerId }) =>
      profileId === undefined
        ? { ...list, filter: `${customerIdColumn} eq ${odataText(customerId)}`, top: 1 }
        : { ...list, id: profileId },
    ),
  );
  const isThere = found.some((answer) => answer.kind === 'rows' && answer.rows.length > 0);
  if (!isThere) return unlinked(newest.profileId === undefined ? 'noProfile' : 'waiting');
  const [pending] = await parts.pendingRows.among(row.source.table, [row.id]);
  // The reason may name the profile, so it is for those who may read it.
  if (pending?.cause === 'failed') return { reason: 'failed', explanation: pending.reason };
  if (pending?.cause === 'acrossUnits') {
    const explanation = `${pending.reason} It is left without a link for that, as the set-up says; each run judges it anew.`;
    return { reason: 'acrossUnits', explanation };
  }
  return unlinked('notLinkedYet');
}
