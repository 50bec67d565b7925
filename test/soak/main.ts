import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { callStandIn } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { verifyLinks } from '../../local/sample/verify-links.ts';
import { localClientId } from '../../local/stack.ts';
import { runListSchema } from '../../shared/api/schemas.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { SoakWorld } from './world.ts';

/*
 * The stack for minutes on end: unifications, edits by others, operators, deaths of the host, outages of broker and
 * storage, refusals of Dataverse, in random order. In the end every link must be right, every run ended, every queue
 * empty. Ends with code 0 only then.
 */

const usage = 'npm run soak -- [--minutes 30] [--rows 4000] [--seed N]';
const { values } = parseArgs({
  options: { minutes: { type: 'string' }, rows: { type: 'string' }, seed: { type: 'string' } },
});
const number = (name: keyof typeof values, standard: number): number => {
  const given = Number(values[name] ?? standard);
  if (Number.isFinite(given) && given > 0) return given;
  console.error(`--${name} must be a number above 0: ${usage}`);
  return process.exit(2);
};
const minutes = number('minutes', 30);
const rows = number('rows', 4_000);
const seed = number('seed', (Date.now() % 1_000_000) + 1);

/** Random numbers that a seed gives again (mulberry32). */
function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = createRandom(seed);
const between = (least: number, most: number): number => least + random() * (most - least);
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

const json = async (stack: TestStack, method: string, route: string, body?: unknown): Promise<unknown> => {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await stack.call(route, { method, ...init });
  return response.json();
};

const brokerFault = async ({ brokerControlUrl }: TestStack, fault: unknown): Promise<void> => {
  await fetch(`${brokerControlUrl}/__control/faults`, { method: 'POST', body: JSON.stringify(fault) });
};
const dataverseFault = (stack: TestStack, fault: unknown): Promise<Response> =>
  callStandIn(stack.dataverseUrl, '/__control/faults', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
const clearDataverse = (stack: TestStack): Promise<Response> =>
  callStandIn(stack.dataverseUrl, '/__control/faults', { method: 'DELETE' });

let events = 0;
const postEvent = (stack: TestStack): Promise<unknown> =>
  json(stack, 'POST', '/api/unification-events', { eventId: `soak-${++events}`, source: 'soak' });

/** What may happen, how often in comparison, and what it says of itself. */
const happenings: readonly (readonly [weight: number, (stack: TestStack, world: SoakWorld) => Promise<string>])[] = [
  [30, (_stack, world) => world.change()],
  [
    12,
    async (stack) => {
      await postEvent(stack);
      return 'a unification completes';
    },
  ],
  [
    3,
    async (stack) => {
      const mode = random() < 0.5 ? 'full' : 'rehearsal';
      await json(stack, 'POST', '/api/runs', { mode });
      return `an operator starts a run: ${mode}`;
    },
  ],
  [
    2,
    async (stack) => {
      const { runs } = runListSchema.parse(await json(stack, 'GET', '/api/runs'));
      const open = runs.find(({ endedAt }) => endedAt === undefined);
      if (open !== undefined) await json(stack, 'POST', `/api/runs/${open.runId}/cancel`);
      return 'an operator cancels the newest run that goes on';
    },
  ],
  [
    2,
    async (stack) => {
      await stack.kill('host');
      await stack.restart('host');
      return 'the host dies';
    },
  ],
  [
    2,
    async (stack) => {
      const forMs = Math.round(between(500, 6_000));
      await brokerFault(stack, { kind: 'refuse-connections', forMs });
      await brokerFault(stack, { kind: 'drop-all-connections' });
      await sleep(forMs);
      return `the broker is away for ${forMs} ms`;
    },
  ],
  [
    1,
    async (stack) => {
      await stack.restart('tables');
      return 'Table Storage restarts';
    },
  ],
  [
    3,
    async (stack) => {
      const status = random() < 0.5 ? 503 : 429;
      const fault = status === 429 ? { status, code: '0x80072322', retryAfter: 1 } : { status };
      await dataverseFault(stack, { fault, probability: 0.3, times: 40 });
      return `Dataverse answers ${status} now and then`;
    },
  ],
  [
    2,
    async (stack) => {
      await dataverseFault(stack, { fault: { drop: true }, probability: 0.3, times: 20 });
      return 'connections to Dataverse break';
    },
  ],
  [
    2,
    async (stack) => {
      await clearDataverse(stack);
      return 'Dataverse is well again';
    },
  ],
];

async function happen(stack: TestStack, world: SoakWorld): Promise<void> {
  let at = random() * happenings.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, act] of happenings) {
    at -= weight;
    if (at > 0) continue;
    try {
      say(await act(stack, world));
    } catch (error) {
      // Whoever asks an app whose host is away gets no answer; that is part of it.
      say(`(not done: ${error instanceof Error ? error.message.slice(0, 120) : String(error)})`);
    }
    return;
  }
}

/** Resident memory of the process that listens on the host's port, in MiB; undefined where it cannot be told. */
async function memoryOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
}

/** Waits until every run has ended; the number of those that have not after some minutes. */
async function settle(stack: TestStack): Promise<number> {
  for (let tries = 0; ; tries++) {
    const open: string[] = [];
    let continuation: string | undefined;
    do {
      const query = continuation === undefined ? '' : `?continuation=${encodeURIComponent(continuation)}`;
      const page = runListSchema.parse(await json(stack, 'GET', `/api/runs${query}`));
      open.push(...page.runs.filter(({ endedAt }) => endedAt === undefined).map(({ runId }) => runId));
      continuation = page.continuation ?? undefined;
    } while (continuation !== undefined);
    if (open.length === 0 || tries > 600) return open.length;
    await sleep(1_000);
  }
}

const countsOf = async ({ brokerControlUrl }: TestStack, queue: string): Promise<Record<string, number>> => {
  const answer = await (await fetch(`${brokerControlUrl}/__control/queues/${queue}`)).json();
  return (answer as { counts: Record<string, number> }).counts;
};

async function soak(): Promise<string[]> {
  const organisation = generateOrganisation({ rows, seed });
  const folder = await mkdtemp(path.join(tmpdir(), 'backstamp-soak-'));
  const stack = await startTestStack({
    tableStorageDir: folder,
    hostLogLevel: 'warn',
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(organisation)),
      BACKSTAMP_PAGE_SIZE: '500',
      BACKSTAMP_SLICE_SECONDS: '4',
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '2',
      BACKSTAMP_SETTLING_LIMIT_SECONDS: '60',
    },
  });
  try {
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
    const world = new SoakWorld(stack.dataverseUrl, organisation, random);
    say(`Soaking for ${minutes} minutes with seed ${seed}: ${rows} rows, ${world.size} of them change.`);
    await postEvent(stack);
    await settle(stack);
    const memory: number[] = [];
    const end = Date.now() + minutes * 60_000;
    while (Date.now() < end) {
      await happen(stack, world);
      const used = await memoryOf(stack.pidOf('host'));
      if (used !== undefined) memory.push(used);
      await sleep(between(20, 700));
    }

    say('Everything is well again; what is left is worked off.');
    await clearDataverse(stack);
    await settle(stack);
    await postEvent(stack);
    const open = await settle(stack);
    const faults: string[] = open === 0 ? [] : [`${open} runs have not ended`];
    for (const { table, right, rows: all, wrong } of await verifyLinks(stack.dataverseUrl, world)) {
      say(`${table}: ${right} of ${all} links are right`);
      if (right < all)
        faults.push(`${table}: ${all - right} wrong links, for example ${JSON.stringify(wrong.slice(0, 3))}`);
    }
    for (const queue of ['unification-events', 'link-tasks']) {
      const { active = 0, scheduled = 0, deadLetter = 0, locked = 0 } = await countsOf(stack, queue);
      say(`${queue}: ${active} active, ${scheduled} scheduled, ${locked} at work, ${deadLetter} dead`);
      if (active + deadLetter > 0) faults.push(`${queue} is not empty`);
    }
    say(`Memory of the host: ${Math.min(...memory)} to ${Math.max(...memory)} MiB.`);
    return faults;
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const faults = await soak();
for (const fault of faults) console.error(`FAULT  ${fault}`);
say(faults.length === 0 ? 'All is well.' : `Run it again with --seed ${seed}.`);
process.exit(faults.length === 0 ? 0 : 1);
