import { type ArrivedProfiles, arrivedProfiles, profileLists, withEarlier } from '../customer-insights/map-lookup.ts';
import { choosePerSource, type MapEntry } from '../customer-insights/map-row.ts';
import { type Decision, decide } from './compare.ts';
import type { LinkingSlice } from './linking-pass.ts';
import { lookUpPlaces } from './look-up-places.ts';
import type { RowsRead } from './read-rows.ts';

/** Decisions that may be carried out, and what was learnt on the way. */
export interface ConfirmedMoves {
  readonly decisions: readonly Decision[];
  /** Source rows that map rows give to different customers. */
  readonly conflicts: number;
  /** Every profile that was read for these rows. */
  readonly profiles: ArrivedProfiles;
}

/**
 * Looks at a row's whole place in the map before its link is taken from one profile and given to another, or the row is
 * left waiting: the map may hold a second row for the same key, on another page or changed long ago. The newest whose
 * profile exists has the last word.
 * @param isWhole the entries given are all that the map has for their rows
 */
export async function confirmMoves(
  slice: LinkingSlice,
  decided: readonly Decision[],
  {
    given,
    isWhole,
    profiles,
    currentLink,
  }: RowsRead & { readonly given: readonly MapEntry[]; readonly isWhole: boolean },
): Promise<ConfirmedMoves> {
  const { parts, context, pass, signal } = slice;
  const moves = new Map<string, string>();
  const doubtful: string[] = [];
  for (const decision of decided) {
    const { sourceId } = decision.entry;
    if (decision.kind === 'relink') moves.set(sourceId, decision.previousProfileId);
    // Who reads the whole map comes to every other map row of a waiting row by itself.
    const isDoubtful = decision.kind === 'relink' || (decision.kind === 'waiting' && !pass.full);
    if (isDoubtful) doubtful.push(sourceId);
  }
  if (moves.size === 0 && (isWhole || doubtful.length === 0)) return { decisions: decided, conflicts: 0, profiles };

  const ofSource = Map.groupBy(given, ({ sourceId }) => sourceId);
  const candidates = new Map(doubtful.map((id) => [id, ofSource.get(id) ?? []]));
  if (!isWhole) {
    for (const [sourceId, found] of await lookUpPlaces(slice, doubtful)) {
      // What was just read of a map row stands for what a page told of it before.
      const known = new Set(found.map(({ mapRowId }) => mapRowId));
      const others = (candidates.get(sourceId) ?? []).filter(({ mapRowId }) => !known.has(mapRowId));
      candidates.set(sourceId, [...found, ...others]);
    }
  }
  const [byId, byCustomer] = profileLists(context, [...candidates.values()].flat());
  // The profiles that rows move away from are read too: their CustomerIds tell the merge or the split.
  const all = { ...byId, values: [...new Set([...byId.values, ...moves.values()])] };
  const [rows = [], rowsByCustomer = []] = await parts.dataverse.readLists([all, byCustomer], signal);
  const arrived = arrivedProfiles(context, [rows, rowsByCustomer]);

  let conflicts = 0;
  const decisions = decided.map((decision) => {
    const rivals = candidates.get(decision.entry.sourceId);
    if (rivals === undefined) return decision;
    if (new Set(rivals.map(({ customerId }) => customerId.toLowerCase())).size > 1) conflicts++;
    const [choice = decision] = choosePerSource(rivals, (entry) => arrived.of(entry) !== undefined);
    return decide(choice, arrived.of(choice.entry), currentLink(decision.entry.sourceId, arrived));
  });
  return { decisions, conflicts, profiles: withEarlier(arrived, profiles) };
}
