import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { PassPerformance } from './contenders/backstamp.ts';
import { type Contestant, contestants } from './contestants.ts';
import {
  type ContenderFigures,
  contenderFigures,
  type Figures,
  type GrowthFigures,
  type IdentityFigures,
  median,
  type PluginFigures,
  ratesOver,
} from './figures.ts';
import { limitOver, limitRowsPerSecond, type Model, model, sustainedRate } from './model.ts';
import { type BenchOrganisation, changeMap, startOrganisation } from './organisation.ts';
import { plot } from './plot.ts';
import { printTables } from './print.ts';
import { WorkerProcess } from './worker-process.ts';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});

/** Sizes of everything; `--quick` does the same with a tenth of the rows, once, on faster clocks. */
const plan = options.quick
  ? { rows: 100_000, sizes: [1_000, 10_000, 100_000], changes: [0, 10, 1_000], rounds: 1, seconds: 300 }
  : { rows: 1_000_000, sizes: [10_000, 100_000, 1_000_000], changes: [0, 100, 10_000], rounds: 3, seconds: 600 };

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

interface Run {
  readonly performance: PassPerformance;
  readonly figures: ContenderFigures;
}

/** One contender, once, on an organisation whose counters and limits begin anew. */
async function runOnce(
  contestant: Contestant,
  organisation: BenchOrganisation,
  given: { readonly rows: number; readonly concurrency: number; readonly identities?: number; readonly model?: Model },
): Promise<Run> {
  const { identities = 1, model: limits = model } = given;
  const timeScale = options.quick ? contestant.quickTimeScale : contestant.timeScale;
  const { url } = organisation;
  const { rows, concurrency } = given;
  const { seconds } = plan;
  const assignment = { url, timeScale, rows, seconds, identities, concurrency, batch: contestant.batch };
  await organisation.restart(limits, timeScale);
  const worker = new WorkerProcess(contestant.worker, assignment);
  const performance = await worker.work();
  await worker.stop();
  const figures = contenderFigures(contestant.name, performance, await organisation.stats(), limits);
  say(`  ${contestant.name}: ${figures.rowsPerSecond.toFixed(1)} rows/s, ${figures.throttled} times 429`);
  return { performance, figures };
}

const [backstamp, ...others] = contestants;
if (!backstamp) throw new Error('Backstamp is missing among the contestants.');

/** A first pass of Backstamp over an organisation made for it alone. */
async function firstPass(rows: number, identities: number, limits: Model = model): Promise<Run> {
  const organisation = await startOrganisation(rows, { identities, withLookup: false });
  try {
    return await runOnce(backstamp as Contestant, organisation, { rows, concurrency: 0, identities, model: limits });
  } finally {
    await organisation.stop();
  }
}

/** All contenders in turn, several rounds, so that a bad moment of the machine meets everybody. */
async function compare(): Promise<{ readonly contenders: readonly ContenderFigures[]; readonly best: Run }> {
  const runs = new Map<string, ContenderFigures[]>();
  const add = (figures: ContenderFigures): void => {
    runs.set(figures.name, [...(runs.get(figures.name) ?? []), figures]);
  };
  let latest: Run | undefined;
  for (let round = 1; round <= plan.rounds; round++) {
    say(`Contenders, round ${round} of ${plan.rounds}`);
    latest = await firstPass(plan.rows, 1);
    add(latest.figures);
    const organisation = await startOrganisation(plan.rows, { identities: 1, withLookup: true });
    for (const contestant of others) {
      const tries: ContenderFigures[] = [];
      for (const concurrency of options.quick ? contestant.concurrency.slice(-1) : contestant.concurrency) {
        tries.push((await runOnce(contestant, organisation, { rows: plan.rows, concurrency })).figures);
      }
      const best = tries.sort((a, b) => b.rowsPerSecond - a.rowsPerSecond)[0];
      if (best) add(best);
    }
    await organisation.stop();
  }
  if (!latest) throw new Error('There was no round.');
  return { contenders: [...runs.values()].map(median), best: latest };
}

/** How requests, time and memory grow: with rows in the first pass, with changes in later ones. */
async function grow(): Promise<readonly GrowthFigures[]> {
  const figures: GrowthFigures[] = [];
  const timeScale = options.quick ? 100 : 25;
  for (const rows of plan.sizes) {
    const organisation = await startOrganisation(rows, { identities: 1, withLookup: false });
    await organisation.restart(model, timeScale);
    const worker = new WorkerProcess('backstamp', {
      url: organisation.url,
      timeScale,
      rows,
      seconds: 0,
      identities: 1,
      concurrency: 0,
      batch: 0,
    });
    const pass = async (changes: number | null): Promise<void> => {
      await organisation.control('POST', 'stats/reset');
      const { seconds, cpuMs, peakMiB } = await worker.work();
      const { requests } = await organisation.stats();
      figures.push({ rows, changes, requests: requests.total, seconds, cpuMs, peakMiB });
      say(`  ${rows} rows, ${changes ?? 'all'} changes: ${requests.total} requests, ${seconds.toFixed(1)} s`);
    };
    await pass(null);
    if (rows === plan.rows) {
      for (const changes of plan.changes) {
        await changeMap(organisation, rows, changes);
        await pass(changes);
      }
    }
    await worker.stop();
    await organisation.stop();
  }
  return figures;
}

async function spread(one: Run): Promise<readonly IdentityFigures[]> {
  const figures: IdentityFigures[] = [];
  for (const identities of [1, 2, 4]) {
    const { performance, figures: run } = identities === 1 ? one : await firstPass(plan.rows, identities);
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
    const { performance } = await firstPass(plan.rows / 10, 1, costly);
    const rowsPerSecond = sustainedRate(performance.progress, performance.seconds, model.windowSeconds);
    figures.push({
      costPerPluginMs,
      rowsPerSecond,
      shareOfLimit: rowsPerSecond / limitOver(performance.seconds, costly),
    });
  }
  return figures;
}

/** Throughput and requests in flight over the time of Backstamp's last first pass. */
async function draw({ performance }: Run): Promise<void> {
  const directory = fileURLToPath(new URL('../../docs/performance/', import.meta.url));
  await mkdir(directory, { recursive: true });
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
    'in-flight.svg': plot('Requests in flight', { x: 'seconds', y: 'requests' }, [
      {
        name: 'Backstamp, one identity',
        colour: '#2f7ed8',
        points: performance.inFlight.map(({ seconds, requests }) => [seconds, requests] as const),
      },
    ]),
  };
  for (const [name, svg] of Object.entries(files)) await writeFile(join(directory, name), svg);
  say(`Plots: ${directory}`);
}

const { contenders, best } = await compare();
say('Growth');
const growth = await grow();
say('Identities');
const identities = await spread(best);
say('Plug-ins');
const plugins = await loadPlugins();
await draw(best);
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
  plugins,
};
if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else printTables(figures);
