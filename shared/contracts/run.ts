import { z } from 'zod';
import { actorSchema } from './audit.ts';
import { countersSchema } from './counters.ts';
import { coverageSchema } from './coverage.ts';
import { runIdSchema } from './link-task.ts';
import { modeSchema, statusSchema } from './status.ts';

const time = z.iso.datetime();

/** One finding about a table: which requirement does not hold, what was found, what to do. */
export const findingSchema = z.object({ code: z.string(), finding: z.string(), remedy: z.string() });
export type Finding = z.infer<typeof findingSchema>;

/** The work of one run on one table, as the API shows it. */
export const taskSchema = z.object({
  runId: runIdSchema,
  table: z.string(),
  /** What kind of work it is, such as `ownership`. Absent: linking. */
  kind: z.string().optional(),
  mode: modeSchema,
  status: statusSchema,
  queuedAt: time,
  startedAt: time.optional(),
  endedAt: time.optional(),
  updatedAt: time,
  counters: countersSchema,
  /** How the table's rows stand, as the last pass left them; absent where nobody knows. */
  coverage: coverageSchema.optional(),
  /** About how many rows the first pass reads in all; absent where it reads only what changed, or nobody knows. */
  expected: z.number().int().nonnegative().optional(),
  /** Passes that have ended, the first and its follow-ups. */
  passes: z.number().int().nonnegative(),
  /** How long its passes took, in milliseconds, without the waits between them; absent until the first has ended. */
  workedMs: z.number().int().nonnegative().optional(),
  /** What the task is doing or why it ended so, in the order it was learnt; for people. */
  details: z.array(z.string()),
  findings: z.array(findingSchema),
});
export type Task = z.infer<typeof taskSchema>;

/** One answer to one unification event or to one request of an operator. */
export const runSchema = z.object({
  runId: runIdSchema,
  eventId: z.string(),
  source: z.string(),
  mode: modeSchema,
  /** Every source table of the run; it has ended when each has a task and every task has ended. */
  tables: z.array(z.string()),
  /** More links may be cleared or moved than the safety limits allow. */
  beyondLimits: z.boolean().default(false),
  /** Owners may be given as the last rehearsal showed them. */
  giveOwners: z.boolean().default(false),
  /** Read by the version before, to which it means both: always false. */
  confirm: z.boolean().default(false),
  /** Holds that were confirmed by name. */
  holds: z.array(z.string()).optional(),
  status: statusSchema,
  occurredAt: z.iso.datetime({ offset: true }),
  receivedAt: time,
  endedAt: time.optional(),
  cancelRequestedAt: time.optional(),
  /** The end of the run could not be told on topic linking-events: why, and how often it was tried. */
  unannounced: z.object({ reason: z.string(), tries: z.number().int().positive() }).optional(),
  /** Who asked for the run; absent where a sender of events without a key did. */
  startedBy: actorSchema.optional(),
  canceledBy: actorSchema.optional(),
});
export type Run = z.infer<typeof runSchema>;

export const runWithTasksSchema = runSchema.extend({ tasks: z.array(taskSchema) });
export type RunWithTasks = z.infer<typeof runWithTasksSchema>;

/** A table whose rows the map names and that is not in the set-up. */
export const unlistedTableSchema = z.object({ table: z.string(), dataSource: z.string(), entity: z.string() });

/** What Settings > System > Status shows: groups of tasks with their status and last update. */
export const statusAnswerSchema = z.object({
  lastUpdated: time.nullable(),
  /** Every table that a run may be about, whether or not one was yet. */
  tables: z.array(z.object({ table: z.string(), kind: z.string() })),
  /** Tables that the map named and the set-up lacks, as a daily look found; absent before the first. */
  unlisted: z.array(unlistedTableSchema).optional(),
  groups: z.array(
    z.object({
      name: z.string(),
      count: z.number().int(),
      tasks: z.array(z.object({ name: z.string(), ...taskSchema.shape })),
    }),
  ),
});
export type StatusAnswer = z.infer<typeof statusAnswerSchema>;
