import { linkingPhases } from '../../shared/linking/linking-pass.ts';
import { ownershipPhases } from '../../shared/ownership/ownership-pass.ts';
import type { PhaseOrder } from '../../shared/passes/phases.ts';
import type { Simulation } from './simulation.ts';

/** Where a table's link state is, as far as its next step goes: `no pass`, or the phase of the pass in progress. */
const noPass = 'no pass';

/** The order of phases of each kind of work, as the program has it. */
export const phaseOrders: Readonly<Record<string, PhaseOrder>> = {
  linking: linkingPhases,
  ownership: ownershipPhases,
};

/** Every state of a kind's passes, in the order in which its phases are named. */
export const statesOf = (order: PhaseOrder): string[] => [noPass, ...Object.keys(order)];

/** Whether one save may lead from one state to another; SPEC.md says by what. */
export function mayFollow(order: PhaseOrder, from: string, to: string): boolean {
  if (from === noPass) return to === noPass || to === Object.keys(order)[0];
  // A pass may be dropped at any time, and stays in its phase while it gets on there.
  return to === noPass || to === from || (order[from] ?? []).includes(to);
}

interface Seen {
  readonly pass?: { readonly phase: string; readonly kind: string };
  readonly watermark?: { readonly feed: string; readonly token: string };
}

/** Watches every save of a table's link state; throws where a transition is not allowed, or a watermark goes backwards. */
export function guardLinkStates({ tables: { linkStates } }: Simulation, orders = phaseOrders): void {
  const kept = new Map<string, Seen['pass']>();
  const reached = new Map<string, string>();
  linkStates.onWrite = (partition, row, document) => {
    const { pass, watermark } = document as Seen;
    const key = `${partition}|${row}`;
    const order = orders[pass?.kind ?? kept.get(key)?.kind ?? ''] ?? {};
    const [before, after] = [kept.get(key)?.phase ?? noPass, pass?.phase ?? noPass];
    if (!mayFollow(order, before, after)) throw new Error(`${key} went from "${before}" to "${after}".`);
    kept.set(key, pass);
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
