import type { RunWithTasks } from '../shared/contracts/run.ts';
import { type AppClient, AppError } from './app-client.ts';
import { UsageError } from './usage-error.ts';

/** Which runs are meant; all where nothing is said. */
export interface RunFilter {
  readonly status?: string | undefined;
  readonly mode?: string | undefined;
  readonly table?: string | undefined;
  /** ISO 8601. */
  readonly since?: string | undefined;
}

/** Runs looked at for the beginning of an id, at most. */
const maxLookedAt = 500;

export async function newestRuns(app: AppClient, limit: number, filter: RunFilter = {}): Promise<RunWithTasks[]> {
  const runs: RunWithTasks[] = [];
  let continuation: string | undefined;
  do {
    const pageSize = String(Math.min(100, limit - runs.length));
    const page = await app.runs({ ...filter, pageSize, continuation });
    runs.push(...page.runs);
    continuation = page.continuation;
  } while (continuation !== undefined && runs.length < limit);
  return runs;
}

/** Runs that have not ended, newest first. */
export const runsUnderWay = async (app: AppClient): Promise<RunWithTasks[]> =>
  (await newestRuns(app, maxLookedAt, { status: 'Queued,Refreshing' })).filter(({ endedAt }) => endedAt === undefined);

/** A run by its id, the beginning of it, or as the latest. */
export async function findRun(app: AppClient, name: string): Promise<RunWithTasks> {
  if (/^[0-9a-f]{32}$/.test(name)) {
    const run = await app.run(name);
    if (run === undefined) throw new AppError(`There is no run ${name}.`, 404);
    return run;
  }
  if (name !== 'latest' && !/^[0-9a-f]{4,31}$/.test(name)) {
    throw new UsageError(`${name}: must be a run's id, at least four of its first characters, or "latest".`);
  }
  const runs = await newestRuns(app, name === 'latest' ? 1 : maxLookedAt);
  const found = name === 'latest' ? runs : runs.filter(({ runId }) => runId.startsWith(name));
  const [run, other] = found;
  if (run === undefined)
    throw new AppError(name === 'latest' ? 'There is no run yet.' : `No run begins with ${name}.`, 404);
  if (other !== undefined) throw new UsageError(`Several runs begin with ${name}: give more of the id.`);
  return run;
}
