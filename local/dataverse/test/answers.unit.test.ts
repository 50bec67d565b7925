import { describe, expect, it } from 'vitest';
import { guid, makeOrganisation } from './support.ts';

describe('every answer', () => {
  it('D1 carries version, request ids and the affinity cookie, and shows error details only on demand', async () => {
    const { get } = await makeOrganisation();

    const fine = await get('WhoAmI');
    const refused = await get(`contacts(${guid(1)})`);
    const detailed = await get(`contacts(${guid(1)})`, { prefer: 'odata.include-annotations="*"' });

    for (const answer of [fine, refused]) {
      expect(answer.headers['OData-Version']).toBe('4.0');
      expect(answer.headers['x-ms-service-request-id']).toMatch(/^[0-9a-f-]{36},[0-9a-f-]{36}$/);
      const [first, second] = (answer.headers.REQ_ID ?? '').split(',');
      expect(first).toBe(second);
      expect(answer.headers['Set-Cookie']).toMatch(/^ARRAffinity=[0-9a-f]+; path=\/; secure; HttpOnly$/);
    }
    expect(refused.status).toBe(404);
    expect(Object.keys(refused.json)).toEqual(['error']);
    expect(Object.keys(refused.json.error)).toEqual(['code', 'message']);
    expect(detailed.json.error['@Microsoft.PowerApps.CDS.HelpLink']).toContain('80040217');
    expect(detailed.json.error['@Microsoft.PowerApps.CDS.InnerError.Message']).toBe(refused.json.error.message);
  });

  it('D2 tells the recommended parallelism and what is left of the limits, with a thousands separator', async () => {
    const { get, control } = await makeOrganisation();
    await control('POST', 'limits', { dopHint: 7 });

    const first = await get('WhoAmI');
    const second = await get('WhoAmI');

    expect(first.headers['x-ms-dop-hint']).toBe('7');
    expect(first.headers['x-ms-ratelimit-time-remaining-xrm-requests']).toBe('1,200.00');
    const left = (answer: typeof first) => Number(answer.headers['x-ms-ratelimit-burst-remaining-xrm-requests']);
    expect(left(first) - left(second)).toBe(1);
  });
});

describe('authentication', () => {
  it('asks for a token, and takes none that has expired, is meant for others, or names a stranger', async () => {
    let now = Date.parse('2026-03-14T06:30:00Z');
    const { get, as, handle, control } = await makeOrganisation({ now: () => now });

    const none = await handle({ method: 'GET', url: 'http://org.example/api/data/v9.2/WhoAmI', headers: {}, body: '' });
    const stranger = await as(guid(99)).get('WhoAmI');
    const elsewhere = await get('http://other.example/api/data/v9.2/WhoAmI');
    await control('PUT', `application-users/${guid(5)}`, { privileges: 'all', disabled: true });
    const disabled = await as(guid(5)).get('WhoAmI');
    const fine = await get('WhoAmI');
    const { writeToken } = await import('../security/token.ts');
    const authorization = `Bearer ${writeToken('11111111-1111-4111-8111-111111111111', 'http://org.example', now + 1_000)}`;
    now += 60_000;
    const expired = await get('WhoAmI', { authorization });

    expect(none.status).toBe(401);
    expect(stranger.status).toBe(403);
    expect(stranger.json.error.message).toBe('The user is not a member of the organization.');
    expect(elsewhere.status).toBe(401);
    expect(disabled.status).toBe(403);
    expect(expired.status).toBe(401);
    expect(fine.status).toBe(200);
    expect(fine.json).toMatchObject({ UserId: expect.any(String), BusinessUnitId: expect.any(String) });
  });
});
