import { z } from 'zod';
import { addCounters, countersSchema, noRows } from './counters.ts';
import { type RunWithTasks, runSchema } from './run.ts';
import { statusSchema } from './status.ts';

/** A run without its tasks: what a list of runs shows of them all together. */
export const runSummarySchema = runSchema.extend({
  summary: z.object({
    /** How many of its tables have which status; a status that none has is absent. */
    statuses: z.partialRecord(statusSchema, z.number().int().positive()),
    /** Rows of all its tables. */
    counters: countersSchema,
    /** When the first of its tables began; absent until one has. */
    startedAt: z.iso.datetime().optional(),
    /** How long the table that took longest was at work, in milliseconds; absent until a pass of it has ended. */
    workedMs: z.number().int().nonnegative().optional(),
  }),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

export function summaryOf({ tasks, ...run }: RunWithTasks): RunSummary {
  const statuses: RunSummary['summary']['statuses'] = {};
  for (const { status } of tasks) statuses[status] = (statuses[status] ?? 0) + 1;
  const worked = tasks.flatMap(({ workedMs }) => workedMs ?? []);
  const [startedAt] = tasks.flatMap((task) => task.startedAt ?? []).sort();
  return {
    ...run,
    summary: {
      statuses,
      counters: tasks.reduce((sum, { counters }) => addCounters(sum, counters), noRows),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(worked.length === 0 ? {} : { workedMs: Math.max(...worked) }),
    },
  };
}
