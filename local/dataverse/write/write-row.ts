import type { RequestContext } from '../context.ts';
import { type DataverseError, duplicateKey } from '../errors.ts';
import type { Column } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import { keepPreviousState } from '../query/stale-state.ts';
import { demandRow } from '../security/row-access.ts';
import type { Value } from '../store/value.ts';
import { setOwner } from './ownership.ts';
import type { RowChange } from './payload.ts';
import { onUndo } from './transaction.ts';

/** Writes a change to a row that is there. Every write raises the version, whether or not a value differs. */
export function updateRow(context: RequestContext, table: Table, slot: number, change: RowChange): void {
  const { organisation } = context;
  const now = organisation.now();
  const before = { version: table.rows.version(slot), modifiedOn: table.rows.modifiedOn(slot) };
  const etag = table.etag(slot);
  const previous = writeCells(context, table, slot, change.cells);
  setCell(table, slot, 'modifiedby', context.caller.userId);
  const version = organisation.nextVersion();
  table.rows.touch(slot, version, now);
  if (!table.isElastic) {
    onUndo(organisation, () => {
      for (const [column, value] of previous) column.cells.set(slot, value);
      table.rows.restore(slot, before.version, before.modifiedOn);
    });
  } else if (organisation.settings.elasticStalenessMs > 0) {
    const until = now + organisation.settings.elasticStalenessMs / organisation.settings.timeScale;
    const cells = new Map(previous.map(([column, value]) => [column.logicalName, value]));
    keepPreviousState(table, slot, { until, writtenAs: version, etag, cells });
  }
  written(context, table, slot, 'Update', change.columns);
}

/** Makes a row under an id that must be free. */
export function createRow(context: RequestContext, table: Table, change: RowChange): number {
  const { organisation, caller } = context;
  const id = change.id ?? organisation.newId();
  const now = organisation.now();
  if (table.rows.find(id, change.partition) !== undefined) throw duplicateKey();
  const slot = table.rows.insert(id, now, table.isElastic ? change.partition : undefined);
  setCell(table, slot, 'createdby', caller.userId);
  setCell(table, slot, 'modifiedby', caller.userId);
  if (table.columns.has('ownerid')) setOwner(context, table, slot, caller.userId);
  writeCells(context, table, slot, change.cells);
  if (table.isElastic && change.partition !== undefined) setCell(table, slot, 'partitionid', change.partition);
  const version = organisation.nextVersion();
  table.rows.touch(slot, version, now);
  if (!table.isElastic) onUndo(organisation, () => table.rows.remove(slot, undefined));
  else if (organisation.settings.elasticStalenessMs > 0) {
    const until = now + organisation.settings.elasticStalenessMs / organisation.settings.timeScale;
    keepPreviousState(table, slot, { until, writtenAs: version, etag: '', cells: undefined });
  }
  written(context, table, slot, 'Create', change.columns);
  return slot;
}

/** Removes a row. Links to it from other tables stay: every relationship here is one without cascades. */
export function deleteRow(context: RequestContext, table: Table, slot: number): void {
  const { organisation } = context;
  checkRow(context, table, slot, 'Delete');
  const partition = table.partitionOf(slot);
  context.customLogic.fire(context, table, slot, 'Delete', []);
  table.rows.remove(slot, partition, { version: organisation.nextVersion(), at: organisation.now() });
  if (!table.isElastic) onUndo(organisation, () => table.rows.revive(slot, partition));
  context.cost.rowsWritten++;
}

/** Refuses the write of a row that the caller cannot reach, or that a fault names. */
export function checkRow(context: RequestContext, table: Table, slot: number, right: 'Write' | 'Delete'): void {
  demandRow(context.organisation, context.caller, right, table, slot);
  strikeRow(context, table.rows.ids[slot] as string);
}

/** Lets a fault on demand hit the write of this row. */
export function strikeRow(context: RequestContext, id: string): void {
  const { method, path, caller } = context;
  context.faults.strikeRow({ method, path, kind: '', clientId: caller.clientId }, id);
}

/** The version that concurrency checks compare; refuses an etag that is not the row's. */
export function checkEtag(table: Table, slot: number, etag: string | undefined, mismatch: () => DataverseError): void {
  if (etag === undefined || etag === '*') return;
  if (etag !== table.etag(slot)) throw mismatch();
}

function writeCells(context: RequestContext, table: Table, slot: number, cells: RowChange['cells']): [Column, Value][] {
  const previous: [Column, Value][] = [];
  for (const [column, value] of cells) {
    if (column.logicalName === 'ownerid') previous.push(...setOwner(context, table, slot, String(value)));
    else {
      previous.push([column, column.cells.get(slot)]);
      column.cells.set(slot, value);
    }
  }
  return previous;
}

function setCell(table: Table, slot: number, column: string, value: Value): void {
  table.columns.get(column)?.cells.set(slot, value);
}

function written(
  context: RequestContext,
  table: Table,
  slot: number,
  message: 'Create' | 'Update',
  columns: readonly string[],
) {
  context.cost.rowsWritten++;
  context.stats.rowWritten(table, slot, columns);
  context.customLogic.fire(context, table, slot, message, columns);
}
