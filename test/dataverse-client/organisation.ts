import { startDataverse } from '../../local/dataverse/server.ts';
import { createDataverse, type DataverseOptions } from '../../shared/dataverse/client.ts';
import type { InspectableDataverse, NewLookup, RowUpdate, TableMetadata } from '../../shared/dataverse/dataverse.ts';
import { createIdentities } from '../../shared/dataverse/identities.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { guid } from './fake-http.ts';

export const CLIENT_ID = guid(0xa1);
export const COLUMN = 'msdynci_lookupfield_customerprofile';

/** An organisation on a free port with contacts, queues without bulk messages, and profiles; and what tests do to it. */
export interface Organisation {
  readonly url: string;
  control(method: string, path: string, body?: unknown): Promise<Record<string, never>>;
  /** Rows go in by control, not through the API: they are not counted. */
  load(table: string, rows: readonly object[]): Promise<void>;
  stats(): Promise<Stats>;
  connect(options?: Partial<DataverseOptions> & { readonly clientIds?: readonly string[] }): InspectableDataverse;
  close(): Promise<void>;
}

export interface Stats {
  readonly requests: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
  readonly byCaller: Readonly<Record<string, { readonly total: number }>>;
  readonly rowsWritten: Readonly<Record<string, number>>;
  readonly columnsWritten: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly fired: Readonly<Record<string, number>>;
  readonly throttled: Readonly<Record<string, number>>;
  readonly maxInFlight: number;
}

export const TABLES = [
  {
    logicalName: 'msdynci_customerprofile',
    entitySetName: 'msdynci_customerprofiles',
    primaryName: 'msdynci_name',
    tableType: 'Elastic',
    changeTracking: true,
    bulk: true,
    columns: [
      { logicalName: 'msdynci_name', type: 'String' },
      { logicalName: 'msdynci_customerid', type: 'String' },
    ],
  },
  {
    logicalName: 'contact',
    displayName: 'Contact',
    entitySetName: 'contacts',
    primaryName: 'fullname',
    tableType: 'Standard',
    changeTracking: true,
    bulk: true,
    columns: [
      { logicalName: 'fullname', type: 'String' },
      { logicalName: 'emailaddress1', type: 'String' },
    ],
  },
  {
    logicalName: 'queue',
    entitySetName: 'queues',
    primaryName: 'name',
    tableType: 'Standard',
    changeTracking: false,
    bulk: false,
    columns: [{ logicalName: 'name', type: 'String' }],
  },
];

export async function startOrganisation(): Promise<Organisation> {
  const server = await startDataverse({ port: 0 });
  const { url } = server;
  const control: Organisation['control'] = async (method, path, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${url}/__control/${path}`, { method, ...(body === undefined ? {} : { body: text }) });
    const answer = (await response.json()) as Record<string, never>;
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  await control('POST', 'tables', TABLES);
  await control('PUT', `application-users/${CLIENT_ID}`, { privileges: 'all' });
  return {
    url,
    control,
    async load(table, rows) {
      await control('POST', `rows/${table}`, rows.map((row) => JSON.stringify(row)).join('\n'));
    },
    stats: async () => (await control('GET', 'stats')) as unknown as Stats,
    connect({ clientIds = [CLIENT_ID], ...options } = {}) {
      return createDataverse({
        url,
        identities: createIdentities(url, clientIds),
        telemetry: silentTelemetry,
        maxConcurrency: 16,
        freeBudgetPercent: 0,
        bypass: { customLogic: 'none', flows: false },
        ...options,
      });
    },
    close: () => server.close(),
  };
}

/** Contacts `from` to `from + count - 1`. */
export const contacts = (count: number, from = 0): object[] =>
  Array.from({ length: count }, (_, n) => ({ contactid: guid(from + n), fullname: `Contact ${from + n}` }));

/** The profile every test links to, one for each row. */
export const profileOf = (n: number): string => guid(n + 0x100000);

export const lookupOn = (table: TableMetadata, referencedTable: TableMetadata): NewLookup => ({
  table,
  referencedTable,
  schemaName: COLUMN,
  displayName: 'Customer Profile',
  description: 'Unified profile of this row',
  relationshipSchemaName: `msdynci_customerprofile_${table.logicalName}`,
});

/** Links row `n` to its profile, or clears its link. */
export const link = (n: number, profile: string | null = profileOf(n)): RowUpdate => ({
  id: guid(n),
  values: profile === null ? { [COLUMN]: null } : { [`${COLUMN}@odata.bind`]: `/msdynci_customerprofiles(${profile})` },
});

/** Makes the lookup on a table, and gives the table's definition as it is then. */
export async function withLookup(dataverse: InspectableDataverse, table: string): Promise<TableMetadata> {
  const tables = await dataverse.readTables({ tables: [table, 'msdynci_customerprofile'] });
  const source = tables.get(table);
  const profile = tables.get('msdynci_customerprofile');
  if (!source || !profile) throw new Error(`No table ${table}.`);
  await dataverse.createLookup(lookupOn(source, profile));
  return (await dataverse.readTables({ tables: [table], strong: true })).get(table) ?? source;
}
