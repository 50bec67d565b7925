import { type RequestContext, visibleColumn } from '../context.ts';
import { unknownProperty } from '../errors.ts';
import { type Column, isLookup } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { Operand, Resolve } from './filter-compile.ts';
import { roadOf } from './navigation.ts';

/** What the paths of a filter or sort order mean on a table: its own columns, and those of a row one lookup away. */
export function rowOperands(context: RequestContext, table: Table): Resolve<number> {
  return (path) => {
    const slash = path.indexOf('/');
    if (slash < 0) return columnOperand(context, table, path);
    const [head, rest] = [path.slice(0, slash), path.slice(slash + 1)];
    const managed = visibleColumn(context, table, head);
    if (managed?.type === 'ManagedProperty' && rest === 'Value') return columnOperand(context, table, head);
    const road = roadOf(context.organisation, table, head);
    if (road?.kind !== 'single') throw unknownProperty(head, table.name);
    const related = columnOperand(context, road.target, rest);
    return {
      type: related.type,
      get: (slot) => {
        const other = road.find(slot);
        return other === undefined ? null : related.get(other);
      },
    };
  };
}

function columnOperand(context: RequestContext, table: Table, property: string): Operand<number> {
  const column = visibleColumn(context, table, property);
  if (!column) throw unknownProperty(property, table.name);
  if (!context.caller.mayUse(table, column)) return { type: column.type, get: () => null };
  const { cells } = column;
  return { type: column.type, get: (slot) => cells.get(slot) };
}

/** Columns that answers without a `$select` show. */
export function allColumns(context: RequestContext, table: Table): Column[] {
  const columns = [...table.columns.values()].filter(
    (column) => visibleColumn(context, table, column.property) === column,
  );
  return columns.sort((a, b) => Number(isLookup(a)) - Number(isLookup(b)));
}
