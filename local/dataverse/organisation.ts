import { randomUUID } from 'node:crypto';
import { DataverseError } from './errors.ts';
import { accessRights, builtInTables, bulkMessages, otherPrivileges, rowMessages } from './metadata/built-in-tables.ts';
import { type Column, isLookup } from './metadata/column.ts';
import { makeColumn, makeTable } from './metadata/make-table.ts';
import { type ManyToMany, NO_CASCADE, type Relationship } from './metadata/relationship.ts';
import type { Table } from './metadata/table.ts';
import type { ColumnDefinition, TableDefinition } from './metadata/table-definition.ts';
import { defaultSettings, type Settings } from './settings.ts';
import type { Value } from './store/value.ts';

/**
 * An organisation: its tables, how they relate, its version counter and its clock. Knows nothing of requests.
 * Everything a fresh environment has is there from the start: root business unit, system user, messages, privileges.
 */
export class Organisation {
  readonly id = randomUUID();
  readonly rootBusinessUnitId = randomUUID();
  readonly systemUserId = randomUUID();
  readonly relationships: Relationship[] = [];
  readonly manyToMany: readonly ManyToMany[] = [
    { schemaName: 'systemuserroles_association', left: 'systemuser', right: 'role', pairs: new Set() },
    { schemaName: 'teamroles_association', left: 'team', right: 'role', pairs: new Set() },
    { schemaName: 'teammembership_association', left: 'team', right: 'systemuser', pairs: new Set() },
  ];
  readonly #tables = new Map<string, Table>();
  readonly #bySet = new Map<string, Table>();
  readonly #clock: () => number;
  readonly #counts = new WeakMap<Table, { readonly count: number; readonly at: number }>();
  #latest = 0;
  #version = 1_000_000;
  /** Changes with every change of a definition. */
  metadataVersion = 1;
  settings: Settings = defaultSettings();
  /** What uses which column: components by the metadata id of the column. */
  readonly dependents = new Map<string, { readonly type: number; readonly id: string }[]>();
  /** Someone holds the customization lock. */
  isCustomizing = false;

  /** @param clock milliseconds since 1970 */
  constructor(clock: () => number) {
    this.#clock = clock;
    for (const definition of builtInTables) this.#define(definition);
    this.#seed();
  }

  /** The present; never goes back, so that dates rise with version numbers. */
  now(): number {
    this.#latest = Math.max(this.#latest, this.#clock());
    return this.#latest;
  }

  /** The latest version number given out. */
  get version(): number {
    return this.#version;
  }

  nextVersion(): number {
    return ++this.#version;
  }

  newId = (): string => randomUUID();

  tables(): IterableIterator<Table> {
    return this.#tables.values();
  }

  table(logicalName: string): Table | undefined {
    return this.#tables.get(logicalName);
  }

  tableOfSet(entitySetName: string): Table | undefined {
    return this.#bySet.get(entitySetName);
  }

  /** A table that is certainly there. */
  builtIn(logicalName: string): Table {
    const table = this.#tables.get(logicalName);
    if (!table) throw new Error(`No built-in table '${logicalName}'.`);
    return table;
  }

  /** Makes a table, or brings an existing one in line: new columns are added, flags are set, rows stay. */
  define(definition: TableDefinition): Table {
    const known = this.#tables.get(definition.logicalName);
    if (known && known.identity.tableType !== definition.tableType) {
      throw new DataverseError(
        400,
        '',
        `Table '${known.name}' is ${known.identity.tableType} and cannot become ${definition.tableType}: reset first.`,
      );
    }
    const table = this.#define(definition);
    this.#listMessages(table);
    this.#listPrivileges(table);
    return table;
  }

  #define(definition: TableDefinition): Table {
    let table = this.#tables.get(definition.logicalName);
    if (!table) {
      const defaults = { userId: this.systemUserId, businessUnitId: this.rootBusinessUnitId };
      table = makeTable(definition, defaults, this.newId);
      this.#tables.set(table.name, table);
      this.#bySet.set(table.identity.entitySetName, table);
      for (const column of table.columns.values())
        if (isLookup(column)) this.#relate(table, column, column.logicalName);
    }
    this.#joinEarlierLookups(table);
    table.changeTracking = definition.changeTracking;
    table.bulk = definition.bulk;
    table.canCreateAttributes = definition.canCreateAttributes ?? table.canCreateAttributes;
    table.isCustomizable = definition.isCustomizable ?? table.isCustomizable;
    for (const column of definition.columns)
      if (!table.columns.has(column.logicalName)) this.addColumn(table, column, 0);
    for (const key of definition.keys ?? []) {
      const missing = key.columns.find((column) => !table.columns.has(column));
      if (missing !== undefined) throw new DataverseError(400, '', `Key '${key.logicalName}': no column '${missing}'.`);
      const { logicalName, schemaName = logicalName, columns } = key;
      const metadataId = table.keys.get(logicalName)?.metadataId ?? this.newId();
      table.keys.set(logicalName, { metadataId, logicalName, schemaName, columns });
    }
    return table;
  }

  /** Adds a column to a table and, for a lookup, a relationship for each target. */
  addColumn(table: Table, definition: ColumnDefinition, visibleAt: number): Column {
    const schemaName = definition.schemaName ?? definition.logicalName;
    const isReference = definition.type === 'Lookup' || definition.type === 'Owner';
    const targets = definition.targets ?? (definition.type === 'Owner' ? ['systemuser', 'team'] : []);
    if (isReference !== targets.length > 0) {
      throw new DataverseError(
        400,
        '',
        `Column '${definition.logicalName}': targets are for lookups, and lookups need them.`,
      );
    }
    const column = makeColumn(
      {
        logicalName: definition.logicalName,
        type: definition.type,
        schemaName,
        displayName: definition.displayName ?? schemaName,
        targets,
        maxLength: definition.maxLength,
        isSecured: definition.secured ?? false,
        visibleAt,
      },
      this.newId,
    );
    table.addColumn(column);
    if (isReference) {
      this.#relate(table, column, definition.navigationProperty ?? schemaName, definition.relationshipName);
      this.#addPartitionCompanion(table, column, visibleAt);
    }
    this.touchDefinition(table);
    return column;
  }

  /** Delta tokens given out before now have expired for this table. */
  touchDefinition(table: Table): void {
    this.metadataVersion++;
    table.definedAt = this.nextVersion();
  }

  /** Removes a relationship with its lookup column. */
  removeRelationship(relationship: Relationship): void {
    const table = this.table(relationship.referencingEntity);
    const column = table?.columns.get(relationship.referencingAttribute);
    this.relationships.splice(this.relationships.indexOf(relationship), 1);
    if (!table || !column) return;
    table.removeColumn(column);
    const companion = table.partitionCompanion(column);
    if (companion) table.removeColumn(companion);
    this.touchDefinition(table);
  }

  #relate(table: Table, column: Column, base: string, schemaName?: string): void {
    const isPolymorphic = column.targets.length > 1 && column.type !== 'Owner';
    for (const target of column.targets) {
      const navigation = isPolymorphic ? `${base}_${target}` : base;
      const plainName = schemaName ?? `${target}_${table.name}_${column.logicalName}`;
      const name = isPolymorphic && schemaName ? `${schemaName}_${target}` : plainName;
      table.addNavigation({ name: navigation, column, target });
      this.relationships.push({
        metadataId: this.newId(),
        schemaName: name,
        referencedEntity: target,
        referencedAttribute: this.table(target)?.identity.primaryId ?? `${target}id`,
        referencingEntity: table.name,
        referencingAttribute: column.logicalName,
        referencingNavigation: navigation,
        referencedNavigation: name,
        cascade: NO_CASCADE,
        isCustom: column.isCustom,
      });
    }
  }

  /** Lookups may be defined before the table they point to; what depends on it is made up for when it comes. */
  #joinEarlierLookups(table: Table): void {
    for (const [i, relationship] of this.relationships.entries()) {
      if (relationship.referencedEntity !== table.name) continue;
      this.relationships[i] = { ...relationship, referencedAttribute: table.identity.primaryId };
      const referencing = this.table(relationship.referencingEntity);
      const lookup = referencing?.columns.get(relationship.referencingAttribute);
      if (referencing && lookup) this.#addPartitionCompanion(referencing, lookup, lookup.visibleAt);
    }
  }

  /** A lookup to an elastic table is joined by a column that names the partition of the row it points to. */
  #addPartitionCompanion(table: Table, lookup: Column, visibleAt: number): void {
    if (!lookup.targets.some((target) => this.table(target)?.isElastic) || table.partitionCompanion(lookup)) return;
    const logicalName = `${lookup.logicalName}pid`;
    const schemaName = `${lookup.schemaName}PId`;
    const made = () => makeColumn({ logicalName, schemaName, type: 'String', maxLength: 100, visibleAt }, this.newId);
    table.addPartitionCompanion(lookup, table.columns.get(logicalName) ?? made());
  }

  /** Number of a table's rows as of the latest snapshot, which may be as old as the settings allow. */
  countSnapshot(table: Table): number {
    const maxAge = (this.settings.recordCountLagSeconds * 1000) / this.settings.timeScale;
    const known = this.#counts.get(table);
    if (known && this.now() - known.at < maxAge) return known.count;
    this.#counts.set(table, { count: table.rows.count, at: this.now() });
    return table.rows.count;
  }

  /** Puts a row into a table of the system without anybody having asked for it. */
  addSystemRow(logicalName: string, id: string, cells: Readonly<Record<string, Value>>): void {
    const table = this.builtIn(logicalName);
    const slot = table.rows.insert(id, this.now());
    for (const [name, value] of Object.entries(cells)) table.columns.get(name)?.cells.set(slot, value);
    table.rows.touch(slot, this.nextVersion(), this.now());
  }

  get baseLanguage(): number {
    return this.settings.languages[0] ?? 1033;
  }

  /** Writes the base language into the organisation's own row, after the settings changed. */
  tellLanguage(): void {
    const table = this.builtIn('organization');
    const slot = table.rows.find(this.id);
    if (slot === undefined || table.cell(slot, 'languagecode') === this.baseLanguage) return;
    table.columns.get('languagecode')?.cells.set(slot, this.baseLanguage);
    table.rows.touch(slot, this.nextVersion(), this.now());
  }

  #seed(): void {
    const root = this.rootBusinessUnitId;
    this.addSystemRow('businessunit', root, { name: 'root', isdisabled: false });
    this.addSystemRow('systemuser', this.systemUserId, { fullname: 'SYSTEM', isdisabled: false, businessunitid: root });
    this.addSystemRow('team', this.newId(), { name: 'root', teamtype: 0, isdefault: true, businessunitid: root });
    this.addSystemRow('organization', this.id, {
      name: 'org',
      expirechangetrackingindays: 7,
      languagecode: this.baseLanguage,
    });
    for (const name of [...rowMessages, ...bulkMessages]) this.addSystemRow('sdkmessage', this.newId(), { name });
    for (const { name, id } of otherPrivileges) this.addSystemRow('privilege', id ?? this.newId(), { name });
    for (const table of this.#tables.values()) {
      this.#listMessages(table);
      this.#listPrivileges(table);
    }
  }

  #listMessages(table: Table): void {
    const messages = this.builtIn('sdkmessage');
    const filters = this.builtIn('sdkmessagefilter');
    const listed = filters.columns.get('primaryobjecttypecode')?.cells;
    const messageOf = filters.columns.get('sdkmessageid')?.cells;
    const ofTable = [...(listed?.find?.([table.name], Number.POSITIVE_INFINITY) ?? [])].filter((s) =>
      filters.rows.isAlive(s),
    );
    for (let slot = 0; slot < messages.rows.ids.length; slot++) {
      const id = messages.rows.ids[slot] as string;
      const name = messages.cell(slot, 'name') as string;
      const isBulk = (bulkMessages as readonly string[]).includes(name);
      const present = ofTable.find((filter) => messageOf?.get(filter) === id);
      if (present === undefined && (!isBulk || table.bulk)) {
        const cells = { name: `${name} of ${table.name}`, primaryobjecttypecode: table.name, sdkmessageid: id };
        this.addSystemRow('sdkmessagefilter', this.newId(), cells);
      } else if (present !== undefined && isBulk && !table.bulk) {
        filters.rows.remove(present, undefined, { version: this.nextVersion(), at: this.now() });
      }
    }
  }

  #listPrivileges(table: Table): void {
    const privileges = this.builtIn('privilege');
    const names = privileges.columns.get('name')?.cells;
    for (const { right, bit } of accessRights) {
      const name = table.privilege(right);
      if (names?.find?.([name], 1)?.size === 0) {
        this.addSystemRow('privilege', this.newId(), { name, accessright: bit });
      }
    }
  }
}
