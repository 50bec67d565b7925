import type { FakeAnswer, SeenRequest } from './fake-http.ts';
import { fault } from './fake-http.ts';

/** How a pretended service behaves under load. Times in milliseconds of the fake clock. */
export interface ServiceModel {
  readonly servers: number;
  readonly executionMs: number;
  readonly requests: number;
  readonly concurrency: number;
  readonly dopHint: number;
  readonly costPerRequestMs: number;
  readonly costPerRowMs: number;
  /** Beyond the hint, requests take (in flight / hint) to this power times as long. */
  readonly contention: number;
  /** Whether answers tell what is left. */
  readonly headers: boolean;
  /** Nodes that share a server's budget, and tell what is left as if each had one of its own. */
  readonly nodes: number;
  /** How much slower everything is at a time: others load the organisation. */
  slowdown(now: number): number;
}

export const documented: ServiceModel = {
  servers: 1,
  executionMs: 1_200_000,
  requests: 6_000,
  concurrency: 52,
  dopHint: 5,
  costPerRequestMs: 500,
  costPerRowMs: 20,
  contention: 0,
  headers: true,
  nodes: 1,
  slowdown: () => 1,
};

const WINDOW_MS = 300_000;

interface Charge {
  readonly at: number;
  readonly ms: number;
}

/** A service that answers every UpdateMultiple with success, after its time, within the limits of its model. */
export function createModelledService(model: ServiceModel, clock: { now(): number; sleep(ms: number): Promise<void> }) {
  const budgets = new Map<
    string,
    { charges: Charge[]; requests: number[]; inFlight: number; told: number; until: number }
  >();
  const stats = { rows: 0, requests: 0, throttled: 0, early: 0, maxInFlight: 0 };
  /** In flight over time, and when rows were done. */
  const samples: { at: number; ms: number; inFlight: number; rows: number }[] = [];
  const refusedAt: number[] = [];
  let turn = 0;
  let inFlight = 0;

  const budgetOf = (clientId: string) => {
    const key = `${clientId}/${turn++ % model.servers}`;
    let budget = budgets.get(key);
    if (!budget) {
      budget = { charges: [], requests: [], inFlight: 0, told: 0, until: 0 };
      budgets.set(key, budget);
    }
    return budget;
  };

  async function respond({ path, body, clientId }: SeenRequest): Promise<FakeAnswer> {
    stats.requests++;
    if (path.startsWith('sdkmessagefilters')) return { body: { value: [{ sdkmessagefilterid: '1' }] } };
    const rows = body.split('"contactid"').length - 1;
    const budget = budgetOf(clientId);
    const now = clock.now();
    const refuse = (code: string, seconds: number): FakeAnswer => {
      stats.throttled++;
      refusedAt.push(now);
      return { status: 429, headers: { 'Retry-After': String(seconds) }, body: fault(code, 'Limit exceeded.') };
    };
    if (now < budget.until) {
      if (now > budget.told) stats.early++;
      budget.until += 1_000;
      return refuse('0x80072321', Math.ceil((budget.until - now) / 1000));
    }
    if (budget.inFlight >= model.concurrency) return refuse('0x80072326', 1);
    budget.charges = budget.charges.filter(({ at }) => at > now - WINDOW_MS);
    budget.requests = budget.requests.filter((at) => at > now - WINDOW_MS);
    const used = budget.charges.reduce((sum, { ms }) => sum + ms, 0);
    const spent = used >= model.executionMs;
    if (spent || budget.requests.length >= model.requests) {
      const first = (spent ? budget.charges[0]?.at : budget.requests[0]) ?? now;
      const seconds = Math.max(1, Math.ceil((first + WINDOW_MS - now) / 1000));
      budget.told = now;
      budget.until = now + seconds * 1000;
      return refuse(spent ? '0x80072321' : '0x80072322', seconds);
    }
    budget.requests.push(now);
    budget.inFlight++;
    inFlight++;
    stats.maxInFlight = Math.max(stats.maxInFlight, inFlight);
    const load = Math.max(1, inFlight / model.dopHint) ** model.contention;
    const ms = (model.costPerRequestMs + model.costPerRowMs * rows) * load * model.slowdown(now);
    await clock.sleep(ms);
    budget.inFlight--;
    stats.rows += rows;
    samples.push({ at: clock.now(), ms, inFlight, rows });
    inFlight--;
    budget.charges.push({ at: clock.now(), ms });
    const spentNow = budget.charges.reduce((sum, { at, ms }) => (at > clock.now() - WINDOW_MS ? sum + ms : sum), 0);
    const left = (model.executionMs - spentNow / model.nodes) / 1000;
    return {
      status: 204,
      body: '',
      headers: model.headers
        ? {
            'x-ms-dop-hint': String(model.dopHint),
            'x-ms-ratelimit-time-remaining-xrm-requests': Math.max(0, left).toLocaleString('en-US', {
              minimumFractionDigits: 2,
            }),
            'x-ms-ratelimit-burst-remaining-xrm-requests': String(model.requests - budget.requests.length),
          }
        : { 'x-ms-dop-hint': String(model.dopHint) },
    };
  }
  return { respond, stats, samples, refusedAt };
}
