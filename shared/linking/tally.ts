import type { FoundChange } from '../state/found-changes.ts';
import type { Tally } from '../state/linking-state.ts';
import { combine, noDigest } from './digest.ts';

/** Profiles counted at once; with more, the rarest give way, and each count is too low by what was given up. */
const mostTargets = 64;
/** Rows that a hold shows. */
const sampleSize = 10;

export const emptyTally: Tally = {
  links: 0,
  moves: 0,
  clears: 0,
  moveDigest: noDigest,
  clearDigest: noDigest,
  targets: {},
  moveSample: [],
  clearSample: [],
};

/** A tally with further changes counted; in whatever order they come, the same changes give the same digests. */
export function addToTally(tally: Tally, changes: readonly FoundChange[]): Tally {
  const next = { ...tally, moveSample: [...tally.moveSample], clearSample: [...tally.clearSample] };
  const targets = new Map(Object.entries(tally.targets));
  for (const change of changes) {
    const shown = { id: change.id, from: change.from, to: change.to };
    if (change.kind === 'link') next.links++;
    else if (change.kind === 'move') {
      next.moves++;
      next.moveDigest = withChange(next.moveDigest, change);
      if (next.moveSample.length < sampleSize) next.moveSample.push(shown);
      if (change.to !== undefined) countTarget(targets, change.to);
    } else {
      next.clears++;
      next.clearDigest = withChange(next.clearDigest, change);
      if (next.clearSample.length < sampleSize) next.clearSample.push(shown);
    }
  }
  return { ...next, targets: Object.fromEntries(targets) };
}

const withChange = (digest: string, { id, from, to }: FoundChange): string => combine(digest, `${id}|${from}|${to}`);

/** Counts the most frequent of any number of values in little memory (Misra and Gries, 1982). */
function countTarget(targets: Map<string, number>, profileId: string): void {
  const count = targets.get(profileId);
  if (count !== undefined || targets.size < mostTargets) {
    targets.set(profileId, (count ?? 0) + 1);
    return;
  }
  for (const [other, rows] of targets) {
    if (rows === 1) targets.delete(other);
    else targets.set(other, rows - 1);
  }
}
