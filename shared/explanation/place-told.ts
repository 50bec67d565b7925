import type { NamingMapRow } from '../contracts/explanation.ts';
import { type Choice, choosePerSource, type MapEntry } from '../customer-insights/map-row.ts';
import { mapColumns } from '../customer-insights/names.ts';
import type { NamingRow } from '../customer-insights/place-in-map.ts';
import { foundOrNot, type ProfileKnown } from './profiles-read.ts';

/** Map rows of one source row that are told; more than a few name no row. */
export const mostMapRows = 10;

/** What a row's map rows come to; undefined where none names it. */
export function choiceOf(entries: readonly MapEntry[], known: (entry: MapEntry) => ProfileKnown): Choice | undefined {
  return choosePerSource(entries, (entry) => foundOrNot(known(entry)) !== undefined)[0];
}

/** The map rows that name a row, with which of them counts, and why. */
export function mapRowsTold(
  naming: readonly NamingRow[],
  choice: Choice | undefined,
  known: (entry: MapEntry) => ProfileKnown,
): NamingMapRow[] {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return naming.map(({ entry, row }) => {
    const profile = known(entry);
    const isHidden = profile === 'hidden';
    return {
      id: entry.mapRowId,
      dataSource: text(row[mapColumns.dataSource]),
      entity: text(row[mapColumns.entity]),
      key: text(row[mapColumns.key]),
      customerId: isHidden ? null : entry.customerId,
      profileId: isHidden ? null : (entry.profileId ?? foundOrNot(profile)?.id ?? null),
      modifiedOn: text(row[mapColumns.modifiedOn]) || null,
      hasProfile: isHidden ? null : profile !== 'missing',
      counts: entry.mapRowId === choice?.entry.mapRowId,
      why: whyIt(entry, profile, choice, naming.length),
    };
  });
}

function whyIt(entry: MapEntry, profile: ProfileKnown, choice: Choice | undefined, count: number): string {
  if (profile === 'hidden') return 'It names a customer whom you may not read.';
  const isChosen = entry.mapRowId === choice?.entry.mapRowId;
  if (isChosen && profile === 'missing') {
    return count === 1
      ? 'It is the only one that names this row; its profile is not in Dataverse.'
      : 'It is the newest; none of them has a profile in Dataverse.';
  }
  if (isChosen) {
    return count === 1 ? 'It is the only one that names this row.' : 'It is the newest whose profile is in Dataverse.';
  }
  if (entry.mapRowId === choice?.awaited?.mapRowId) {
    return 'It is newer, and its profile is not in Dataverse yet: it counts as soon as the profile is there.';
  }
  return profile === 'missing'
    ? 'It does not count: its profile is not in Dataverse.'
    : 'It does not count: it is older than the one that does.';
}
