import { z } from 'zod';
import { countersSchema } from './counters.ts';
import { runIdSchema } from './link-task.ts';
import { modeSchema, statusSchema } from './status.ts';

export const linkingStartedType = 'Backstamp.LinkingStarted';
export const linkingCompletedType = 'Backstamp.LinkingCompleted';

const envelope = {
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
};
const aboutRun = { runId: runIdSchema, eventId: z.string(), mode: modeSchema };

/** The CloudEvent on topic `linking-events` when a run begins; its message id is the event's id. */
export const linkingStartedSchema = z.object({
  ...envelope,
  type: z.literal(linkingStartedType),
  data: z.object({ ...aboutRun, tables: z.number().int().nonnegative() }),
});
export type LinkingStarted = z.infer<typeof linkingStartedSchema>;

/** The CloudEvent on topic `linking-events` when a run ends; its message id is the event's id. */
export const linkingCompletedSchema = z.object({
  ...envelope,
  type: z.literal(linkingCompletedType),
  data: z.object({
    ...aboutRun,
    status: statusSchema,
    /** The worst first where not all of them fit into a message. */
    tables: z.array(z.object({ table: z.string(), status: statusSchema, counters: countersSchema })),
    /** Tables that did not fit; GET /api/runs/{runId} tells of all. */
    tablesLeftOut: z.number().int().positive().optional(),
  }),
});
export type LinkingCompleted = z.infer<typeof linkingCompletedSchema>;

/** What the world is told of a run. */
export type LinkingEvent = LinkingStarted | LinkingCompleted;
