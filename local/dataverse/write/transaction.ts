import type { Organisation } from '../organisation.ts';

const undoLogs = new WeakMap<Organisation, (() => void)[]>();

/** Remembers how to undo a write, if one may have to be undone. */
export function onUndo(organisation: Organisation, undo: () => void): void {
  undoLogs.get(organisation)?.push(undo);
}

/** Does the work; if it throws, everything it wrote to tables that know transactions is as it was before. */
export function runAtomically<T>(organisation: Organisation, work: () => T): T {
  const log: (() => void)[] = [];
  undoLogs.set(organisation, log);
  for (const table of organisation.tables()) table.rows.keepsHistory = true;
  try {
    return work();
  } catch (error) {
    for (const undo of log.reverse()) undo();
    throw error;
  } finally {
    undoLogs.delete(organisation);
    for (const table of organisation.tables()) table.rows.keepsHistory = false;
  }
}
