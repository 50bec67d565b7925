import type { Selection } from './state.ts';

/** What is selected stands in the address after the #, so that it can be linked to and gone back to. */

const pattern = /^#run=([0-9a-f]{32})(?:&table=([a-z0-9_]+))?$/;

export function selectionOf(hash: string): Selection | undefined {
  const [, runId, table] = pattern.exec(hash) ?? [];
  return runId === undefined ? undefined : { runId, table };
}

export const hashOf = (selection: Selection | undefined): string => {
  if (selection === undefined) return '';
  const { runId, table } = selection;
  return `#run=${runId}${table === undefined ? '' : `&table=${table}`}`;
};
