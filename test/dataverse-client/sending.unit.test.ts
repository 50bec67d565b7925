import { describe, expect, it } from 'vitest';
import { isRetryableError, isTerminalError } from '../../shared/errors.ts';
import { createFakeDataverse, fault } from './fake-http.ts';

const throttled = (seconds: number) => ({
  status: 429,
  headers: { 'Retry-After': String(seconds) },
  body: fault('0x80072322', 'Number of requests exceeded the limit of 6000 over time window of 300 seconds.'),
});
const page = { body: { value: [{ contactid: '1' }] } };
const readPage = { entitySetName: 'contacts', select: ['contactid'], pageSize: 10 };

describe('sending', () => {
  it('I9 sends nothing in an identity name while its Retry-After runs, whoever asks', async () => {
    const { dataverse, seen } = createFakeDataverse((_, count) => (count === 1 ? throttled(12) : page));

    const first = dataverse.readPage(readPage);
    await new Promise(setImmediate);
    await Promise.all([first, dataverse.readPage(readPage), dataverse.countRows('contact')]);

    expect(seen.map(({ at }) => at)[0]).toBe(0);
    expect(seen.slice(1).every(({ at }) => at >= 12_000)).toBe(true);
    expect(seen.length).toBe(4);
  });

  it('goes on in the name of another identity meanwhile', async () => {
    const { dataverse, seen, now } = createFakeDataverse(
      ({ clientId }) => (clientId === 'app-1' ? throttled(300) : page),
      { clientIds: ['app-1', 'app-2'] },
    );

    await dataverse.readPage(readPage);
    await dataverse.readPage(readPage);

    expect(now()).toBe(0);
    expect(seen.map(({ clientId }) => clientId)).toEqual(['app-1', 'app-2', 'app-2']);
  });

  it('retries what may pass and gives up for now when it does not', async () => {
    const passing = createFakeDataverse((_, count) => (count < 4 ? { status: 503 } : page));
    const lasting = createFakeDataverse(() => ({ status: 503 }));

    await expect(passing.dataverse.readPage(readPage)).resolves.toMatchObject({ rows: [{ contactid: '1' }] });
    await expect(lasting.dataverse.readPage(readPage)).rejects.toSatisfy(isRetryableError);
    expect(lasting.seen.length).toBe(6);
  });

  it('fetches the token once more on 401, then leaves the identity out', async () => {
    const { dataverse, seen } = createFakeDataverse(({ clientId }) => (clientId === 'app-1' ? { status: 401 } : page), {
      clientIds: ['app-1', 'app-2'],
    });

    await dataverse.readPage(readPage);
    await dataverse.readPage(readPage);

    expect(seen.filter(({ clientId }) => clientId === 'app-1').length).toBeLessThanOrEqual(2);
    expect(seen.at(-1)?.clientId).toBe('app-2');
  });

  it('names the missing privilege where every identity lacks it, and asks anew next time', async () => {
    const text = "Principal user [...], is missing prvReadContact privilege [...] on OTC=2 for entity 'contact'";
    const { dataverse, seen } = createFakeDataverse((_, count) =>
      count === 1 ? { status: 403, body: fault('0x80040220', text) } : page,
    );

    await expect(dataverse.readPage(readPage)).rejects.toSatisfy(
      (error) => isTerminalError(error) && error.message.includes('prvReadContact'),
    );
    await dataverse.readPage(readPage);
    expect(seen.length).toBe(2);
  });

  it('never follows a link to another origin', async () => {
    const { dataverse, seen } = createFakeDataverse(() => page);

    const reading = dataverse.readPage({ ...readPage, nextLink: 'https://elsewhere.example/api/data/v9.2/contacts' });

    await expect(reading).rejects.toThrow(/outside the organisation/);
    expect(seen).toEqual([]);
  });

  it('throws the reason of an aborted signal and sends nothing more', async () => {
    const controller = new AbortController();
    const { dataverse, seen } = createFakeDataverse(() => {
      controller.abort(new Error('time is over'));
      return { status: 503 };
    });

    await expect(dataverse.readPage(readPage, controller.signal)).rejects.toThrow('time is over');
    expect(seen.length).toBe(1);
  });

  it('sends no cookie, whatever the service sets', async () => {
    const { dataverse, seen } = createFakeDataverse(() => ({
      ...page,
      headers: { 'Set-Cookie': 'ARRAffinity=abc; path=/; secure; HttpOnly' },
    }));

    await dataverse.readPage(readPage);
    await dataverse.readPage(readPage);

    expect(seen.every(({ headers }) => !Object.keys(headers).some((name) => name.toLowerCase() === 'cookie'))).toBe(
      true,
    );
  });
});
