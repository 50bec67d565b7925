import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Model } from './model.ts';

/** The n-th of any number of distinct GUIDs, by kind of row. */
const guid = (kind: number, n: number): string =>
  `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
export const clientId = (n: number): string => guid(1, n);
export const contactId = (n: number): string => guid(2, n);
export const profileId = (n: number): string => guid(3, n);
const mapRowId = (n: number): string => guid(4, n);
const leadId = (n: number): string => guid(5, n);
const leadsMapRowId = (n: number): string => guid(6, n);
const customerId = (n: number): string => n.toString(16).padStart(32, '0');

/** Source rows per profile: duplicates of one customer. */
const ROWS_PER_PROFILE = 2;
export const profileOf = (n: number): string => profileId(Math.floor(n / ROWS_PER_PROFILE));

/** Of the map's rows one in so many is a lead's: a map has several sources, that is what it is for. */
const ONE_LEAD_IN = 10;
const mapRowsFor = (contacts: number): number => contacts + Math.floor((contacts - 1) / (ONE_LEAD_IN - 1));

/** What the stand-in counted. */
export interface OrganisationStats {
  readonly requests: {
    readonly total: number;
    readonly byKind: Readonly<Record<string, number>>;
    readonly byStatus: Readonly<Record<string, number>>;
  };
  readonly rowsWritten: Readonly<Record<string, number>>;
  readonly maxInFlight: number;
}

/** A stand-in for Dataverse in a process of its own. */
export interface BenchOrganisation {
  readonly url: string;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  stats(): Promise<OrganisationStats>;
  /** Starts counting and all limits anew. */
  restart(model: Model, timeScale: number): Promise<void>;
  stop(): Promise<void>;
}

const text = (logicalName: string): object => ({ logicalName, type: 'String' });

/** The four tables a pass over contacts needs, as Customer Insights has them. */
const TABLES = [
  {
    logicalName: 'msdynci_customerprofile',
    entitySetName: 'msdynci_customerprofiles',
    primaryName: 'msdynci_customerid',
    tableType: 'Elastic',
    changeTracking: true,
    bulk: true,
    columns: [text('msdynci_customerid')],
  },
  {
    logicalName: 'contact',
    displayName: 'Contact',
    entitySetName: 'contacts',
    primaryName: 'fullname',
    tableType: 'Standard',
    changeTracking: true,
    bulk: true,
    columns: [text('fullname')],
  },
  {
    logicalName: 'msdynci_alternatekey',
    entitySetName: 'msdynci_alternatekeys',
    primaryName: 'msdynci_identifier',
    tableType: 'Elastic',
    changeTracking: true,
    bulk: true,
    columns: [
      text('msdynci_identifier'),
      text('msdynci_datasourcename'),
      text('msdynci_entityname'),
      text('msdynci_alternatevalue'),
      text('msdynci_customerid'),
      { logicalName: 'msdynci_keyring', type: 'Memo' },
      { logicalName: 'msdynci_lookupfield_customer', type: 'Lookup', targets: ['msdynci_customerprofile'] },
    ],
  },
];

/** The lookup that Backstamp adds with its first pass, and other programs need to be there. */
const LOOKUP = {
  logicalName: 'msdynci_lookupfield_customerprofile',
  relationshipName: 'msdynci_customerprofile_contact',
  type: 'Lookup',
  targets: ['msdynci_customerprofile'],
};

/**
 * Starts an organisation with `rows` contacts, their profiles, and a map of these and of leads; no contact is linked.
 * @param withLookup whether the contacts' column for the link is there already
 */
export async function startOrganisation(
  rows: number,
  { identities, withLookup }: { readonly identities: number; readonly withLookup: boolean },
): Promise<BenchOrganisation> {
  const main = fileURLToPath(new URL('../../local/dataverse/main.ts', import.meta.url));
  // Should the benchmark fail, its organisation must not stay behind.
  const exitWithParent = new URL('../../local/exit-with-parent.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', exitWithParent, main, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = `http://127.0.0.1:${await readPort(child)}`;
  const control: BenchOrganisation['control'] = async (method, path, body) => {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${url}/__control/${path}`, {
      method,
      ...(payload === undefined ? {} : { body: payload }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`The stand-in refused ${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  await control(
    'POST',
    'tables',
    TABLES.map((table) =>
      withLookup && table.logicalName === 'contact' ? { ...table, columns: [...table.columns, LOOKUP] } : table,
    ),
  );
  for (let n = 0; n < identities; n++) {
    await control('PUT', `application-users/${clientId(n)}`, { privileges: 'all' });
  }
  await load(control, 'msdynci_customerprofile', Math.ceil(rows / ROWS_PER_PROFILE), (n) => ({
    msdynci_customerprofileid: profileId(n),
    msdynci_customerid: customerId(n),
  }));
  await load(control, 'contact', rows, (n) => ({ contactid: contactId(n), fullname: `Contact ${n}` }));
  await load(control, 'msdynci_alternatekey', mapRowsFor(rows), (n) => {
    const leads = Math.floor(n / ONE_LEAD_IN);
    return n % ONE_LEAD_IN === ONE_LEAD_IN - 1 ? leadsMapRow(leads) : mapRow(n - leads);
  });
  return {
    url,
    control,
    stats: async () => (await control('GET', 'stats')) as OrganisationStats,
    async restart(model, timeScale) {
      // New limits begin with empty windows only where they differ: a detour over other ones empties them.
      await control('POST', 'limits', { enabled: false });
      await control('POST', 'limits', { ...model, timeScale, retryAfterClock: 'service', enabled: true });
      await control('POST', 'stats/reset');
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Says in the map that `count` contacts, spread over the table, belong to other profiles now. */
export async function changeMap(organisation: BenchOrganisation, rows: number, count: number): Promise<void> {
  const step = Math.floor(rows / Math.max(1, count));
  await load(organisation.control, 'msdynci_alternatekey', count, (n) => {
    const row = n * step;
    const other = (Math.floor(row / ROWS_PER_PROFILE) + 1) % Math.ceil(rows / ROWS_PER_PROFILE);
    return { ...mapRow(row), msdynci_lookupfield_customer: profileId(other), msdynci_customerid: customerId(other) };
  });
}

/** Takes the map rows of `count` contacts, spread over the table, out of the map. */
export async function thinMap(organisation: BenchOrganisation, rows: number, count: number): Promise<void> {
  const step = Math.floor(rows / Math.max(1, count));
  await load(organisation.control, 'msdynci_alternatekey', count, (n) => ({ $delete: mapRowId(n * step + 1) }));
}

/** A lead's row of the map: it is read with the others and passed over. */
const leadsMapRow = (n: number): object => ({
  ...mapRow(n),
  msdynci_alternatekeyid: leadsMapRowId(n),
  msdynci_identifier: `Dynamics|lead|${leadId(n)}`,
  msdynci_entityname: 'lead',
  msdynci_alternatevalue: leadId(n),
});

const mapRow = (n: number): object => ({
  msdynci_alternatekeyid: mapRowId(n),
  msdynci_identifier: `Dynamics|contact|${contactId(n)}`,
  msdynci_datasourcename: 'Dynamics',
  msdynci_entityname: 'contact',
  msdynci_alternatevalue: contactId(n),
  msdynci_customerid: customerId(Math.floor(n / ROWS_PER_PROFILE)),
  msdynci_lookupfield_customer: profileOf(n),
});

/** Rows of one control request; small enough that the text of each stays a few megabytes. */
const LOAD_CHUNK = 10_000;

async function load(
  control: BenchOrganisation['control'],
  table: string,
  count: number,
  row: (n: number) => object,
): Promise<void> {
  for (let from = 0; from < count; from += LOAD_CHUNK) {
    const lines: string[] = [];
    for (let n = from; n < Math.min(count, from + LOAD_CHUNK); n++) lines.push(JSON.stringify(row(n)));
    await control('POST', `rows/${table}`, lines.join('\n'));
  }
}

async function readPort(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('The stand-in has no output.');
  for await (const line of createInterface({ input: child.stdout })) {
    const { port } = JSON.parse(line) as { port?: number };
    if (port) return port;
  }
  throw new Error('The Dataverse stand-in ended before it was ready.');
}
