import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDataverse } from '../../shared/dataverse/client.ts';
import { isReadOnlyError, readOnly } from '../../shared/dataverse/read-only.ts';
import type { WireRequest } from '../../shared/dataverse/transport.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';

const api = 'https://contoso.crm.dynamics.com/api/data/v9.2';
const batchOf = (...requests: string[]): string =>
  `${requests.map((line) => `--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n${line}\r\n\r\n`).join('')}--b--\r\n`;
const get = 'GET /api/data/v9.2/contacts?$top=1 HTTP/1.1';

describe('a transport that only reads', () => {
  const send = async (request: Partial<WireRequest>): Promise<'sent' | 'refused'> => {
    let isSent = false;
    const transport = readOnly({
      send: async () => {
        isSent = true;
        return { status: 200, headers: {} as never, body: '' };
      },
    });
    const full = { method: 'GET', url: `${api}/contacts`, headers: {}, token: 't', timeoutMs: 1, ...request } as const;
    try {
      await transport.send(full);
    } catch (error) {
      if (!isReadOnlyError(error)) throw error;
    }
    return isSent ? 'sent' : 'refused';
  };

  it.each([
    ['a GET', {}],
    ['a batch of GETs', { method: 'POST', url: `${api}/$batch`, body: batchOf(get, get) }],
  ] as const)('lets %s through', async (_, request) => {
    expect(await send(request)).toBe('sent');
  });

  it.each([
    ['UpdateMultiple', { method: 'POST', url: `${api}/contacts/Microsoft.Dynamics.CRM.UpdateMultiple`, body: '{}' }],
    ['a new column', { method: 'POST', url: `${api}/RelationshipDefinitions`, body: '{}' }],
    ['any other method', { method: 'PATCH' as never, body: '{}' }],
    ['a GET with a body', { body: '{}' }],
    ['a GET that says it is something else', { headers: { 'X-HTTP-Method-Override': 'DELETE' } }],
    [
      'a batch with one PATCH',
      { method: 'POST', url: `${api}/$batch`, body: batchOf(get, 'PATCH /api/data/v9.2/contacts(1) HTTP/1.1') },
    ],
    [
      'a batch with a DELETE in lines of LF',
      { method: 'POST', url: `${api}/$batch`, body: batchOf(get, 'DELETE /x HTTP/1.1').replaceAll('\r', '') },
    ],
    [
      'a batch with a change set',
      {
        method: 'POST',
        url: `${api}/$batch`,
        body: batchOf(get).replace('application/http', 'multipart/mixed; boundary=c'),
      },
    ],
    [
      'a batch with a part that it cannot read',
      { method: 'POST', url: `${api}/$batch`, body: batchOf(get, 'patch /x') },
    ],
    ['an empty batch', { method: 'POST', url: `${api}/$batch`, body: '' }],
    ['a batch by name only', { method: 'POST', url: `${api}/$batch/contacts`, body: batchOf(get) }],
  ] as const)('refuses %s, unsent', async (_, request) => {
    expect(await send(request)).toBe('refused');
  });

  it('lets no batch through that holds anything but GETs, wherever it stands', async () => {
    const method = fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'MERGE');
    await fc.assert(
      fc.asyncProperty(fc.array(method, { minLength: 1, maxLength: 5 }), async (methods) => {
        const body = batchOf(...methods.map((name) => `${name} /api/data/v9.2/contacts(1) HTTP/1.1`));
        const isRead = methods.every((name) => name === 'GET');
        expect(await send({ method: 'POST', url: `${api}/$batch`, body })).toBe(isRead ? 'sent' : 'refused');
      }),
    );
  });

  it('makes the client refuse its own writes: every kind of update, and the making of a column', async () => {
    const written: string[] = [];
    const dataverse = createDataverse({
      url: 'https://contoso.crm.dynamics.com',
      identities: [
        { clientId: 'a', credential: { getToken: async () => ({ token: 't', expiresOnTimestamp: Date.now() + 9e6 }) } },
      ],
      telemetry: silentTelemetry,
      maxConcurrency: 4,
      freeBudgetPercent: 0,
      bypass: { customLogic: 'none', flows: false },
      isReadOnly: true,
      httpClient: {
        sendRequest: async (request) => {
          if (request.method !== 'GET') written.push(`${request.method} ${request.url}`);
          const headers = { get: () => undefined, toJSON: () => ({}) } as never;
          return { request, status: 200, headers, bodyAsText: '{"value":[]}' };
        },
      },
    });
    const table = { logicalName: 'contact', entitySetName: 'contacts', primaryId: 'contactid' } as never;
    const lookup = {
      table,
      referencedTable: table,
      schemaName: 'msdynci_lookupfield_customerprofile',
      displayName: 'Customer Profile',
      description: 'x',
      relationshipSchemaName: 'x',
    };
    await expect(dataverse.createLookup(lookup)).rejects.toSatisfy(isReadOnlyError);
    for (const rows of [[{ id: 'a' }], Array.from({ length: 50 }, (_, at) => ({ id: `a${at}` }))]) {
      const values = rows.map(({ id }) => ({ id, values: { x: 1 } }));
      const { written: none, stopped } = await dataverse.update({ table, rows: values } as never);
      expect(none).toEqual([]);
      expect(stopped).toSatisfy(isReadOnlyError);
    }
    expect(written).toEqual([]);
  });
});
