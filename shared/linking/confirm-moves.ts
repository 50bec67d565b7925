import { type ArrivedProfiles, arrivedProfiles, entriesOf, profileLists } from '../customer-insights/map-lookup.ts';
import { choosePerSource, type MapEntry } from '../customer-insights/map-row.ts';
import { type Decision, decide } from './compare.ts';
import type { LinkingSlice } from './linking-pass.ts';

/** Decisions that may be carried out, and what was learnt on the way. */
export interface ConfirmedMoves {
  readonly decisions: readonly Decision[];
  /** Source rows that map rows give to different customers. */
  readonly conflicts: number;
  /** The CustomerId that a profile row stands for, where it was read. */
  readonly customerOf: (profileId: string) => string | undefined;
}

/**
 * Looks at a row's whole place in the map before its link is taken from one profile and given to another: the map may
 * hold a second, newer row for the same key, on another page or changed long ago. The newest whose profile exists has
 * the last word.
 */
export async function confirmMoves(
  { parts, context, signal }: LinkingSlice,
  decided: readonly Decision[],
  given: readonly MapEntry[],
  profiles: ArrivedProfiles,
): Promise<ConfirmedMoves> {
  const moves = new Map<string, string>();
  for (const decision of decided) {
    if (decision.kind === 'relink') moves.set(decision.entry.sourceId, decision.previousProfileId);
  }
  if (moves.size === 0) return { decisions: decided, conflicts: 0, customerOf: profiles.customerOf };

  const inMap = await entriesOf(parts.dataverse, context, moves, signal);
  const ofSource = Map.groupBy(given, ({ sourceId }) => sourceId);
  const candidates = new Map<string, MapEntry[]>();
  for (const sourceId of moves.keys()) {
    const found = inMap.get(sourceId) ?? [];
    // What was just read of a map row stands for what a page told of it before.
    const known = new Set(found.map(({ mapRowId }) => mapRowId));
    const others = (ofSource.get(sourceId) ?? []).filter(({ mapRowId }) => !known.has(mapRowId));
    candidates.set(sourceId, [...found, ...others]);
  }
  const [byId, byCustomer] = profileLists(context, [...candidates.values()].flat());
  // The profiles that rows move away from are read too: their CustomerIds tell the merge or the split.
  const all = { ...byId, values: [...new Set([...byId.values, ...moves.values()])] };
  const [rows = [], rowsByCustomer = []] = await parts.dataverse.readLists([all, byCustomer], signal);
  const arrived = arrivedProfiles(context, [rows, rowsByCustomer]);

  let conflicts = 0;
  const decisions = decided.map((decision) => {
    if (decision.kind !== 'relink') return decision;
    const { sourceId } = decision.entry;
    const rivals = candidates.get(sourceId) ?? [];
    if (new Set(rivals.map(({ customerId }) => customerId.toLowerCase())).size > 1) conflicts++;
    const [choice = decision] = choosePerSource(rivals, (entry) => arrived.of(entry) !== undefined);
    return decide(choice, arrived.of(choice.entry), { profileId: decision.previousProfileId });
  });
  return { decisions, conflicts, customerOf: (id) => arrived.customerOf(id) ?? profiles.customerOf(id) };
}
