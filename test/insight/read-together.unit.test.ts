import type { HttpClient, PipelineRequest } from '@azure/core-rest-pipeline';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';
import { createDataverse } from '../../shared/dataverse/client.ts';
import { isRetryableError, isTerminalError, isUnknownCallerError } from '../../shared/errors.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';

const caller = '00000000-0000-4000-8000-000000000001';
const read = { entitySetName: 'contacts', select: ['fullname'], id: '00000000-0000-4000-8000-000000000002' };
const list = { entitySetName: 'leads', select: ['subject'], filter: "subject eq 'O''Hara & Co'", top: 3 };

const part = (status: number, body: object): string =>
  `Content-Type: application/http\r\n\r\nHTTP/1.1 ${status} X\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}`;
const error = (code: string, message = 'Refused.') => ({ error: { code, message } });
const batch = (...parts: string[]) => ({
  status: 200,
  contentType: 'multipart/mixed; boundary=b',
  body: `${parts.map((one) => `--b\r\n${one}\r\n`).join('')}--b--\r\n`,
});

/** A client over canned answers, the last of which is given again and again. */
function clientOver(...answers: { status: number; contentType?: string; body: string }[]) {
  const requests: PipelineRequest[] = [];
  let at = 0;
  const httpClient: HttpClient = {
    async sendRequest(request) {
      requests.push(request);
      const answer = answers[Math.min(at++, answers.length - 1)];
      return {
        request,
        status: answer?.status ?? 500,
        headers: createHttpHeaders({ 'Content-Type': answer?.contentType ?? 'application/json' }),
        bodyAsText: answer?.body ?? '',
      };
    },
  };
  const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const dataverse = createDataverse({
    url: 'https://contoso.crm.dynamics.com',
    identities: [{ clientId: 'app', credential }],
    telemetry: silentTelemetry,
    maxConcurrency: 4,
    freeBudgetPercent: 0,
    bypass: { customLogic: 'none', flows: false },
    sleep: async () => {},
    httpClient,
  });
  return { dataverse, requests };
}
const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('reading together', () => {
  it('asks in the name of an identity that may act for others, where one may and another may not', async () => {
    const tokens: string[] = [];
    const logged: string[] = [];
    const telemetry = { ...silentTelemetry, log: (level: string) => void logged.push(level) };
    const answer = batch(part(200, { fullname: 'Ida' }));
    const httpClient: HttpClient = {
      async sendRequest(request) {
        const token = request.headers.get('Authorization') ?? '';
        tokens.push(token.replace('Bearer ', ''));
        const mayNot = error('0x80040220', 'Principal user is missing prvActOnBehalfOfAnotherUser privilege.');
        const isWriter = token.endsWith('writer');
        return {
          request,
          status: isWriter ? 403 : answer.status,
          headers: createHttpHeaders({ 'Content-Type': isWriter ? 'application/json' : answer.contentType }),
          bodyAsText: isWriter ? JSON.stringify(mayNot) : answer.body,
        };
      },
    };
    const identity = (clientId: string) => ({
      clientId,
      credential: { getToken: async () => ({ token: clientId, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    });
    const dataverse = createDataverse({
      ...{ url: 'https://contoso.crm.dynamics.com', identities: [identity('writer'), identity('app')] },
      ...{ telemetry, maxConcurrency: 4, freeBudgetPercent: 0, sleep: async () => {}, httpClient },
      bypass: { customLogic: 'none', flows: false },
    });
    for (let time = 1; time <= 3; time++) {
      expect(await dataverse.readTogether([read], caller)).toMatchObject([{ kind: 'rows' }]);
    }
    expect(tokens).toEqual(['writer', 'app', 'app', 'app']);
    // It is as it was granted, and nobody is alarmed.
    expect(logged.filter((level) => level !== 'debug')).toEqual(['info']);
  });

  it('sends all in one batch, in the name of the person', async () => {
    const { dataverse, requests } = clientOver(
      batch(part(200, { fullname: 'Ida' }), part(200, { value: [{ subject: 'a' }, { subject: 'b' }] })),
    );

    const answers = await dataverse.readTogether([read, list], caller);

    expect(answers).toEqual([
      { kind: 'rows', rows: [{ fullname: 'Ida' }] },
      { kind: 'rows', rows: [{ subject: 'a' }, { subject: 'b' }] },
    ]);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers.get('CallerObjectId')).toBe(caller);
    const body = String(requests[0]?.body);
    expect(body).toContain(`GET /api/data/v9.2/contacts(${read.id})?$select=fullname HTTP/1.1`);
    expect(body).toContain(`?$select=subject&$filter=${encodeURIComponent(list.filter)}&$top=3 HTTP/1.1`);
  });

  it('names nobody where nobody asks, and sends nothing for nothing', async () => {
    const { dataverse, requests } = clientOver(batch(part(200, {})));

    await dataverse.readTogether([read], undefined);
    await dataverse.readTogether([], caller);

    expect(requests.map(({ headers }) => headers.get('CallerObjectId'))).toEqual([undefined]);
  });

  it('tells a missing row from one that may not be seen', async () => {
    const { dataverse } = clientOver(
      batch(part(404, error('0x80040217', 'Does Not Exist')), part(403, error('0x80040220', 'is missing privilege'))),
    );

    expect(await dataverse.readTogether([read, list], caller)).toEqual([
      { kind: 'rows', rows: [] },
      { kind: 'denied' },
    ]);
  });

  it.each([
    ['a part that was throttled', batch(part(429, error('0x80072322'))), isRetryableError],
    ['a part that failed for now', batch(part(503, error('', 'Busy'))), isRetryableError],
    ['an answer cut short', { ...batch(part(200, {})), body: '--b\r\n' }, isRetryableError],
    ['too few answers', batch(), isRetryableError],
    [
      'a column that is not there',
      batch(part(400, error('0x0', "Could not find a property named 'x'"))),
      isTerminalError,
    ],
    ['a table that is not there', batch(part(404, error('0x8006088a', 'Resource not found'))), isTerminalError],
  ])('says what may be tried again and what not: %s', async (_, answer, isExpected) => {
    const { dataverse } = clientOver(answer);

    expect(isExpected(await thrownBy(dataverse.readTogether([list], caller)))).toBe(true);
  });

  it.each([
    ['0x80072560', 'The user is not a member of the organization.'],
    ['0x80040225', 'The specified user is disabled.'],
  ])('knows a person whom the organisation does not take (%s), and keeps its own identity', async (code, message) => {
    const refusal = { status: 403, body: JSON.stringify(error(code, message)) };
    const { dataverse } = clientOver(refusal, batch(part(200, { fullname: 'Ida' })));

    expect(isUnknownCallerError(await thrownBy(dataverse.readTogether([read], caller)))).toBe(true);
    expect(await dataverse.readTogether([read], undefined)).toEqual([{ kind: 'rows', rows: [{ fullname: 'Ida' }] }]);
  });
});
