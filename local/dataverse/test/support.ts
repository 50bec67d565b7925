import { writeToken } from '../security/token.ts';
import { createDataverse, type Handle } from '../server.ts';

export const ORIGIN = 'http://org.example';
export const CLIENT = '11111111-1111-4111-8111-111111111111';
const API = `${ORIGIN}/api/data/v9.2/`;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are whatever the service says; assertions give them their shape
  readonly json: any;
}

/** A small organisation: contacts and leads, elastic profiles and a map, and a table without bulk operations. */
export const TABLES = [
  {
    logicalName: 'contact',
    primaryName: 'fullname',
    tableType: 'Standard',
    changeTracking: true,
    bulk: true,
    columns: [
      { logicalName: 'fullname', type: 'String' },
      { logicalName: 'lastname', type: 'String', maxLength: 50 },
      { logicalName: 'emailaddress1', type: 'String' },
      { logicalName: 'numberofchildren', type: 'Integer' },
      { logicalName: 'birthdate', type: 'DateTime' },
      { logicalName: 'governmentid', schemaName: 'GovernmentId', type: 'String', secured: true },
      { logicalName: 'parentcustomerid', type: 'Lookup', targets: ['account', 'contact'] },
      {
        logicalName: 'new_customerid',
        schemaName: 'new_CustomerId',
        type: 'Lookup',
        targets: ['account'],
        relationshipName: 'new_account_contact',
      },
      { logicalName: 'msdynci_lookupfield_customerprofile', type: 'Lookup', targets: ['msdynci_customerprofile'] },
    ],
  },
  {
    logicalName: 'account',
    tableType: 'Standard',
    changeTracking: false,
    bulk: true,
    columns: [{ logicalName: 'name', type: 'String' }],
  },
  {
    logicalName: 'queue',
    tableType: 'Standard',
    changeTracking: false,
    bulk: false,
    columns: [{ logicalName: 'name', type: 'String' }],
  },
  {
    logicalName: 'msdynci_customerprofile',
    tableType: 'Elastic',
    changeTracking: true,
    bulk: true,
    columns: [{ logicalName: 'msdynci_customerid', type: 'String', maxLength: 100 }],
  },
];

/** A GUID that is easy to recognise: `guid(7)` ends in 7. */
export const guid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** An organisation in this process, and short ways to talk to it. */
export async function makeOrganisation(options: { now?: () => number; privileges?: 'all' | string[] } = {}) {
  const { handle } = createDataverse(options.now ? { now: options.now } : {});
  const control = async (method: string, path: string, body?: unknown): Promise<Answer> =>
    read(await handle({ method, url: `${ORIGIN}/__control/${path}`, headers: {}, body: textOf(body) }));
  const as = (clientId: string) => clientOf(handle, clientId, options.now ?? Date.now);
  await control('POST', 'tables', TABLES);
  await control('PUT', `application-users/${CLIENT}`, { privileges: options.privileges ?? 'all' });
  const load = (table: string, rows: readonly object[]) =>
    control('POST', `rows/${table}`, rows.map((row) => JSON.stringify(row)).join('\n'));
  return { handle, control, load, as, ...as(CLIENT) };
}

/** Requests in an application's name; paths begin behind `/api/data/v9.2/`, and links may be given whole. */
function clientOf(handle: Handle, clientId: string, now: () => number) {
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${writeToken(clientId, ORIGIN, now() + 3_600_000)}`;
    const url = path.startsWith('http') ? path : `${API}${path}`;
    return read(await handle({ method, url, headers: { authorization, ...headers }, body: textOf(body) }));
  };
  const get = (path: string, headers?: Record<string, string>) => send('GET', path, undefined, headers);
  const post = (path: string, body?: unknown, headers?: Record<string, string>) => send('POST', path, body, headers);
  const patch = (path: string, body?: unknown, headers?: Record<string, string>) => send('PATCH', path, body, headers);
  /** A batch of parts in their wire form, each beginning with its request line. */
  const batch = (parts: readonly string[], headers: Record<string, string> = {}) =>
    post('$batch', batchBody(parts), { 'content-type': 'multipart/mixed; boundary="batch_1"', ...headers });
  return { send, get, post, patch, batch };
}

/** The body of a batch; a part that is itself a list becomes a change set. */
export function batchBody(parts: readonly (string | readonly string[])[]): string {
  const item = (part: string, id?: number) =>
    `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n${id ? `Content-ID: ${id}\r\n` : ''}\r\n${part}\r\n`;
  const sections = parts.map((part) => {
    if (typeof part === 'string') return `--batch_1\r\n${item(part)}`;
    const inner = part.map((one, i) => `--set_1\r\n${item(one, i + 1)}`).join('');
    return `--batch_1\r\nContent-Type: multipart/mixed; boundary="set_1"\r\n\r\n${inner}--set_1--\r\n`;
  });
  return `${sections.join('')}--batch_1--\r\n`;
}

/** A request as a batch part. */
export const part = (method: string, path: string, body?: object, headers: Record<string, string> = {}): string => {
  const lines = Object.entries({ 'Content-Type': 'application/json; type=entry', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} /api/data/v9.2/${path} HTTP/1.1\r\n${head}\r\n${body ? JSON.stringify(body) : ''}`;
};

/** A target of a bulk message on contacts that sets the link to a profile. */
export const linkTarget = (contact: string, profile: string) => ({
  '@odata.type': 'Microsoft.Dynamics.CRM.contact',
  contactid: contact,
  'msdynci_lookupfield_customerprofile@odata.bind': `/msdynci_customerprofiles(${profile})`,
});

export const bulk = (message: string, set = 'contacts') => `${set}/Microsoft.Dynamics.CRM.${message}`;

const textOf = (body: unknown): string =>
  body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);

function read(response: { status: number; headers: Readonly<Record<string, string>>; body: string }): Answer {
  const isJson = response.headers['Content-Type']?.includes('json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text: response.body,
    json: isJson && response.body !== '' ? JSON.parse(response.body) : undefined,
  };
}
