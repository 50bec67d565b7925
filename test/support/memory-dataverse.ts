import type {
  ChangePage,
  ListRequest,
  PageRequest,
  Row,
  RowPage,
  RowUpdate,
  TableMetadata,
  UpdateReport,
  UpdateRequest,
} from '../../shared/dataverse/dataverse.ts';
import { ExpiredChangesError, TerminalError } from '../../shared/errors.ts';
import type { WorkDataverse } from '../../shared/passes/work-parts.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { readFilter } from './odata-filter.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Worker } from './worker.ts';

/** A write to one row, as the organisation saw it. */
export interface Write {
  readonly table: string;
  readonly id: string;
  readonly columns: readonly string[];
  readonly from: string | null;
  readonly to: string | null;
}

interface StoredRow {
  readonly values: Record<string, unknown>;
  version: number;
}

interface StoredTable {
  metadata: TableMetadata;
  readonly rows: Map<string, StoredRow>;
  readonly deletions: { readonly id: string; readonly version: number }[];
  /** Number of the last change. */
  version: number;
}

type NewTable = Pick<TableMetadata, 'logicalName' | 'entitySetName' | 'primaryId'> &
  Partial<Omit<TableMetadata, 'logicalName'>>;

/** Links that were made under this origin do not name it. */
const firstOrigin = 'https://contoso.crm.dynamics.com';

/** Who writes when it is not the app. */
const somebody = '99999999-0000-4000-8000-0000000000ff';
export const theApp = '99999999-0000-4000-8000-000000000001';

const linkColumn = 'msdynci_lookupfield_customerprofile';
const linkValue = `_${linkColumn}_value`;
/** Columns that every table has. */
const everyRowHas: ReadonlySet<string> = new Set([
  ...['modifiedon', 'createdon', 'versionnumber', '_modifiedby_value', '_createdby_value'],
  ...['_ownerid_value', '_owningteam_value', '_owninguser_value', '_owningbusinessunit_value'],
]);

/** An organisation in memory, for any number of processes: rows, change tracking, lookups that must point somewhere, bad rows. */
export class MemoryOrganisation {
  readonly #clock: VirtualClock;
  readonly #tables = new Map<string, StoredTable>();
  readonly #dropped = new Map<string, StoredTable>();
  readonly writes: Write[] = [];
  readonly directory = new MemoryDirectory();
  /** Rows that Dataverse refuses to write, with its reason. */
  readonly badRows = new Map<string, string>();
  /** Rows in one bulk request. */
  bulkSize = 4;
  /** Root address of the organisation; links of another one lead nowhere. */
  origin = firstOrigin;
  requests = 0;
  /** Delta links stand for the moment of a reading's last page, though nothing is told that changed since its first. */
  hasLateDeltaLinks = false;
  #relationships = 0;
  /** Changes that nobody remembers any more, by table. */
  readonly #forgotten = new Map<string, number>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  createTable(table: NewTable): void {
    const metadata: TableMetadata = {
      schemaName: table.logicalName,
      displayName: table.logicalName,
      primaryName: undefined,
      tableType: 'Standard',
      changeTracking: true,
      ownership: 'UserOwned',
      takesColumns: true,
      securedColumns: new Map(),
      lookups: [],
      columns: new Map(),
      ...table,
    };
    this.#tables.set(table.logicalName, { metadata, rows: new Map(), deletions: [], version: 0 });
  }

  alterTable(name: string, change: Partial<TableMetadata>): void {
    const table = this.#table(name);
    table.metadata = { ...table.metadata, ...change };
  }

  /** Creates a row or changes some of its columns. */
  put(name: string, id: string, values: Readonly<Record<string, unknown>>): void {
    const table = this.#table(name);
    const row = table.rows.get(id) ?? { values: { [table.metadata.primaryId]: id }, version: 0 };
    Object.assign(row.values, { _modifiedby_value: somebody }, values);
    this.#touch(table, id, row);
  }

  remove(name: string, id: string): void {
    const table = this.#table(name);
    if (table.rows.delete(id)) table.deletions.push({ id, version: ++table.version });
  }

  row(name: string, id: string): Readonly<Record<string, unknown>> | undefined {
    return this.#table(name).rows.get(id)?.values;
  }

  ids(name: string): string[] {
    return [...this.#table(name).rows.keys()];
  }

  /** Takes a column with all its values out of a table. */
  removeColumn(name: string, column: string): void {
    const { metadata, rows } = this.#table(name);
    this.alterTable(name, {
      lookups: metadata.lookups.filter((lookup) => lookup.column !== column),
      columns: new Map([...metadata.columns].filter(([other]) => other !== column)),
    });
    for (const { values } of rows.values()) delete values[`_${column}_value`];
  }

  /** A table is deleted, with all its links. */
  dropTable(name: string): void {
    const table = this.#tables.get(name);
    if (table === undefined) return;
    this.removeColumn(name, linkColumn);
    this.#dropped.set(name, table);
    this.#tables.delete(name);
  }

  /** A table that was deleted is made anew, with the rows it had. */
  restoreTable(name: string): void {
    const table = this.#dropped.get(name);
    if (table === undefined) return;
    this.#dropped.delete(name);
    this.#tables.set(name, table);
  }

  hasTable(name: string): boolean {
    return this.#tables.has(name);
  }

  hasColumn(name: string, column: string): boolean {
    return this.#table(name).metadata.columns.has(column);
  }

  /** Somebody else makes the column that linking needs. */
  makeLookup(name: string): void {
    this.#createLookup(name);
  }

  /** The link of every row that has one. */
  links(name: string): Map<string, string> {
    const links = new Map<string, string>();
    for (const [id, { values }] of this.#table(name).rows) {
      if (typeof values[linkValue] === 'string') links.set(id, values[linkValue]);
    }
    return links;
  }

  /** What was changed before is not remembered any more: older tokens expire. */
  forgetChanges(name: string): void {
    this.#forgotten.set(name, this.#table(name).version);
  }

  /** The organisation as one process uses it; each request is a step. */
  connect(worker: Worker): WorkDataverse {
    const read = async <T>(action: () => T, signal: AbortSignal | undefined): Promise<T> => {
      signal?.throwIfAborted();
      this.requests++;
      return worker.step('dataverse read', action);
    };
    return {
      readTables: (request, signal) =>
        read(() => {
          const found = request.tables.map((name) => this.#tables.get(name)).filter((table) => table !== undefined);
          const withColumns = new Set(request.withColumns);
          return new Map(
            found.map(({ metadata }) => [
              metadata.logicalName,
              withColumns.has(metadata.logicalName) ? metadata : { ...metadata, columns: new Map() },
            ]),
          );
        }, signal),
      createLookup: (lookup, signal) => {
        signal?.throwIfAborted();
        this.requests++;
        return worker.step('dataverse write', () => this.#createLookup(lookup.table.logicalName));
      },
      readChanges: (request, signal) => read(() => this.#changes(request), signal),
      readPage: (request, signal) => read(() => this.#page(request), signal),
      readLists: async (requests, signal) =>
        requests.every(({ values }) => values.length === 0)
          ? requests.map(() => [])
          : read(() => requests.map((request) => this.#list(request)), signal),
      readTogether: (reads, _caller, signal) =>
        read(
          () =>
            reads.map(({ top = 100, ...request }) => ({
              kind: 'rows',
              rows: this.#page({ ...request, pageSize: top }).rows,
            })),
          signal,
        ),
      countRows: (name, signal) => read(() => this.#tables.get(name)?.rows.size, signal),
      update: (request) => this.#update(worker, request),
      readObjects: (paths, _what, signal) =>
        read(() => paths.map((path) => this.directory.read(path, [...this.#tables.keys()])), signal),
      readObject: (path, _what, signal) => read(() => this.directory.read(path, [...this.#tables.keys()]), signal),
    };
  }

  #table(name: string): StoredTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new TerminalError(`There is no table ${name}.`);
    return table;
  }

  #bySet(entitySetName: string): StoredTable {
    for (const table of this.#tables.values()) if (table.metadata.entitySetName === entitySetName) return table;
    throw new TerminalError(`There is no entity set ${entitySetName}.`);
  }

  /** @throws TerminalError where a column is asked for that no row has and the definition does not know */
  #demandColumns({ metadata, rows }: StoredTable, select: readonly string[]): void {
    if (metadata.columns.size === 0 || rows.size === 0) return;
    for (const column of select) {
      const isLookup = metadata.lookups.some((lookup) => `_${lookup.column}_value` === column);
      if (metadata.columns.has(column) || isLookup || everyRowHas.has(column)) continue;
      if ([...rows.values()].some(({ values }) => column in values)) continue;
      throw new TerminalError(`Could not find a property named '${column}' on type '${metadata.logicalName}'.`);
    }
  }

  #touch(table: StoredTable, id: string, row: StoredRow): void {
    row.version = ++table.version;
    row.values.versionnumber = row.version;
    row.values.modifiedon = new Date(this.#clock.now()).toISOString();
    table.rows.set(id, row);
  }

  #createLookup(name: string): 'created' | 'exists' {
    const { metadata } = this.#table(name);
    if (metadata.lookups.some(({ column }) => column === linkColumn)) return 'exists';
    const lookup = {
      column: linkColumn,
      navigationProperty: 'msdynci_LookupField_CustomerProfile',
      referencedTable: 'msdynci_customerprofile',
      relationship: `msdynci_customerprofile_${name}`,
      metadataId: `relationship ${++this.#relationships}`,
    };
    this.alterTable(name, {
      lookups: [...metadata.lookups, lookup],
      columns: new Map([...metadata.columns, [linkColumn, 'Lookup']]),
    });
    return 'created';
  }

  #show({ metadata }: StoredTable, { values, version }: StoredRow, select: readonly string[]): Row {
    const shown: Record<string, unknown> = { '@odata.etag': `W/"${version}"` };
    for (const column of [metadata.primaryId, ...select]) shown[column] = values[column] ?? null;
    return shown;
  }

  /** A link is `changes|<begun at>|<since>|<told up to>`; a delta link tells no more than where it begins. */
  #changes({
    entitySetName,
    select,
    pageSize,
    link,
  }: {
    readonly entitySetName: string;
    readonly select: readonly string[];
    readonly pageSize: number;
    readonly link?: string | undefined;
  }): ChangePage {
    const table = this.#bySet(entitySetName);
    this.#demandColumns(table, select);
    if (!table.metadata.changeTracking) {
      throw new TerminalError(`Dataverse does not track the changes of ${entitySetName}.`);
    }
    if (link !== undefined && !/^changes\|(delta|more|rest)\|\d/.test(link)) throw lost();
    const here = this.origin === firstOrigin ? '' : `|${this.origin}`;
    // The client takes a link of another environment for one that is worth nothing any more.
    if (link !== undefined && (link.split('|')[5] ?? '') !== here.slice(1)) throw lost();
    const [, kind = 'full', begunAt = table.version, since = 0, told = 0] =
      link === undefined ? [] : link.split('|', 5).map((part, index) => (index < 2 ? part : Number(part)));
    const drain =
      kind === 'delta'
        ? { begunAt: table.version, since: Number(begunAt), told: Number(begunAt), isDelta: true }
        : { begunAt: Number(begunAt), since: Number(since), told: Number(told), isDelta: kind === 'more' };
    const start = drain.isDelta ? drain.since : drain.begunAt;
    if (link !== undefined && start < (this.#forgotten.get(table.metadata.logicalName) ?? 0)) throw lost();
    const latest = this.hasLateDeltaLinks ? drain.begunAt : Number.POSITIVE_INFINITY;
    const changed = [...table.rows.values()]
      .filter(({ version }) => version > drain.told && version <= latest)
      .sort((a, b) => a.version - b.version);
    const page = changed.slice(0, pageSize);
    const rows = page.map((row) => this.#show(table, row, select));
    const answeredAt = Math.floor(this.#clock.now() / 1000) * 1000;
    if (changed.length > pageSize) {
      const next = drain.isDelta ? 'more' : 'rest';
      const nextLink = `changes|${next}|${drain.begunAt}|${drain.since}|${page.at(-1)?.version}${here}`;
      return { rows, deleted: [], nextLink, deltaLink: undefined, ...(this.hasLateDeltaLinks ? { answeredAt } : {}) };
    }
    const deleted = drain.isDelta
      ? table.deletions
          .filter(({ id, version }) => version > drain.since && version <= latest && !table.rows.has(id))
          .map(({ id }) => id)
      : [];
    const deltaLink = `changes|delta|${this.hasLateDeltaLinks ? table.version : drain.begunAt}${here && `||${here}`}`;
    const times = this.hasLateDeltaLinks ? { answeredAt, deltaAt: answeredAt } : {};
    return { rows, deleted, nextLink: undefined, deltaLink, ...times };
  }

  /** A link carries the request and the last row shown; rows come by id unless another order is asked for. */
  #page(request: PageRequest): RowPage {
    const asked: PageRequest & { readonly after?: string } =
      request.nextLink === undefined ? request : JSON.parse(request.nextLink);
    const { entitySetName, select, filter, orderBy, after = '' } = asked;
    const table = this.#bySet(entitySetName);
    this.#demandColumns(table, select);
    const isWanted = filter === undefined ? () => true : readFilter(filter);
    const ids = [...table.rows].filter(([, { values }]) => isWanted(values)).map(([id]) => id);
    ids.sort();
    if (orderBy?.endsWith(' desc')) {
      const column = orderBy.slice(0, -' desc'.length);
      const shown = (id: string) => String(table.rows.get(id)?.values[column]);
      ids.sort((a, b) => (shown(a) < shown(b) ? 1 : -1));
    }
    const rest = after === '' ? ids : ids.filter((id) => id > after);
    const page = rest.slice(0, request.pageSize);
    const rows = page.map((id) => this.#show(table, table.rows.get(id) ?? { values: {}, version: 0 }, select));
    const { nextLink: _, ...again } = asked;
    return {
      rows,
      nextLink: rest.length > page.length ? JSON.stringify({ ...again, after: page.at(-1) }) : undefined,
    };
  }

  #list({ entitySetName, select, column, values, filter }: ListRequest): readonly Row[] {
    if (values.length === 0) return [];
    const table = this.#bySet(entitySetName);
    this.#demandColumns(table, select);
    const wanted = new Set(values.map((value) => value.toLowerCase()));
    const name = column.startsWith('msdynci_lookupfield_') ? `_${column}_value` : column;
    const isWanted = filter === undefined ? () => true : readFilter(filter);
    return [...table.rows.values()]
      .filter(({ values: row }) => isWanted(row))
      .filter(({ values: row }) => wanted.has(String(row[name] ?? '').toLowerCase()))
      .map((row) => this.#show(table, row, select));
  }

  /** A row belongs to the business unit of its owner. */
  #moveToUnit({ values }: StoredRow, ownerId: string | null): void {
    const team = this.directory.teams.find(({ id }) => id === ownerId);
    values._owningteam_value = team === undefined ? null : ownerId;
    values._owningbusinessunit_value = team?.unitId ?? null;
  }

  async #update(worker: Worker, { table, rows, signal }: UpdateRequest): Promise<UpdateReport> {
    if (new Set(rows.map(({ id }) => id)).size < rows.length) throw new TerminalError('An update names a row twice.');
    const report = { written: [] as string[], gone: [] as string[], failed: [] as UpdateReport['failed'][number][] };
    const unsent: string[] = [];
    for (let start = 0; start < rows.length; start += this.bulkSize) {
      const chunk = rows.slice(start, start + this.bulkSize);
      if (signal?.aborted) {
        unsent.push(...chunk.map(({ id }) => id));
        continue;
      }
      this.requests++;
      await worker.step('dataverse write', () => {
        for (const row of chunk) this.#write(table.logicalName, row, report);
      });
    }
    // A request that is sent twice writes its rows twice; the report tells each once.
    const once = (ids: string[]) => [...new Set(ids)];
    return {
      written: once(report.written),
      gone: once(report.gone),
      failed: [...new Map(report.failed.map((failure) => [failure.id, failure])).values()],
      unsent,
    };
  }

  #write(
    name: string,
    { id, values }: RowUpdate,
    report: { written: string[]; gone: string[]; failed: UpdateReport['failed'][number][] },
  ): void {
    const table = this.#table(name);
    const row = table.rows.get(id);
    const property = (Object.keys(values)[0] ?? '').replace('@odata.bind', '');
    const columns = Object.keys(values).map((key) => key.replace('@odata.bind', '').toLowerCase());
    const [value] = Object.values(values);
    const target = typeof value === 'string' ? (/\(([^)]+)\)/.exec(value)?.[1] ?? null) : null;
    const isOwner = 'ownerid@odata.bind' in values;
    const isDeclared =
      isOwner || table.metadata.lookups.some(({ navigationProperty }) => navigationProperty === property);
    if (row === undefined) report.gone.push(id);
    else if (!isDeclared) {
      report.failed.push({ id, code: '0x80048d19', message: `An undeclared property '${property}'.` });
    } else if (this.badRows.has(id)) {
      report.failed.push({ id, code: '0x80040265', message: this.badRows.get(id) ?? '' });
    } else if (!isOwner && target !== null && !this.#table('msdynci_customerprofile').rows.has(target)) {
      report.failed.push({ id, code: '0x80040217', message: `The profile ${target} does not exist.` });
    } else {
      const written = isOwner ? '_ownerid_value' : linkValue;
      const from = (row.values[written] as string | null | undefined) ?? null;
      this.writes.push({ table: name, id, columns, from, to: target });
      row.values[written] = target;
      row.values._modifiedby_value = theApp;
      if (isOwner) this.#moveToUnit(row, target);
      this.#touch(table, id, row);
      report.written.push(id);
    }
  }
}

const lost = (): ExpiredChangesError =>
  new ExpiredChangesError('Version stamp associated with the client has expired.');
