import { describe, expect, it } from 'vitest';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { contact, createFakeClock, createFakeDataverse, type FakeAnswer, guid, type SeenRequest } from './fake-http.ts';
import { createModelledService, documented, type ServiceModel } from './modelled-service.ts';

const WINDOW_S = 300;

/** Writes rows through the client against a modelled service, on a clock that jumps, several pages side by side. */
async function writeRows(
  rows: number,
  model: Partial<ServiceModel>,
  options: {
    readonly identities?: number;
    readonly freeBudgetPercent?: number;
    readonly maxConcurrency?: number;
    /** Pages written side by side. */
    readonly pages?: number;
    /** Time between two pages, in which only reading goes on. */
    readonly pauseMs?: number;
    /** What the way to the service adds to each answer, at a time. */
    readonly wayMs?: (now: number) => number;
  } = {},
) {
  const {
    identities = 1,
    freeBudgetPercent = 0,
    maxConcurrency = 40,
    pages = 2 + 2 * identities,
    pauseMs = 0,
    wayMs,
  } = options;
  const clock = createFakeClock();
  const service = createModelledService({ ...documented, ...model }, clock);
  const respond = async (request: SeenRequest): Promise<FakeAnswer> => {
    const answer = await service.respond(request);
    if (wayMs) await clock.sleep(wayMs(clock.now()));
    return answer;
  };
  const { dataverse } = createFakeDataverse(respond, {
    clock,
    clientIds: Array.from({ length: identities }, (_, n) => `app-${n + 1}`),
    telemetry: silentTelemetry,
    freeBudgetPercent,
    maxConcurrency,
  });
  const page = 5_000;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < rows) {
      const from = next;
      next += page;
      const ids = Array.from({ length: Math.min(page, rows - from) }, (_, n) => ({
        id: guid(from + n),
        values: { a: 1 },
      }));
      await dataverse.update({ table: contact, rows: ids });
      if (pauseMs > 0) await clock.sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: pages }, lane));
  const seconds = clock.now() / 1000;
  const { costPerRequestMs, costPerRowMs, executionMs, servers } = { ...documented, ...model };
  // In whole windows the budgets permit their sum, spent on requests of a thousand rows; what is left over is not judged.
  const windows = Math.floor(seconds / WINDOW_S);
  const limit = (windows * executionMs * servers * identities) / (costPerRowMs + costPerRequestMs / 1000);
  const done = service.samples
    .filter(({ at }) => at <= windows * WINDOW_S * 1000)
    .reduce((sum, one) => sum + one.rows, 0);
  const share = done / limit;
  return { ...service, seconds, share, refusedShare: service.stats.throttled / service.stats.requests };
}

describe('pacing', { timeout: 60_000 }, () => {
  it('reaches 95 % of what the budget permits over a million rows, and draws hardly a 429', async () => {
    const { share, refusedShare, stats } = await writeRows(1_000_000, {});

    expect(share).toBeGreaterThan(0.95);
    expect(refusedShare).toBeLessThan(0.01);
    expect(stats.early).toBe(0);
  });

  it('does so for a single table, whose pages are written one after another', async () => {
    for (const identities of [1, 4]) {
      const { share, stats } = await writeRows(
        1_000_000,
        { costPerRequestMs: 5 },
        { pages: 1, pauseMs: 1_000, identities },
      );

      expect(share).toBeGreaterThan(0.95);
      expect(stats.throttled).toBe(0);
    }
  });

  it('does so with four identities, each within its own budget', async () => {
    const { share, refusedShare, stats } = await writeRows(1_500_000, {}, { identities: 4 });

    expect(share).toBeGreaterThan(0.95);
    expect(refusedShare).toBeLessThan(0.01);
    expect(stats.early).toBe(0);
  });

  it('finds the budget without being told what is left', async () => {
    const { share, refusedShare, stats } = await writeRows(1_000_000, { headers: false });

    expect(share).toBeGreaterThan(0.95);
    expect(refusedShare).toBeLessThan(0.01);
    expect(stats.early).toBe(0);
  });

  it('uses the budgets of several web servers', async () => {
    const { share, refusedShare } = await writeRows(1_500_000, { servers: 3, dopHint: 15 });

    expect(share).toBeGreaterThan(0.9);
    expect(refusedShare).toBeLessThan(0.01);
  });

  it('follows the service where its count and ours drift apart', async () => {
    const { share, refusedShare } = await writeRows(
      1_000_000,
      { costPerRequestMs: 5 },
      { pages: 1, pauseMs: 1_000, wayMs: (now) => 3_000 * (1 + Math.sin(now / 200_000)) },
    );

    expect(share).toBeGreaterThan(0.9);
    expect(refusedShare).toBeLessThan(0.01);
  });

  it('believes refusals more than what it is told, where nodes that share a budget tell of their own', async () => {
    const { share, refusedShare, stats } = await writeRows(1_000_000, { nodes: 15 });

    expect(share).toBeGreaterThan(0.9);
    expect(refusedShare).toBeLessThan(0.02);
    expect(stats.early).toBe(0);
  });

  it('leaves half of the execution time free where asked, and uses the other half', async () => {
    const { samples, seconds } = await writeRows(300_000, {}, { freeBudgetPercent: 50 });
    // What a request costs is spread over the time it took.
    const used = (from: number, to: number): number =>
      samples.reduce((sum, { at, ms }) => sum + Math.max(0, Math.min(at, to) - Math.max(at - ms, from)), 0);
    const shares: number[] = [];
    for (let from = 0; from + 300_000 <= seconds * 1000 - 60_000; from += 30_000) {
      shares.push(used(from, from + 300_000) / documented.executionMs);
    }

    expect(Math.max(...shares)).toBeLessThanOrEqual(0.5);
    expect(Math.min(...shares)).toBeGreaterThan(0.45);
  });

  it('sends less within seconds when the organisation slows down, and comes back afterwards', async () => {
    const slow = { from: 100_000, to: 200_000 };
    const { samples } = await writeRows(
      1_200_000,
      {
        executionMs: 100_000_000,
        dopHint: 8,
        costPerRequestMs: 100,
        costPerRowMs: 4,
        slowdown: (now) => (now >= slow.from && now < slow.to ? 3 : 1),
      },
      { maxConcurrency: 16 },
    );
    const inFlight = (from: number, to: number): number => {
      const those = samples.filter(({ at }) => at >= from && at < to);
      return those.reduce((sum, sample) => sum + sample.inFlight, 0) / those.length;
    };

    expect(inFlight(115_000, slow.to)).toBeLessThan(0.5 * inFlight(50_000, slow.from));
    expect(inFlight(260_000, 300_000)).toBeGreaterThan(0.7 * inFlight(50_000, slow.from));
  });

  it('stays near the knee where more at once only makes each slower', async () => {
    const { stats } = await writeRows(100_000, { contention: 1, executionMs: 100_000_000, dopHint: 5 });

    expect(stats.maxInFlight).toBeLessThanOrEqual(10);
  });

  it('needs fewer at once after a concurrency limit, not minutes of waiting', async () => {
    const { seconds, stats } = await writeRows(100_000, { concurrency: 6, executionMs: 100_000_000, dopHint: 10 });

    expect(stats.throttled).toBeLessThan(20);
    expect(seconds).toBeLessThan(1.3 * ((100_000 * 0.0205) / 6));
  });
});
