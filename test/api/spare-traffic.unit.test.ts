import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ok, problem } from '../../shared/api/http-response.ts';
import { spareTraffic } from '../../shared/api/spare-traffic.ts';
import { bodyOf, request } from './requests.ts';

const large = { text: 'Completed with warnings '.repeat(200) };
const get = (headers: Record<string, string> = {}) => request('GET', '/api/status', { headers });
const headerOf = (answer: { readonly headers?: unknown }, name: string) =>
  (answer.headers as Record<string, string> | undefined)?.[name];

describe('traffic', () => {
  it('is spared where the caller has the answer already', async () => {
    const first = await spareTraffic(get(), ok(large));
    const etag = headerOf(first, 'etag') ?? '';
    expect(bodyOf(first)).toEqual(large);

    for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const second = await spareTraffic(get({ 'if-none-match': known }), ok(large));
      expect(second).toMatchObject({ status: 304, headers: { etag, 'cache-control': 'no-store' } });
      expect(second.body ?? second.jsonBody).toBeUndefined();
    }
  });

  it('is not where the answer became another one', async () => {
    const etag = headerOf(await spareTraffic(get(), ok({ status: 'Queued' })), 'etag') ?? '';
    const second = await spareTraffic(get({ 'if-none-match': etag }), ok({ status: 'Refreshing' }));
    expect(second.status).toBe(200);
    expect(headerOf(second, 'etag')).not.toBe(etag);
  });

  it('is compressed for callers who take that, and only for them', async () => {
    const packed = await spareTraffic(get({ 'accept-encoding': 'br, gzip;q=0.8' }), ok(large));
    expect(headerOf(packed, 'content-encoding')).toBe('gzip');
    expect(headerOf(packed, 'content-type')).toBe('application/json');
    expect(JSON.parse(gunzipSync(packed.body as Buffer).toString())).toEqual(large);
    expect((packed.body as Buffer).length).toBeLessThan(JSON.stringify(large).length / 5);

    for (const accepted of ['', 'br', 'gzip;q=0', 'gzip; q=0.000, br']) {
      const plain = await spareTraffic(get({ 'accept-encoding': accepted }), ok(large));
      expect(headerOf(plain, 'content-encoding')).toBeUndefined();
      expect(bodyOf(plain)).toEqual(large);
    }
    const small = await spareTraffic(get({ 'accept-encoding': 'gzip' }), ok({ status: 'healthy' }));
    expect(headerOf(small, 'content-encoding')).toBeUndefined();
  });

  it('leaves refusals, and answers to what changes something, as they are', async () => {
    const refusal = problem(404, 'Not found', 'There is none.');
    expect(await spareTraffic(get(), refusal)).toBe(refusal);
    const started = ok(large, 200);
    expect(await spareTraffic(request('POST', '/api/doctor'), started)).toBe(started);
  });
});
