import { ValueData } from '../store/column-data.ts';
import { type Column, type ColumnType, propertyName } from './column.ts';
import { Table } from './table.ts';
import { entitySetNameOf, isCustomName, schemaNameOf, type TableDefinition } from './table-definition.ts';

/** What rows get that name nothing else: who owns them, and where. */
export interface Defaults {
  readonly userId: string;
  readonly businessUnitId: string;
}

/** A column with cells of its own, unless others are given. */
export function makeColumn(
  column: Pick<Column, 'logicalName' | 'type'> & Partial<Omit<Column, 'property'>>,
  newId: () => string,
  defaultValue: string | number | boolean | null = null,
): Column {
  return {
    metadataId: newId(),
    schemaName: column.logicalName,
    displayName: column.schemaName ?? column.logicalName,
    targets: [],
    maxLength: undefined,
    isSecured: false,
    isCustom: isCustomName(column.logicalName),
    isReadOnly: false,
    visibleAt: 0,
    cells: new ValueData(defaultValue),
    ...column,
    property: propertyName(column.type, column.logicalName),
  };
}

/** An empty table with the columns every table has; those of the definition are added by the organisation. */
export function makeTable(definition: TableDefinition, defaults: Defaults, newId: () => string): Table {
  const { logicalName } = definition;
  const table = new Table(
    {
      metadataId: newId(),
      logicalName,
      schemaName: definition.schemaName ?? schemaNameOf(logicalName),
      entitySetName: definition.entitySetName ?? entitySetNameOf(logicalName),
      displayName: definition.displayName ?? definition.schemaName ?? schemaNameOf(logicalName),
      primaryId: definition.primaryId ?? `${logicalName}id`,
      primaryName: definition.primaryName ?? definition.columns.find((c) => c.type === 'String')?.logicalName ?? '',
      tableType: definition.tableType,
      ownership: definition.ownership ?? 'UserOwned',
      isCustom: isCustomName(logicalName),
    },
    definition.changeTracking,
    definition.bulk,
  );
  const { rows } = table;
  const add = (name: string, type: ColumnType, more: Partial<Column> = {}, value: string | number | null = null) =>
    table.addColumn(makeColumn({ logicalName: name, type, isCustom: false, ...more }, newId, value));
  add(table.identity.primaryId, 'Uniqueidentifier', { cells: rows.idCells });
  add('versionnumber', 'BigInt', { cells: rows.versionCells, isReadOnly: true });
  add('createdon', 'DateTime', { cells: rows.createdOnCells, isReadOnly: true });
  add('modifiedon', 'DateTime', { cells: rows.modifiedOnCells, isReadOnly: true });
  add('createdby', 'Lookup', { targets: ['systemuser'], isReadOnly: true }, defaults.userId);
  add('modifiedby', 'Lookup', { targets: ['systemuser'], isReadOnly: true }, defaults.userId);
  add('statecode', 'State', {}, 0);
  add('statuscode', 'Status', {}, 1);
  if (table.identity.ownership === 'UserOwned') {
    add('ownerid', 'Owner', { targets: ['systemuser', 'team'] }, defaults.userId);
    add('owninguser', 'Lookup', { targets: ['systemuser'], isReadOnly: true }, defaults.userId);
    add('owningteam', 'Lookup', { targets: ['team'], isReadOnly: true });
    add('owningbusinessunit', 'Lookup', { targets: ['businessunit'] }, defaults.businessUnitId);
  }
  if (table.isElastic) {
    const partitions = new ValueData(null);
    add('partitionid', 'String', {
      schemaName: 'PartitionId',
      maxLength: 100,
      cells: {
        get: (slot) => partitions.get(slot) ?? (rows.ids[slot] as string),
        set: (slot, value) => partitions.set(slot, value),
      },
    });
    add('ttlinseconds', 'Integer', { schemaName: 'TTLInSeconds' });
  }
  return table;
}
