import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bulk, CLIENT, guid, makeOrganisation, part } from './support.ts';

const OTHER = '22222222-2222-4222-8222-222222222222';

async function withClock(limits: object) {
  let time = Date.parse('2026-03-14T06:30:00Z');
  const organisation = await makeOrganisation({ now: () => time });
  await organisation.control('PUT', `application-users/${OTHER}`, { privileges: 'all' });
  await organisation.control('POST', 'limits', limits);
  await organisation.load('contact', [{ contactid: guid(1), lastname: 'Ravn' }]);
  const stats = async () => (await organisation.control('GET', 'stats')).json;
  return { ...organisation, stats, later: (seconds: number) => (time += seconds * 1000) };
}

describe('service protection', () => {
  it('D29 refuses requests over the window with a whole Retry-After that grows if one goes on, each user on his own', async () => {
    const { get, as, later, stats } = await withClock({ requestsPerWindow: 8, windowSeconds: 300 });

    for (let i = 0; i < 8; i++) {
      expect((await get('WhoAmI')).status).toBe(200);
      later(10);
    }
    const refused = await get('WhoAmI');
    const other = await as(OTHER).get('WhoAmI');
    for (let i = 0; i < 20; i++) await get('WhoAmI');
    const insistent = await get('WhoAmI');
    later(Number(insistent.headers['Retry-After']));
    const afterwards = await get('WhoAmI');

    expect([refused.status, refused.json.error]).toEqual([
      429,
      {
        code: '0x80072322',
        message: 'Number of requests exceeded the limit of 8 over time window of 300 seconds.',
      },
    ]);
    expect(refused.headers['Retry-After']).toBe('220');
    expect(Number(insistent.headers['Retry-After'])).toBeGreaterThan(220);
    expect(other.status).toBe(200);
    expect(afterwards.status).toBe(200);
    expect((await stats()).throttled.requests).toBe(22);
  });

  it('D29 counts for each server by itself, going round without the cookie and staying with it', async () => {
    const { get } = await withClock({ requestsPerWindow: 2, servers: 3 });

    const round = [];
    for (let i = 0; i < 7; i++) round.push((await get('WhoAmI')).status);
    const { get: pinnedGet } = await withClock({ requestsPerWindow: 2, servers: 3 });
    const cookie = ((await pinnedGet('WhoAmI')).headers['Set-Cookie'] ?? '').split(';')[0] ?? '';
    const pinned = [];
    for (let i = 0; i < 2; i++) pinned.push((await pinnedGet('WhoAmI', { cookie })).status);

    expect(round).toEqual([200, 200, 200, 200, 200, 200, 429]);
    expect(pinned).toEqual([200, 429]);
  });

  it('D30 refuses at once what is too much at the same time, until some of it has ended', async () => {
    const { get, stats } = await withClock({ concurrency: 3, latencyMs: 30 });

    const together = await Promise.all(Array.from({ length: 5 }, () => get('WhoAmI')));
    const alone = await get('WhoAmI');

    const refused = together.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.json.error).toEqual({
      code: '0x80072326',
      message: 'Number of concurrent requests exceeded the limit of 3.',
    });
    expect(alone.status).toBe(200);
    expect(await stats()).toMatchObject({ throttled: { concurrency: 2 }, inFlight: 0, maxInFlight: 3 });
  });

  it('D31 refuses when the combined execution time is used up, in the words of the service', async () => {
    const { post, get, later } = await withClock({
      executionSeconds: 1_200,
      costPerRowMs: 400_000,
      timeScale: 100_000,
    });
    const rows = { Targets: [{ '@odata.type': 'Microsoft.Dynamics.CRM.contact', contactid: guid(1), lastname: 'X' }] };

    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await post(bulk('UpdateMultiple'), rows));
    later(0.01);
    const afterwards = await get('WhoAmI');

    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 429]);
    expect(answers[2]?.headers['x-ms-ratelimit-time-remaining-xrm-requests']).toBe('0.00');
    expect(answers[1]?.headers['x-ms-ratelimit-time-remaining-xrm-requests']).toBe('400.00');
    expect(answers[3]?.json.error).toEqual({
      code: '0x80072321',
      message:
        'Combined execution time of incoming requests exceeded limit of 1,200,000  milliseconds over time window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.',
    });
    expect(afterwards.status).toBe(200);
  });

  it('D31 counts the parts of a batch as operations, and tells Retry-After in its own seconds where asked', async () => {
    const { batch, get } = await withClock({
      executionSeconds: 10,
      costPerRequestMs: 4_000,
      timeScale: 100_000,
      retryAfterClock: 'service',
    });
    const parts = [1, 2, 3].map(() => part('GET', 'WhoAmI'));

    const answer = await batch(parts);
    const refused = await get('WhoAmI');

    expect(answer.headers['x-ms-ratelimit-time-remaining-xrm-requests']).toBe('0.00');
    expect(refused.status).toBe(429);
    expect(refused.headers['Retry-After']).toBe('300');
  });

  it('D32 counts a bulk message or batch as one request, and every target toward the entitlement', async () => {
    const { get, post, batch, stats, control } = await withClock({});
    await control('POST', 'stats/reset');

    const row = (n: number) => ({ '@odata.type': 'Microsoft.Dynamics.CRM.contact', contactid: guid(n), lastname: 'X' });
    await post(bulk('UpsertMultiple'), { Targets: [1, 2, 3, 4, 5].map(row) });
    await batch([1, 2].map((n) => part('PATCH', `contacts(${guid(n)})`, { lastname: 'Y' })));
    await get(`contacts(${guid(1)})?$select=lastname`);

    expect(await stats()).toMatchObject({
      requests: { total: 3, byKind: { upsertMultiple: 1, batch: 1, read: 1 } },
      byCaller: { [CLIENT]: { total: 3 } },
      entitlement: 8,
      rowsWritten: { contact: 7 },
      columnsWritten: { contact: { lastname: 7 } },
      rowsByWrite: { contact: { total: 7, rows: 5, moreThanOnce: 2, most: 2 } },
    });
  });

  it('D33 refuses a customization while another one is running, which is no throttling', async () => {
    const { post, get, stats } = await withClock({ customizationMs: 40 });
    const relationship = (name: string) => ({
      '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
      SchemaName: `new_${name}`,
      ReferencedEntity: 'account',
      ReferencingEntity: 'contact',
      Lookup: { SchemaName: `new_${name}`, DisplayName: { LocalizedLabels: [{ Label: name, LanguageCode: 1033 }] } },
    });

    const both = await Promise.all(['a', 'b'].map((name) => post('RelationshipDefinitions', relationship(name))));
    const later = await post('RelationshipDefinitions', relationship('b'));

    expect(both.map(({ status }) => status).sort()).toEqual([204, 429]);
    const refused = both.find(({ status }) => status === 429);
    expect(refused?.json.error.code).toBe('0x80071151');
    expect(refused?.json.error.message).toContain('Cannot start another [EntityCustomization]');
    expect(later.status).toBe(204);
    expect((await get('WhoAmI')).status).toBe(200);
    expect((await stats()).throttled).toEqual({ requests: 0, executionTime: 0, concurrency: 0, customization: 1 });
  });

  it('slows down beyond the recommended parallelism as far as the settings say', async () => {
    const { get, control } = await makeOrganisation();
    await control('POST', 'limits', { latencyMs: 40, dopHint: 1, contention: 1 });
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const time = async (requests: number) => {
      const began = performance.now();
      const work = Promise.all(Array.from({ length: requests }, () => get('WhoAmI')));
      await vi.runAllTimersAsync();
      await work;
      return Math.round(performance.now() - began);
    };

    expect(await time(1)).toBe(40);
    expect(await time(4)).toBe(160);
  });
});
