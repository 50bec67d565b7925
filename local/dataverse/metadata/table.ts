import { RowStore } from '../store/row-store.ts';
import type { Column } from './column.ts';

/** How a table's rows are kept; decides about partitions, referential checks and bulk errors. */
export type TableType = 'Standard' | 'Elastic' | 'Virtual';

/** Whose a table's rows are, named as in `OwnershipType`. */
export type Ownership = 'UserOwned' | 'OrganizationOwned' | 'BusinessOwned' | 'None';

/** What is fixed when a table is made. */
export interface TableIdentity {
  readonly metadataId: string;
  readonly logicalName: string;
  readonly schemaName: string;
  readonly entitySetName: string;
  readonly displayName: string;
  readonly primaryId: string;
  readonly primaryName: string;
  readonly tableType: TableType;
  /** Only rows of user-owned tables have an owner; all others are readable to whoever may read the table. */
  readonly ownership: Ownership;
  readonly isCustom: boolean;
}

/** Columns whose values together name a row. */
export interface AlternateKey {
  readonly metadataId: string;
  readonly logicalName: string;
  readonly schemaName: string;
  readonly columns: readonly string[];
}

/** The target of a single-valued navigation property. */
export interface Navigation {
  readonly name: string;
  readonly column: Column;
  readonly target: string;
}

/** A table: its definition and its rows. */
export class Table {
  readonly identity: TableIdentity;
  readonly rows = new RowStore();
  readonly columns = new Map<string, Column>();
  readonly keys = new Map<string, AlternateKey>();
  readonly #byProperty = new Map<string, Column>();
  readonly #companions = new Map<Column, Column>();
  readonly #privileges = new Map<string, string>();
  readonly #navigations = new Map<string, Navigation>();
  /** Whether delta links are given out. */
  changeTracking: boolean;
  /** Whether CreateMultiple and UpdateMultiple exist. */
  bulk: boolean;
  /** Whether columns may be added. */
  canCreateAttributes = true;
  /** Whether its definition may be changed at all. */
  isCustomizable = true;
  /** Organisation version at the last change of the definition: older delta tokens have expired. */
  definedAt = 0;
  /** Set by a schema change: the next bulk request makes the server build its table types first. */
  awaitsBulkPreparation = false;
  /** A bulk request is building them right now. */
  isPreparingBulk = false;

  constructor(identity: TableIdentity, changeTracking: boolean, bulk: boolean) {
    this.identity = identity;
    this.typeName = `Microsoft.Dynamics.CRM.${identity.logicalName}`;
    this.changeTracking = changeTracking;
    this.bulk = bulk;
  }

  get name(): string {
    return this.identity.logicalName;
  }

  /** The table's `@odata.type`. */
  readonly typeName: string;

  get isElastic(): boolean {
    return this.identity.tableType === 'Elastic';
  }

  addColumn(column: Column): void {
    this.columns.set(column.logicalName, column);
    this.#byProperty.set(column.property, column);
  }

  addNavigation(navigation: Navigation): void {
    this.#navigations.set(navigation.name, navigation);
  }

  /** Joins a lookup to an elastic table with the column that names the partition of the row it points to. */
  addPartitionCompanion(lookup: Column, companion: Column): void {
    this.addColumn(companion);
    this.#companions.set(lookup, companion);
  }

  /** The column that names the partition of the row a lookup points to, if there is one. */
  partitionCompanion(lookup: Column): Column | undefined {
    return this.#companions.get(lookup);
  }

  removeColumn(column: Column): void {
    this.columns.delete(column.logicalName);
    this.#byProperty.delete(column.property);
    for (const [name, navigation] of this.#navigations) {
      if (navigation.column === column) this.#navigations.delete(name);
    }
  }

  /** The column that answers and filters call by this name. */
  columnOf(property: string): Column | undefined {
    return this.#byProperty.get(property);
  }

  /** The single-valued navigation property of this exact name. */
  navigation(name: string): Navigation | undefined {
    return this.#navigations.get(name);
  }

  navigations(): IterableIterator<Navigation> {
    return this.#navigations.values();
  }

  /** Name of the privilege that a right on this table needs; kept, since bulk writes ask for every row. */
  privilege(right: string): string {
    let name = this.#privileges.get(right);
    if (name === undefined) {
      // Alone among tables, users are not called by their schema name here.
      name = `prv${right}${this.name === 'systemuser' ? 'User' : this.identity.schemaName}`;
      this.#privileges.set(right, name);
    }
    return name;
  }

  /** A cell by logical name; null where the table has no such column. */
  cell(slot: number, logicalName: string): string | number | boolean | null {
    return this.columns.get(logicalName)?.cells.get(slot) ?? null;
  }

  /** Partition id of an elastic row; `undefined` on other tables. */
  partitionOf(slot: number): string | undefined {
    if (!this.isElastic) return undefined;
    const partition = this.columns.get('partitionid')?.cells.get(slot);
    return typeof partition === 'string' ? partition : undefined;
  }

  /** The row's etag. */
  etag(slot: number): string {
    return `W/"${this.rows.version(slot)}"`;
  }
}
