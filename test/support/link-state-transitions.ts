import type { Phase } from '../../shared/state/link-states.ts';
import type { Simulation } from './simulation.ts';

/** A table's link state, as far as its next step goes: no pass, or the phase of the pass in progress. */
export type LinkStateName = 'no pass' | Phase;

const from = (...next: LinkStateName[]): Record<LinkStateName, boolean> => ({
  'no pass': next.includes('no pass'),
  pending: next.includes('pending'),
  profiles: next.includes('profiles'),
  map: next.includes('map'),
  orphans: next.includes('orphans'),
  clear: next.includes('clear'),
  others: next.includes('others'),
});

/** Which state may follow which in one save; SPEC.md says by what. */
export const linkStateTransitions: Record<LinkStateName, Record<LinkStateName, boolean>> = {
  'no pass': from('no pass', 'pending'),
  pending: from('no pass', 'pending', 'profiles', 'map', 'orphans'),
  profiles: from('no pass', 'profiles', 'map'),
  map: from('no pass', 'map', 'orphans', 'others'),
  orphans: from('no pass', 'orphans', 'clear'),
  clear: from('no pass', 'clear'),
  others: from('no pass', 'others'),
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
