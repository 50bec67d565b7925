import { z } from 'zod';
import { addCounters, countersSchema, noRows } from './counters.ts';
import { type RunWithTasks, runSchema, runWithTasksSchema, type Task } from './run.ts';
import { statusSchema } from './status.ts';

/** What a run's tasks are all together. */
const summarySchema = z.object({
  /** How many of its tables have which status; a status that none has is absent. */
  statuses: z.partialRecord(statusSchema, z.number().int().positive()),
  /** Rows of all its tables. */
  counters: countersSchema,
  /** About how many rows its tables read in all; absent where one of them does not know. */
  expected: z.number().int().nonnegative().optional(),
  /** When the first of its tables began; absent until one has. */
  startedAt: z.iso.datetime().optional(),
  /** How long the table that took longest was at work, in milliseconds; absent until a pass of it has ended. */
  workedMs: z.number().int().nonnegative().optional(),
});
type Summary = z.infer<typeof summarySchema>;

/** A run as a list of runs shows it: without its tasks. */
export const runSummarySchema = runSchema.extend({ summary: summarySchema });
export type RunSummary = z.infer<typeof runSummarySchema>;

/** A run with its tasks, and with what they are all together. */
export const runDetailSchema = runWithTasksSchema.extend({ summary: summarySchema });
export type RunDetail = z.infer<typeof runDetailSchema>;

export const runDetailOf = (run: RunWithTasks): RunDetail => ({ ...run, summary: summaryOf(run.tasks) });

export const runSummaryOf = ({ tasks, ...run }: RunWithTasks): RunSummary => ({ ...run, summary: summaryOf(tasks) });

function summaryOf(tasks: readonly Task[]): Summary {
  const statuses: Summary['statuses'] = {};
  for (const { status } of tasks) statuses[status] = (statuses[status] ?? 0) + 1;
  const worked = tasks.flatMap(({ workedMs }) => workedMs ?? []);
  const expected = tasks.flatMap((task) => (task.status === 'Skipped' ? 0 : (task.expected ?? [])));
  const isExpected = tasks.length > 0 && expected.length === tasks.length;
  const [startedAt] = tasks.flatMap((task) => task.startedAt ?? []).sort();
  return {
    statuses,
    counters: tasks.reduce((sum, { counters }) => addCounters(sum, counters), noRows),
    ...(isExpected ? { expected: expected.reduce((sum, rows) => sum + rows, 0) } : {}),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(worked.length === 0 ? {} : { workedMs: Math.max(...worked) }),
  };
}
