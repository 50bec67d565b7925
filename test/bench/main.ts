import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureInstances } from '../scale/measure-instances.ts';
import type { PassPerformance } from './contenders/backstamp.ts';
import { type Contestant, contestants } from './contestants.ts';
import {
  type ContenderFigures,
  contenderFigures,
  type Figures,
  type GrowthFigures,
  type IdentityFigures,
  inFlightOver,
  median,
  type PluginFigures,
  type RefusalFigures,
  ratesOver,
} from './figures.ts';
import { limitOver, limitRowsPerSecond, type Model, model, sustainedRate } from './model.ts';
import { type BenchOrganisation, changeMap, startOrganisation, thinMap } from './organisation.ts';
import { plot } from './plot.ts';
import { instancesTable, printTables } from './print.ts';
import { compileWorkers, WorkerProcess } from './worker-process.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    instances: { type: 'boolean', default: false },
  },
});

/**
 * Sizes of everything; `--quick` does the same with a tenth of the rows, once, on faster clocks. `timeScale` is how much faster
 * than real the organisation runs: where so many answers a second would measure the machine, it runs slower.
 */
const plan = options.quick
  ? { rows: 100_000, smaller: [1_000, 10_000], changes: [0, 100, 1_000], rounds: 1, seconds: 300, timeScale: 95 }
  : { rows: 1_000_000, smaller: [10_000, 100_000], changes: [0, 100, 10_000], rounds: 3, seconds: 600, timeScale: 40 };

/** Rows that leave the map before a pass. */
const leaving = 100;

/** The page about performance shows what stands here; a quick run leaves that alone. */
const directory = fileURLToPath(
  new URL(options.quick ? '../../dist/performance/' : '../../docs/performance/', import.meta.url),
);
const keep = async (name: string, text: string): Promise<void> => {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, name), text);
};

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** One contender, once, on an organisation whose counters and limits begin anew. */
async function runOnce(
  contestant: Contestant,
  organisation: BenchOrganisation,
  given: { readonly rows: number; readonly concurrency: number },
): Promise<ContenderFigures> {
  const { url } = organisation;
  const { rows, concurrency } = given;
  const { timeScale } = plan;
  await organisation.restart(model, timeScale);
  const { batch, linksAll = false } = contestant;
  const seconds = linksAll && !options.quick ? Number.MAX_SAFE_INTEGER : plan.seconds;
  const worker = new WorkerProcess(contestant.worker, {
    url,
    timeScale,
    rows,
    seconds,
    identities: 1,
    concurrency,
    batch,
  });
  const performance = await worker.work();
  await worker.stop();
  return tell(contenderFigures(contestant.name, performance, await organisation.stats(), model));
}

function tell(figures: ContenderFigures): ContenderFigures {
  say(`  ${figures.name}: ${figures.rowsPerSecond.toFixed(1)} rows/s, ${figures.throttled} times 429`);
  return figures;
}

/** Backstamp after its first pass over an organisation made for it: both are still there. */
interface FirstPass {
  readonly performance: PassPerformance;
  readonly figures: ContenderFigures;
  readonly organisation: BenchOrganisation;
  readonly worker: WorkerProcess;
  readonly growth: GrowthFigures;
}

async function firstPass(
  rows: number,
  given: {
    readonly identities?: number;
    readonly limits?: Model;
    readonly timeScale?: number;
    readonly badShare?: number;
  } = {},
): Promise<FirstPass> {
  const { identities = 1, limits = model, timeScale = plan.timeScale / identities, badShare = 0 } = given;
  const organisation = await startOrganisation(rows, { identities, withLookup: false });
  await organisation.restart(limits, timeScale);
  if (badShare > 0) {
    const fault = { status: 400, code: '0x80040265', message: 'Profile link rejected.' };
    await organisation.control('POST', 'faults', { match: { rowShare: badShare }, fault });
  }
  const { url } = organisation;
  const worker = new WorkerProcess('backstamp', {
    url,
    timeScale,
    rows,
    // It ends when all is linked, and finds its own concurrency and batch size.
    seconds: 0,
    identities,
    concurrency: 0,
    batch: 0,
  });
  const performance = await worker.work();
  const stats = await organisation.stats();
  const figures = tell(contenderFigures('Backstamp', performance, stats, limits));
  const { seconds, cpuMs, peakMiB } = performance;
  const growth: GrowthFigures = {
    rows,
    pass: 'first',
    changes: null,
    requests: stats.requests.total,
    seconds,
    cpuMs,
    peakMiB,
  };
  return { performance, figures, organisation, worker, growth };
}

async function end({ worker, organisation }: FirstPass): Promise<void> {
  await worker.stop();
  await organisation.stop();
}

/**
 * All contenders in turn on one organisation, several rounds, so that a bad moment of the machine meets everybody. The others are
 * given the pairs to write: reading, resolving and comparing cost them nothing.
 */
async function compare(): Promise<{ readonly contenders: readonly ContenderFigures[]; readonly best: FirstPass }> {
  const runs = new Map<string, ContenderFigures[]>();
  const add = (figures: ContenderFigures): void => {
    runs.set(figures.name, [...(runs.get(figures.name) ?? []), figures]);
  };
  for (let round = 1; ; round++) {
    say(`Contenders, round ${round} of ${plan.rounds}`);
    const first = await firstPass(plan.rows);
    add(first.figures);
    // What follows in the last round needs the map as Backstamp left it, and nobody else changes that.
    for (const contestant of contestants) {
      const tries: ContenderFigures[] = [];
      for (const concurrency of options.quick ? contestant.concurrency.slice(-1) : contestant.concurrency) {
        tries.push(await runOnce(contestant, first.organisation, { rows: plan.rows, concurrency }));
      }
      const best = tries.sort((a, b) => b.rowsPerSecond - a.rowsPerSecond)[0];
      if (best) add(best);
    }
    if (round === plan.rounds) return { contenders: [...runs.values()].map(median), best: first };
    await end(first);
  }
}

/** How requests, time and memory grow: with rows in the first pass, with changes in later ones. */
async function grow(largest: FirstPass): Promise<readonly GrowthFigures[]> {
  const figures: GrowthFigures[] = [];
  for (const rows of plan.smaller) {
    const first = await firstPass(rows);
    figures.push(first.growth);
    await end(first);
  }
  figures.push(largest.growth);
  const { organisation, worker } = largest;
  await organisation.restart(model, plan.timeScale);
  const later = [...plan.changes.map((changes) => ['moved', changes] as const), ['left', leaving] as const];
  for (const [pass, changes] of later) {
    await (pass === 'moved' ? changeMap : thinMap)(organisation, plan.rows, changes);
    await organisation.control('POST', 'stats/reset');
    const { seconds, cpuMs, peakMiB } = await worker.work();
    const { requests } = await organisation.stats();
    figures.push({ rows: plan.rows, pass, changes, requests: requests.total, seconds, cpuMs, peakMiB });
  }
  for (const { rows, pass, changes, requests, seconds } of figures)
    say(`  ${rows} rows, ${changes ?? 'all'} ${pass}: ${requests} requests, ${seconds.toFixed(1)} s`);
  return figures;
}

async function spread(one: FirstPass): Promise<readonly IdentityFigures[]> {
  const figures: IdentityFigures[] = [];
  for (const identities of [1, 2, 4]) {
    const first = identities === 1 ? one : await firstPass(plan.rows, { identities });
    if (first !== one) await end(first);
    const { performance, figures: run } = first;
    const rowsPerSecond = sustainedRate(performance.progress, performance.seconds, model.windowSeconds);
    const requests = (run.requestsPer1000Rows * run.rows) / 1000;
    figures.push({
      identities,
      rowsPerSecond,
      shareOfLimit: rowsPerSecond / (limitOver(performance.seconds, model) * identities),
      throttledShare: run.throttled / requests,
    });
  }
  return figures;
}

/** Synchronous plug-ins make each row dearer; requests have to become smaller with it. */
async function loadPlugins(): Promise<readonly PluginFigures[]> {
  const figures: PluginFigures[] = [];
  for (const costPerPluginMs of [0, 20, 100]) {
    const costly = { ...model, costPerRowMs: model.costPerRowMs + costPerPluginMs };
    const timeScale = (plan.timeScale * costly.costPerRowMs) / model.costPerRowMs;
    const first = await firstPass(plan.rows / 10, { limits: costly, timeScale });
    await end(first);
    const { performance } = first;
    const rowsPerSecond = sustainedRate(performance.progress, performance.seconds, model.windowSeconds);
    figures.push({
      costPerPluginMs,
      rowsPerSecond,
      shareOfLimit: rowsPerSecond / limitOver(performance.seconds, costly),
    });
  }
  return figures;
}

/** Rows that are refused cost requests: those scattered among good ones, and a plug-in that refuses all. */
async function refuse(): Promise<readonly RefusalFigures[]> {
  const figures: RefusalFigures[] = [];
  const rows = plan.rows / 10;
  for (const badShare of [0, 0.001, 0.01, 0.05, 1]) {
    const first = await firstPass(rows, { badShare });
    await end(first);
    const { requests } = first.growth;
    const { linked, status } = first.performance;
    const timesTheRequests = requests / (figures[0]?.requests ?? requests);
    figures.push({ badShare, rows, requests, timesTheRequests, linked, status });
  }
  return figures;
}

/** Throughput and requests in flight over the time of Backstamp's last first pass. */
async function draw({ performance }: FirstPass): Promise<void> {
  const limit = limitRowsPerSecond(model);
  const throughput = ratesOver(performance.progress, model.windowSeconds / 5);
  const end = throughput.at(-1)?.[0] ?? 0;
  const files = {
    'throughput.svg': plot(
      `Rows per second, first pass over ${performance.rows.toLocaleString('en-US')} rows`,
      { x: 'seconds', y: 'rows/s' },
      [
        { name: 'Backstamp, one identity', colour: '#2f7ed8', points: throughput },
        {
          name: 'what the budget sustains',
          colour: '#c0504d',
          points: [
            [0, limit],
            [end, limit],
          ],
        },
      ],
    ),
    'in-flight.svg': plot('Requests in flight, on average over 15 s', { x: 'seconds', y: 'requests' }, [
      {
        name: 'Backstamp, one identity',
        colour: '#2f7ed8',
        points: inFlightOver(performance.inFlight, model.windowSeconds / 20),
      },
    ]),
  };
  for (const [name, svg] of Object.entries(files)) await keep(name, svg);
  say(`Figures and plots: ${directory}`);
}

if (options.instances) {
  process.stdout.write(`${instancesTable(await measureInstances())}\n`);
  process.exit();
}
await compileWorkers();
const { contenders, best } = await compare();
say('Growth');
const growth = await grow(best);
await end(best);
await draw(best);
say('Identities');
const identities = await spread(best);
say('Instances');
const instances = await measureInstances();
say('Plug-ins');
const plugins = await loadPlugins();
say('Refused rows');
const refusals = await refuse();
const figures: Figures = {
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
  model,
  limitRowsPerSecond: limitRowsPerSecond(model),
  contenders,
  growth,
  identities,
  instances,
  plugins,
  refusals,
};
await keep('figures.json', `${JSON.stringify(figures, undefined, 2)}\n`);
if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else printTables(figures);
