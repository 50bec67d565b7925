import type { RunWithTasks } from '../shared/contracts/run.ts';
import { isFinal } from '../shared/contracts/status.ts';
import { AppClient, AppError } from './app-client.ts';
import { type Command, parseArguments } from './arguments.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-code.ts';
import { runGrant, runRevoke } from './grant/run-grant.ts';
import { allSegments, countSegments, segmentsText } from './segments.ts';
import { discoveryText, doctorText, profileText, rowsText, runsText, runText, statusText } from './show.ts';
import { UsageError, usage } from './usage.ts';

/** What the command is given of the world. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly complain: (text: string) => void;
  /** Asks for a secret, where there is somebody to ask; undefined otherwise. */
  readonly askSecretly: (what: string) => Promise<string | undefined>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
}

const pollMs = 500;

/** Does what the words ask for; resolves to the exit code. */
export async function runCommand(words: readonly string[], world: World): Promise<ExitCode> {
  try {
    const { command, url, json } = parseArguments(words, world.environment);
    if (command.name === 'help') {
      world.write(`${usage}\n`);
      return exitCodes.ok;
    }
    if (command.name === 'grant') return await runGrant(command, json, world);
    if (command.name === 'revoke') return await runRevoke(command, json, world);
    const key = world.environment.BACKSTAMP_KEY ?? (await world.askSecretly('Function key'));
    if (key === undefined || key === '') throw new UsageError('Set BACKSTAMP_KEY to a function key of the app.');
    const token = world.environment.BACKSTAMP_TOKEN || undefined;
    return await follow(command, new AppClient(url, key, token), json, world);
  } catch (error) {
    if (error instanceof UsageError) {
      world.complain(`${error.message}\nTry "backstamp --help".\n`);
      return exitCodes.usage;
    }
    if (!(error instanceof AppError)) throw error;
    world.complain(`${error.message}\n`);
    return exitCodes.refused;
  }
}

async function follow(
  command: Exclude<Command, { name: 'help' | 'grant' | 'revoke' }>,
  app: AppClient,
  json: boolean,
  world: World,
): Promise<ExitCode> {
  const show = <T>(answer: T, text: (answer: T) => string): void =>
    world.write(json ? `${JSON.stringify(answer, undefined, 2)}\n` : text(answer));
  switch (command.name) {
    case 'status':
      show(await app.status(), statusText);
      return exitCodes.ok;
    case 'runs':
      show(await newestRuns(app, command.limit), (runs) => runsText(runs, world.now()));
      return exitCodes.ok;
    case 'show': {
      const run = await findRun(app, command.run);
      show(run, (found) => runText(found, world.now()));
      return exitCodeOf(run.status);
    }
    case 'cancel': {
      const { runId } = await findRun(app, command.run);
      show(
        await app.cancel(runId),
        ({ status }) => `Run ${runId}: ${status === 'Queued' ? 'being canceled' : status}\n`,
      );
      return exitCodes.ok;
    }
    case 'run': {
      const { mode, tables, beyondLimits, giveOwners, wait } = command;
      const accepted = await app.start({
        mode,
        ...(tables.length > 0 && { tables: [...tables] }),
        ...(beyondLimits && { beyondLimits }),
        ...(giveOwners && { giveOwners }),
      });
      if (!wait) {
        show(accepted, ({ runId }) => `Run ${runId} is on its way. See it with: backstamp show ${runId}\n`);
        return exitCodes.ok;
      }
      const run = await endOf(app, accepted.runId, world);
      show(run, (ended) => runText(ended, world.now()));
      return exitCodeOf(run.status);
    }
    case 'rows':
      return showRows(command, app, json, world);
    case 'profile':
      show(await app.profile(command.table, command.id), profileText);
      return exitCodes.ok;
    case 'segments':
      if (command.refresh) await countSegments(app, world);
      show(await allSegments(app), segmentsText);
      return exitCodes.ok;
    case 'discover': {
      const discovery = await app.discover();
      show(discovery, discoveryText);
      return discovery.setup === undefined ? exitCodes.bad : exitCodes.ok;
    }
    case 'doctor': {
      const report = await app.doctor();
      show(report, doctorText);
      if (report.checks.some(({ level }) => level === 'fault')) return exitCodes.bad;
      return report.checks.some(({ level }) => level === 'warning') ? exitCodes.warnings : exitCodes.ok;
    }
  }
}

async function newestRuns(app: AppClient, limit: number): Promise<RunWithTasks[]> {
  const runs: RunWithTasks[] = [];
  let continuation: string | undefined;
  do {
    const page = await app.runs(Math.min(100, limit - runs.length), continuation);
    runs.push(...page.runs);
    continuation = page.continuation;
  } while (continuation !== undefined && runs.length < limit);
  return runs;
}

/** A run by its id, the beginning of it, or as the latest. */
async function findRun(app: AppClient, name: string): Promise<RunWithTasks> {
  if (/^[0-9a-f]{32}$/.test(name)) {
    const run = await app.run(name);
    if (run === undefined) throw new AppError(`There is no run ${name}.`, 404);
    return run;
  }
  if (name !== 'latest' && !/^[0-9a-f]{4,31}$/.test(name)) {
    throw new UsageError(`${name}: must be a run's id, at least four of its first characters, or "latest".`);
  }
  const runs = await newestRuns(app, name === 'latest' ? 1 : 500);
  const found = name === 'latest' ? runs : runs.filter(({ runId }) => runId.startsWith(name));
  const [run, other] = found;
  if (run === undefined)
    throw new AppError(name === 'latest' ? 'There is no run yet.' : `No run begins with ${name}.`, 404);
  if (other !== undefined) throw new UsageError(`Several runs begin with ${name}: give more of the id.`);
  return run;
}

async function endOf(app: AppClient, runId: string, world: World): Promise<RunWithTasks> {
  for (;;) {
    const run = await app.run(runId);
    if (run !== undefined && run.endedAt !== undefined && isFinal(run.status)) return run;
    await world.sleep(pollMs);
  }
}

async function showRows(
  { run, table, outcome, search, limit, csv }: Extract<Command, { name: 'rows' }>,
  app: AppClient,
  json: boolean,
  world: World,
): Promise<ExitCode> {
  const { runId } = await findRun(app, run);
  let continuation: string | undefined;
  if (csv) {
    do {
      const page = await app.csv(runId, table, { outcome, search, continuation, pageSize: '1000' });
      world.write(page.text);
      continuation = page.continuation;
    } while (continuation !== undefined);
    return exitCodes.ok;
  }
  const rows = [];
  do {
    const pageSize = String(Math.min(1000, limit - rows.length));
    const page = await app.rows(runId, table, { outcome, search, continuation, pageSize });
    rows.push(...page.rows);
    continuation = page.continuation;
  } while (continuation !== undefined && rows.length < limit);
  const shown = rows.slice(0, limit);
  const hasMore = continuation !== undefined || rows.length > limit;
  world.write(json ? `${JSON.stringify(shown, undefined, 2)}\n` : rowsText(shown, hasMore));
  return exitCodes.ok;
}
