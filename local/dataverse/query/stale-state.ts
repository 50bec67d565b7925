import type { RequestContext } from '../context.ts';
import type { Table } from '../metadata/table.ts';
import type { Value } from '../store/value.ts';

/** What an elastic row was before its latest write. */
export interface PreviousState {
  /** Milliseconds since 1970 from which every reader sees the new state. */
  readonly until: number;
  /** The write that readers with its session token, or a later one, see at once. */
  readonly writtenAs: number;
  readonly etag: string;
  /** Cells that the write changed, by logical name; `undefined` if the row was not there. */
  readonly cells: ReadonlyMap<string, Value> | undefined;
}

/** Elastic tables are read from copies: a reader without the session token may see the state before the latest write. */
const previousStates = new WeakMap<Table, Map<number, PreviousState>>();

/** Keeps a row's state before a write for as long as copies may show it. */
export function keepPreviousState(table: Table, slot: number, state: PreviousState): void {
  const states = previousStates.get(table) ?? new Map<number, PreviousState>();
  previousStates.set(table, states);
  states.set(slot, state);
}

/** The state that this reader sees instead of the latest one; a function, so that most tables pay nothing. */
export function staleStates(
  context: RequestContext,
  table: Table,
): ((slot: number) => PreviousState | undefined) | undefined {
  const states = previousStates.get(table);
  if (!states?.size) return undefined;
  const now = context.organisation.now();
  const seen = sessionVersion(context.headers['mscrm.sessiontoken']);
  return (slot) => {
    const state = states.get(slot);
    if (!state) return undefined;
    if (state.until > now) return state.writtenAs > seen ? state : undefined;
    states.delete(slot);
    return undefined;
  };
}

/** The token that lets the holder read his own writes. */
export const sessionToken = (version: number): string => `0:-1#${version}`;

const sessionVersion = (token: string | undefined): number => Number(/#(\d+)$/.exec(token ?? '')?.[1] ?? -1);
