import type { Explanation, NextStep } from '../contracts/explanation.ts';
import type { LinkStates } from '../state/link-states.ts';
import type { PendingRows } from '../state/pending-rows.ts';
import type { PastOutcome } from '../state/row-outcomes.ts';

/** What keeps a row's link from being as the map has it. */
export type HoldingBack = Pick<Explanation, 'pending' | 'hold' | 'next'>;

/**
 * Looks up what holds the next step back: the brakes where a link is moved or cleared, else what the row is pending for.
 * At most one read.
 */
export async function holdingBack(
  parts: { readonly linkStates: Pick<LinkStates, 'load'>; readonly pendingRows: Pick<PendingRows, 'among'> },
  { table, id }: { readonly table: string; readonly id: string },
  next: NextStep,
  past: readonly PastOutcome[],
): Promise<HoldingBack> {
  switch (next.does) {
    case 'move':
    case 'clear': {
      const [last] = past;
      const failed = last?.outcome === 'failed' ? last : undefined;
      const pending = failed && {
        cause: 'failed' as const,
        reason: failed.reason ?? '',
        since: failed.at,
        lastTriedAt: failed.at,
        runId: failed.runId,
      };
      return { ...(pending && { pending }), ...(await heldOrNot(parts, table, next)) };
    }
    case 'link':
    case 'wait':
    case 'leave': {
      const [row] = await parts.pendingRows.among(table, [id]);
      if (row === undefined) return { next };
      const { cause, reason, firstTriedAt, lastTriedAt, runId } = row;
      return { pending: { cause, reason, since: firstTriedAt, lastTriedAt, runId }, next };
    }
    default:
      return { next };
  }
}

async function heldOrNot(
  { linkStates }: { readonly linkStates: Pick<LinkStates, 'load'> },
  table: string,
  next: NextStep,
): Promise<Pick<HoldingBack, 'hold' | 'next'>> {
  const { holds = [], confirmed = [] } = (await linkStates.load({ table })).state.linking ?? {};
  const hold = holds.find(
    ({ id, kind, profileId }) =>
      !confirmed.includes(id) &&
      (kind === 'oneProfile' ? next.does === 'move' && profileId === next.profileId : kind === next.does),
  );
  if (hold === undefined) return { next };
  const { id, kind, count, since } = hold;
  const explanation = `Nothing: a brake holds the table's changes of this kind back until somebody confirms hold ${id}. ${next.explanation.replace(/^It /, 'Then it ')}`;
  return { hold: { id, kind, count, since }, next: { ...next, does: 'hold', explanation } };
}
