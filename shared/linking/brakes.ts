import { createHash } from 'node:crypto';
import type { Hold, HoldKind } from '../contracts/hold.ts';
import { agreeing, counted } from '../counted.ts';
import type { LinkingState, Tally } from '../state/linking-state.ts';

/** Rows that may always be changed: in a small table a few are a large share. */
const alwaysAllowed = 10;

/** Shares of a table's linked rows, in percent, beyond which changes are held until somebody confirms them. */
export interface BrakeLimits {
  readonly moveLimitPercent: number;
  readonly orphanLimitPercent: number;
  readonly profileLimitPercent: number;
}

/** What the changes that a pass found are held back for; empty where all of them may be made. */
export function holdsOf(
  tally: Tally,
  {
    table,
    linkedRows,
    limits,
    before,
    now,
  }: {
    readonly table: string;
    readonly linkedRows: number;
    readonly limits: BrakeLimits;
    readonly before: LinkingState | undefined;
    readonly now: string;
  },
): Hold[] {
  const hold = (kind: HoldKind, count: number, limitPercent: number, profileId?: string): Hold[] => {
    if (count <= alwaysAllowed || count <= (linkedRows * limitPercent) / 100) return [];
    const digest = kind === 'clear' ? tally.clearDigest : tally.moveDigest;
    const id = createHash('sha256')
      .update([table, kind, profileId ?? '', digest].join('|'))
      .digest('hex')
      .slice(0, 16);
    const sample = kind === 'clear' ? tally.clearSample : tally.moveSample;
    return [
      {
        id,
        kind,
        count,
        linkedRows,
        limitPercent,
        ...(profileId === undefined ? {} : { profileId }),
        since: before?.holds.find((other) => other.kind === kind)?.since ?? now,
        shownAt: before?.holds.find((other) => other.id === id)?.shownAt ?? now,
        sample: profileId === undefined ? sample : sample.filter(({ to }) => to === profileId),
      },
    ];
  };
  const [top] = Object.entries(tally.targets).sort(([a, rows], [b, others]) => others - rows || (a < b ? -1 : 1));
  return [
    ...hold('move', tally.moves, limits.moveLimitPercent),
    ...(top === undefined ? [] : hold('oneProfile', top[1], limits.profileLimitPercent, top[0])),
    ...hold('clear', tally.clears, limits.orphanLimitPercent),
  ];
}

/** What an operator reads of a hold. */
export function holdWarning({ id, kind, count, linkedRows, limitPercent, profileId }: Hold): string {
  const share = linkedRows === 0 ? '100' : ((100 * count) / linkedRows).toFixed(1);
  const rows = `${counted(count, 'link')} (${share} % of the linked rows)`;
  const what = {
    clear: agreeing(
      count,
      'has no place in the map any more and was left',
      'have no place in the map any more and were left',
    ),
    move: `would be moved to another profile and ${agreeing(count, 'was', 'were')} left`,
    oneProfile: `would all end on profile ${profileId} and were left`,
  }[kind];
  return `${rows} ${what}: more than the limit of ${limitPercent} %. Check the unification; to let it be done, confirm hold ${id}, or start a run with beyondLimits.`;
}
