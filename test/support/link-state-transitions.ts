import type { Phase } from '../../shared/state/link-states.ts';
import type { Simulation } from './simulation.ts';

/** A table's link state, as far as its next step goes: no pass, or the phase of the pass in progress. */
export type LinkStateName = 'no pass' | Phase;

/** Which state may follow which in one save; SPEC.md says by what. */
export const linkStateTransitions: Record<LinkStateName, Record<LinkStateName, boolean>> = {
  'no pass': { 'no pass': true, pending: true, map: false, orphans: false, clear: false },
  pending: { 'no pass': true, pending: true, map: true, orphans: true, clear: false },
  map: { 'no pass': true, pending: false, map: true, orphans: true, clear: false },
  orphans: { 'no pass': true, pending: false, map: false, orphans: true, clear: true },
  clear: { 'no pass': true, pending: false, map: false, orphans: false, clear: true },
};

interface Seen {
  readonly pass?: { readonly phase: Phase };
  readonly watermark?: { readonly feed: string; readonly token: string };
}

/** Watches every save of a table's link state; throws where a transition is not allowed, or a watermark goes backwards. */
export function guardLinkStates({ tables: { linkStates } }: Simulation): void {
  const names = new Map<string, LinkStateName>();
  const reached = new Map<string, string>();
  linkStates.onWrite = (partition, row, document) => {
    const { pass, watermark } = document as Seen;
    const key = `${partition}|${row}`;
    const [before, after] = [names.get(key) ?? 'no pass', pass?.phase ?? 'no pass'] as const;
    if (!linkStateTransitions[before][after]) throw new Error(`${key} went from "${before}" to "${after}".`);
    names.set(key, after);
    if (partition !== 'table' || watermark === undefined) return;
    const place = placeOf(watermark.token);
    if (place < (reached.get(key) ?? ''))
      throw new Error(`The watermark went back from ${reached.get(key)} to ${place}.`);
    reached.set(key, place);
  };
}

/** Tokens of one feed, in a form whose order is that of the changes they stand for. */
function placeOf(token: string): string {
  const number = /^changes\|delta\|(\d+)$/.exec(token)?.[1];
  return number === undefined ? token : number.padStart(9, '0');
}
