import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { StatusAnswer, Task } from '../contracts/run.ts';
import { taskGroup } from '../contracts/status.ts';
import type { RunParts } from '../runs/parts.ts';
import { tablesOf, workOf } from '../runs/work.ts';
import { ok } from './http-response.ts';

/** Runs read at a time: the newest nearly always tells of every table; of the rest, some recent one does. */
const pageSizes = [1, 5, 25];
/** Older runs than these are not looked at: their tables stand in the run history. */
const maxRuns = 106;

/** What Settings > System > Status shows: what each table's task is, in the original's group and under its name. */
export async function showStatus(
  parts: Pick<RunParts, 'runs' | 'works' | 'unlistedTables'>,
  _request: HttpRequest,
): Promise<HttpResponseInit> {
  const tasks = [...(await statedTasks(parts)).values()].sort((a, b) => a.table.localeCompare(b.table));
  const lastUpdated = tasks.reduce<string | null>(
    (last, { updatedAt }) => (last === null || updatedAt > last ? updatedAt : last),
    null,
  );
  const nameOf = (task: Task): string => workOf(parts.works, task)?.taskName ?? `${task.kind}`;
  const look = await parts.unlistedTables.read();
  const listed = tablesOf(parts.works);
  const answer: StatusAnswer = {
    lastUpdated,
    tables: parts.works.flatMap((work) => work.tables().map((table) => ({ table, kind: work.kind }))),
    ...(look === undefined ? {} : { unlisted: look.tables.filter(({ table }) => !listed.includes(table)) }),
    groups: [{ name: taskGroup, count: tasks.length, tasks: tasks.map((task) => ({ name: nameOf(task), ...task })) }],
  };
  return ok(answer);
}

/**
 * By table: the newest task; but a task at work comes before those that were queued or canceled later, for it is what
 * happens to the table now. A rehearsal changes nothing, so it says nothing of a table's state.
 */
async function statedTasks(parts: Pick<RunParts, 'runs' | 'works'>): Promise<ReadonlyMap<string, Task>> {
  const stated = new Map<string, Task>();
  /** Tables of which an older run may still tell something better. */
  const open = new Set(tablesOf(parts.works));
  let continuation: string | undefined;
  let seen = 0;
  for (let turn = 0; open.size > 0 && seen < maxRuns; turn++) {
    const pageSize = pageSizes[turn] ?? 25;
    const page = await parts.runs.listRecent(pageSize, continuation);
    for (const task of page.runs.flatMap((run) => run.tasks)) {
      if (task.mode === 'rehearsal') continue;
      const mayGiveWay = task.status === 'Queued' || task.status === 'Canceled';
      const isNews = !stated.has(task.table) || (open.has(task.table) && task.status === 'Refreshing');
      if (isNews) stated.set(task.table, task);
      if (!mayGiveWay) open.delete(task.table);
    }
    seen += pageSize;
    continuation = page.continuation;
    if (continuation === undefined) break;
  }
  return stated;
}
