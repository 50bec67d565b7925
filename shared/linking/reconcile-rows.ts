import type { FoundChange } from '../state/found-changes.ts';
import { type LinkingRows, type LinkReport, linkRows, nothingLinked, setDown } from './link-rows.ts';
import type { LinkingSlice } from './linking-pass.ts';
import { lookUpPlaces } from './look-up-places.ts';
import { readRows } from './read-rows.ts';

/**
 * Holds rows against their whole place in the map, and links them as it says. Links that the map does not give are set
 * down: clearing is the last thing a pass does. Rows that have no place in the map and no link, or that do not exist, are
 * as they must be.
 */
export async function reconcileRows(
  slice: LinkingSlice,
  ids: readonly string[],
  { mayMove, before }: Pick<LinkingRows, 'mayMove' | 'before'> = {},
): Promise<LinkReport> {
  if (ids.length === 0) return nothingLinked;
  const { parts } = slice;
  const places = await lookUpPlaces(slice, ids);
  const entries = [...places.values()].flat();
  const unplaced = [...new Set(ids)].filter((id) => !places.has(id));
  const rowsRead = await readRows(slice, entries, unplaced);
  const report = await linkRows(slice, entries, rowsRead, {
    isWhole: true,
    ...(mayMove === undefined ? {} : { mayMove }),
    ...(before === undefined ? {} : { before }),
  });
  const linked = unplaced.filter((id) => rowsRead.currentLink(id)?.profileId !== undefined);
  // However often it is found, a link is without a place in the map since it was found first.
  const known = before ?? (await parts.foundChanges.among(slice.stateKey, linked));
  const orphans = linked.flatMap((id): FoundChange[] => {
    const from = rowsRead.currentLink(id)?.profileId;
    return from === undefined ? [] : [setDown(slice, { id, kind: 'clear', from }, known)];
  });
  await parts.foundChanges.keep(slice.stateKey, orphans);
  // Whatever a row was pending for, it is pending for that no longer, unless it is kept anew.
  const settled = [...report.settled.map(({ id }) => ({ id })), ...unplaced.map((id) => ({ id }))];
  return { ...report, settled, found: [...report.found, ...orphans] };
}
