import type { MapEntry } from '../customer-insights/map-row.ts';
import { placesOf } from '../customer-insights/place-in-map.ts';
import type { LinkingSlice } from './linking-pass.ts';
import { overlapMs } from './looked-at.ts';

/**
 * The whole place of rows in the map, as `placesOf` tells it. Map rows that no reading of the feed may have met yet are
 * noted in the index first: should one of them be gone before the next reading, its id alone would not tell which row
 * was about to be linked by it.
 */
export async function lookUpPlaces(
  slice: LinkingSlice,
  sourceIds: readonly string[],
): Promise<Map<string, MapEntry[]>> {
  const { parts, context, pass, state, stateKey, signal } = slice;
  const places = await placesOf(parts, context, sourceIds, signal);
  if (slice.isRehearsal) return places;
  const readTo = Math.max(pass.newestChange, state.lastPass?.newestChange ?? 0) - overlapMs;
  const fresh = [...places.values()].flat().filter(({ changedOn }) => !(Date.parse(changedOn) < readTo));
  await parts.mapIndex.note(
    stateKey.table,
    fresh.map(({ mapRowId, sourceId, isHidden = false }) => ({ mapRowId, sourceId, isHidden })),
  );
  return places;
}
