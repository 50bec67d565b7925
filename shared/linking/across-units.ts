import { guidAt } from '../customer-insights/guid.ts';
import { unitColumn, unitValue } from '../customer-insights/owner-columns.ts';
import { unitNames } from '../customer-insights/unit-names.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import type { CurrentLink, Decision } from './compare.ts';
import type { LinkingSlice } from './linking-pass.ts';

const hasUnits = ({ columns }: TableMetadata): boolean => columns.has(unitColumn);

/** Whether a walk counts links that lead to another business unit: only where units are kept apart, and rows have owners. */
export const countsUnits = ({ parts, context }: Pick<LinkingSlice, 'parts' | 'context'>): boolean =>
  parts.options.setup.businessUnits !== undefined && hasUnits(context.table) && hasUnits(context.profile);

/** Whether rows whose profile belongs to another unit are left without a link. */
export const keepsApart = (slice: Pick<LinkingSlice, 'parts' | 'context'>): boolean =>
  slice.parts.options.setup.businessUnits?.acrossUnits === 'leaveUnlinked' && countsUnits(slice);

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
export async function acrossUnits(slice: LinkingSlice, rows: readonly LinkedRow[]): Promise<RowOutcome[]> {
  const unitOf = await unitsOfProfiles(
    slice,
    rows.map(({ profileId }) => profileId),
  );
  const at = slice.now();
  const across = rows.flatMap(({ id, profileId, unit }) => {
    const other = unitOf.get(profileId);
    return unit === undefined || other === undefined || unit === other ? [] : [{ id, profileId, unit, other }];
  });
  const reasonOf = await reasons(slice, across);
  return across.map(({ id, profileId, unit, other }) => {
    return { id, outcome: 'acrossUnits' as const, at, reason: reasonOf(unit, other), profileId };
  });
}

/**
 * Turns decisions that would leave a row with a link to another business unit's profile into those that leave it
 * without one. Profiles whose unit is not known, or rows, are taken for what they were.
 */
export async function leaveUnlinked(
  slice: LinkingSlice,
  decisions: readonly Decision[],
  current: (sourceId: string) => CurrentLink,
): Promise<readonly Decision[]> {
  const targets = decisions.map((decision) => profileAfter(decision, current(decision.entry.sourceId)));
  const unitOf = await unitsOfProfiles(
    slice,
    targets.filter((id) => id !== undefined),
  );
  const across = decisions.map((decision, at) => {
    const unit = current(decision.entry.sourceId)?.unit;
    const profileId = targets[at];
    const other = profileId === undefined ? undefined : unitOf.get(profileId);
    const isAcross = profileId !== undefined && unit !== undefined && other !== undefined && unit !== other;
    return isAcross ? { profileId, unit, other } : undefined;
  });
  const reasonOf = await reasons(
    slice,
    across.filter((found) => found !== undefined),
  );
  return decisions.map((decision, at) => {
    const row = current(decision.entry.sourceId);
    const found = across[at];
    if (found === undefined || row === undefined) return decision;
    const { entry } = decision;
    const { profileId } = found;
    const reason = reasonOf(found.unit, found.other);
    // A row that waits for another profile goes on waiting, without the link that it has meanwhile.
    const awaited = decision.kind === 'waiting' ? entry : decision.awaited;
    if (row.profileId === undefined) return { kind: 'acrossUnits', entry, profileId, reason, awaited };
    return { kind: 'unlink', entry, profileId, previousProfileId: row.profileId, reason, awaited };
  });
}

/** The profile that a row would be linked to once a decision was carried out. */
function profileAfter(decision: Decision, current: CurrentLink): string | undefined {
  return decision.kind === 'link' || decision.kind === 'relink' ? decision.profileId : current?.profileId;
}

async function unitsOfProfiles(
  { parts, context, signal }: LinkingSlice,
  ids: readonly string[],
): Promise<Map<string, string | undefined>> {
  const { entitySetName, primaryId } = context.profile;
  const list = { entitySetName, select: [unitValue], column: primaryId, values: [...new Set(ids)] };
  const [profiles = []] = await parts.dataverse.readLists([list], signal);
  return new Map(profiles.map((row) => [guidAt(row, primaryId) ?? '', guidAt(row, unitValue)]));
}

/** Says of a row that it belongs to another unit than its profile, with the units' names. */
async function reasons(
  { parts, signal }: LinkingSlice,
  across: readonly { readonly unit: string; readonly other: string }[],
): Promise<(unit: string, other: string) => string> {
  const ids = across.flatMap(({ unit, other }) => [unit, other]);
  const nameOf = await unitNames(parts.dataverse, ids, signal);
  return (unit, other) =>
    `The row belongs to business unit ${nameOf(unit)}, its profile to business unit ${nameOf(other)}.`;
}
