import { badRequest } from '../errors.ts';
import { isLookup } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { Filter } from './filter-ast.ts';

/**
 * Resolves the column names of `Microsoft.Dynamics.CRM.In`. A query function knows columns by their logical names only:
 * `_primarycontactid_value`, which every comparison takes, is unknown to it. The filter returned names properties throughout.
 */
export function withListedProperties(filter: Filter, table: Table): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return {
        ...filter,
        left: withListedProperties(filter.left, table),
        right: withListedProperties(filter.right, table),
      };
    case 'not':
      return { ...filter, operand: withListedProperties(filter.operand, table) };
    case 'in': {
      const column = table.columns.get(filter.path);
      if (column) return { ...filter, path: column.property };
      const byProperty = table.columnOf(filter.path);
      if (!byProperty || !isLookup(byProperty)) return filter;
      throw badRequest(
        `'${table.identity.schemaName}' entity doesn't contain attribute with Name = '${filter.path}' and NameMapping = 'Logical'.`,
        '0x80041103',
      );
    }
    default:
      return filter;
  }
}
