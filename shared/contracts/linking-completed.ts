import { z } from 'zod';
import { countersSchema } from './counters.ts';
import { runIdSchema } from './link-task.ts';
import { modeSchema, statusSchema } from './status.ts';

export const linkingCompletedType = 'Backstamp.LinkingCompleted';

/** The CloudEvent on topic `linking-events` when a run ends; its message id is the event's id. */
export const linkingCompletedSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.literal(linkingCompletedType),
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  data: z.object({
    runId: runIdSchema,
    eventId: z.string(),
    mode: modeSchema,
    status: statusSchema,
    tables: z.array(z.object({ table: z.string(), status: statusSchema, counters: countersSchema })),
  }),
});
export type LinkingCompleted = z.infer<typeof linkingCompletedSchema>;
