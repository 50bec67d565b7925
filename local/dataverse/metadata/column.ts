import type { ColumnData } from '../store/column-data.ts';
import { parseGuid } from '../store/guid.ts';
import type { Value } from '../store/value.ts';

/** Column types, named as in `AttributeType`; a managed property is read as `{"Value":true}`. */
export type ColumnType =
  | 'String'
  | 'Memo'
  | 'Integer'
  | 'BigInt'
  | 'Decimal'
  | 'Double'
  | 'Money'
  | 'Boolean'
  | 'DateTime'
  | 'Uniqueidentifier'
  | 'Picklist'
  | 'State'
  | 'Status'
  | 'ManagedProperty'
  | 'Lookup'
  | 'Owner';

/** One column of a table: what metadata says of it, and its cells. */
export interface Column {
  readonly metadataId: string;
  readonly logicalName: string;
  readonly schemaName: string;
  readonly displayName: string;
  readonly type: ColumnType;
  /** Name in answers and filters: the logical name, or `_<logical name>_value` for lookups. */
  readonly property: string;
  /** Logical names of the tables a lookup may point to. */
  readonly targets: readonly string[];
  readonly maxLength: number | undefined;
  readonly isSecured: boolean;
  readonly isCustom: boolean;
  /** Kept by the platform: never written from a payload. */
  readonly isReadOnly: boolean;
  /** When server caches know the column (milliseconds since 1970); before that only strongly consistent requests do. */
  readonly visibleAt: number;
  readonly cells: ColumnData;
}

/** Whether the column holds a reference to another row. */
export const isLookup = (column: Pick<Column, 'type'>): boolean => column.type === 'Lookup' || column.type === 'Owner';

/** Name of a column in answers and filters. */
export const propertyName = (type: ColumnType, logicalName: string): string =>
  type === 'Lookup' || type === 'Owner' ? `_${logicalName}_value` : logicalName;

/** Brings a JSON value into the form the column keeps it in; `undefined` if the value does not fit the type. */
export function toCell(type: ColumnType, value: unknown): Value | undefined {
  if (value === null) return null;
  switch (type) {
    case 'String':
    case 'Memo':
      return typeof value === 'string' ? value : undefined;
    case 'Boolean':
    case 'ManagedProperty':
      return typeof value === 'boolean' ? value : undefined;
    case 'DateTime': {
      const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      return Number.isNaN(time) ? undefined : time;
    }
    case 'Uniqueidentifier':
    case 'Lookup':
    case 'Owner':
      return typeof value === 'string' ? parseGuid(value) : undefined;
    case 'Decimal':
    case 'Double':
    case 'Money':
      return typeof value === 'number' ? value : undefined;
    default:
      return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
  }
}

/** The form in which an answer shows a cell. Dates are cut to whole seconds, as the service does. */
export function toJson(type: ColumnType, value: Value): unknown {
  if (value === null) return null;
  if (type === 'DateTime') return `${new Date(value as number).toISOString().slice(0, 19)}Z`;
  if (type === 'ManagedProperty') return { Value: value, CanBeChanged: true, ManagedPropertyLogicalName: '' };
  return value;
}
