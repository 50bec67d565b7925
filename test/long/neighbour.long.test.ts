import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/dataverse/clock.ts';
import type { TableMetadata } from '../../shared/dataverse/dataverse.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { guid } from '../dataverse-client/fake-http.ts';
import { CLIENT_ID, type Organisation, startOrganisation } from '../dataverse-client/organisation.ts';

/** Seconds of the service in one of ours; few enough that the own time of a busy machine does not count for much. */
const timeScale = 15;
const windowSeconds = 300;
const executionSeconds = 1_200;
const rows = 1_600;

const running: Organisation[] = [];
afterEach(async () => {
  for (const organisation of running.splice(0)) await organisation.close();
});

/** Writes the same rows over and over for a time of the service's clock; tells what was in flight when. */
async function writeFor(
  seconds: number,
  given: { readonly limits: object; readonly freeBudgetPercent: number },
  meanwhile: (organisation: Organisation, elapsed: () => number) => Promise<void>,
): Promise<readonly { readonly at: number; readonly requests: number }[]> {
  const organisation = await startOrganisation();
  running.push(organisation);
  const ids = Array.from({ length: rows }, (_, n) => guid(n));
  await organisation.load(
    'contact',
    ids.map((contactid) => ({ contactid })),
  );
  const limits = { windowSeconds, executionSeconds, dopHint: 8, costPerRequestMs: 5, ...given.limits };
  await organisation.control('POST', 'limits', { ...limits, timeScale, retryAfterClock: 'service' });
  const inFlight: { at: number; requests: number }[] = [];
  const began = performance.now();
  const elapsed = () => ((performance.now() - began) / 1000) * timeScale;
  const dataverse = organisation.connect({
    maxConcurrency: 16,
    freeBudgetPercent: given.freeBudgetPercent,
    now: () => performance.now() * timeScale,
    sleep: (ms, signal) => systemClock.sleep(ms / timeScale, signal),
    telemetry: {
      ...silentTelemetry,
      record(metric, value) {
        if (metric === 'backstamp.dataverse.in_flight') inFlight.push({ at: elapsed(), requests: value });
      },
    },
  });
  const table = (await dataverse.readTables({ tables: ['contact'] })).get('contact') as TableMetadata;
  const ending = meanwhile(organisation, elapsed);
  for (let turn = 0; elapsed() < seconds; turn++) {
    await dataverse.update({ table, rows: ids.map((id) => ({ id, values: { fullname: `Turn ${turn}` } })) });
  }
  await ending;
  return inFlight;
}

/** Seconds of execution that the service says are left to the identity. */
async function executionLeft({ url }: Organisation): Promise<number> {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const token = `${encode({ alg: 'none' })}.${encode({ aud: url, appid: CLIENT_ID, exp })}.`;
  const { headers } = await fetch(`${url}/api/data/v9.2/WhoAmI`, { headers: { Authorization: `Bearer ${token}` } });
  return Number(headers.get('x-ms-ratelimit-time-remaining-xrm-requests')?.replaceAll(',', ''));
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, (seconds / timeScale) * 1000));

describe('a good neighbour', () => {
  it('uses 45 to 50 % of the execution time where half of it is to be left free', async () => {
    const shares: number[] = [];
    const limits = { costPerRowMs: 20 };
    await writeFor(1_200, { limits, freeBudgetPercent: 50 }, async (organisation, elapsed) => {
      // The first window fills up; from then on each moment looks back on a whole one.
      while (elapsed() < windowSeconds + 30) await pause(10);
      while (elapsed() < 1_190) {
        shares.push(1 - (await executionLeft(organisation)) / executionSeconds);
        await pause(20);
      }
    });
    console.log(`Share used: ${Math.min(...shares).toFixed(3)} to ${Math.max(...shares).toFixed(3)}`);

    expect(shares.length).toBeGreaterThan(20);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.5);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThanOrEqual(0.45);
    // 45 % on a quiet machine; a busy moment of it costs a turn of writes, which is 2.7 %.
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.42);
  });

  it('has fewer requests in flight soon after the organisation slows down, and as many as before when that is over', async () => {
    const slow = { from: 150, to: 300 };
    const limits = { costPerRowMs: 50, executionSeconds: 1_000_000 };
    const inFlight = await writeFor(500, { limits, freeBudgetPercent: 0 }, async (organisation, elapsed) => {
      while (elapsed() < slow.from) await pause(1);
      await organisation.control('POST', 'limits', { costPerRowMs: 150, costPerRequestMs: 15 });
      while (elapsed() < slow.to) await pause(1);
      await organisation.control('POST', 'limits', { costPerRowMs: 50, costPerRequestMs: 5 });
    });
    const most = (from: number, to: number): number => {
      const those = inFlight.filter(({ at }) => at >= from && at < to).map(({ requests }) => requests);
      return those.reduce((sum, one) => sum + one, 0) / those.length;
    };
    const [before, during, afterwards] = [most(100, slow.from), most(slow.from + 60, slow.to), most(420, 500)];
    console.log(
      `In flight: ${before.toFixed(1)} before, ${during.toFixed(1)} while slow, ${afterwards.toFixed(1)} after`,
    );

    expect(during).toBeLessThan(0.6 * before);
    expect(afterwards).toBeGreaterThan(0.7 * before);
  });
});
