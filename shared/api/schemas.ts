import { z } from 'zod';
import { actorSchema, auditEntrySchema } from '../contracts/audit.ts';
import { runIdSchema } from '../contracts/link-task.ts';
import { runWithTasksSchema } from '../contracts/run.ts';
import { runSummarySchema } from '../contracts/run-summary.ts';
import { segmentReadinessSchema, segmentReadingSchema } from '../contracts/segments.ts';
import { modeSchema, statusSchema } from '../contracts/status.ts';
import { logicalNameSchema } from '../contracts/unification-setup.ts';
import { rowOutcomeSchema } from '../state/row-outcomes.ts';
import { continuationSchema, pageSizeSchema } from './paging.ts';

/** What the API takes and gives beyond the records themselves. */

export const healthSchema = z.object({ status: z.literal('healthy'), version: z.string() });

export const aboutSchema = z.object({
  version: z.string(),
  /** Root address of the organisation whose rows are linked. */
  organisation: z.string(),
  /** The app rehearses only, and writes nothing to the organisation. */
  readOnly: z.boolean(),
  /** People sign in here; a function key opens the door of events alone. */
  signIn: z.boolean(),
  /** Whoever asks, and what they may do. */
  you: actorSchema.extend({ maySee: z.boolean(), mayOperate: z.boolean() }),
});
export type About = z.infer<typeof aboutSchema>;

export const auditListQuerySchema = z.object({
  pageSize: pageSizeSchema(500, 50),
  continuation: continuationSchema.optional(),
});

export const auditListSchema = z.object({
  /** Newest first. */
  entries: z.array(auditEntrySchema),
  /** Asks for the next page; absent on the last. */
  continuation: z.string().optional(),
});
export type AuditList = z.infer<typeof auditListSchema>;

export const runListQuerySchema = z.object({
  pageSize: pageSizeSchema(100, 20),
  continuation: continuationSchema.optional(),
  /** Only runs in one of these states: words of a status, separated by commas. */
  status: z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(z.array(statusSchema).min(1))
    .optional(),
  mode: modeSchema.optional(),
  /** Only runs over this table. */
  table: logicalNameSchema.optional(),
  /** Only runs that were received at this time or later. */
  since: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-03-01T08:00:00Z' }).optional(),
  /** `none` leaves the tasks out and sums them up instead, which is a fraction of the size. */
  tasks: z.enum(['all', 'none']).default('all'),
});

export const runListSchema = z.object({
  /** Newest first. */
  runs: z.array(runWithTasksSchema),
  /** Asks for the next page; absent on the last. */
  continuation: z.string().optional(),
});
export type RunList = z.infer<typeof runListSchema>;

/** The same without tasks. */
export const runSummaryListSchema = runListSchema.extend({ runs: z.array(runSummarySchema) });
export type RunSummaryList = z.infer<typeof runSummaryListSchema>;

/** Issues for each table that a list names again. */
const namesEachOnce = ({ value, issues }: z.core.ParsePayload<string[]>): void => {
  value.forEach((table, index) => {
    if (value.indexOf(table) === index) return;
    issues.push({
      code: 'custom',
      input: table,
      path: [index],
      message: `${table} is named twice; name each table once`,
    });
  });
};

/** What an operator asks for. */
export const startRunSchema = z
  .strictObject({
    mode: modeSchema,
    tables: z.array(logicalNameSchema).min(1).max(100).meta({ uniqueItems: true }).check(namesEachOnce).optional(),
    /** Clear or move even more links than the safety limits allow. */
    beyondLimits: z.boolean().optional(),
    /** Give owners as the last rehearsal showed them. */
    giveOwners: z.boolean().optional(),
    /** The word of the version before, for both at once. Taken in mode `reconcile` alone, for `beyondLimits`. */
    confirm: z.boolean().optional(),
  })
  .refine(({ confirm, mode }) => confirm !== true || mode === 'reconcile', {
    path: ['confirm'],
    message:
      'meant two things: send beyondLimits to clear or move more links than the safety limits allow, giveOwners to give owners',
  });
export type StartRun = z.infer<typeof startRunSchema>;

/** Marks a request and its repetitions as one. */
export const idempotencyKeySchema = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
  .optional();

/** A run that is on its way; it can be seen under its id a moment later. */
export const acceptedSchema = z.object({ eventId: z.string(), runId: runIdSchema });
export type Accepted = z.infer<typeof acceptedSchema>;

export const outcomeSchema = rowOutcomeSchema.shape.outcome;

export const rowListQuerySchema = z.object({
  outcome: outcomeSchema.optional(),
  /** Only rows whose id, reason or customer contains this; an id, or 8 characters of its beginning, is found at once. */
  search: z.string().trim().min(1).max(200).optional(),
  pageSize: pageSizeSchema(1000, 100),
  continuation: continuationSchema.optional(),
  format: z.enum(['json', 'csv']).optional(),
});

export const rowListSchema = z.object({
  rows: z.array(rowOutcomeSchema),
  /** Rows looked at for this page: more than were given where a search passed some over. */
  examined: z.number().int(),
  /** Asks for the next page; absent on the last. A search may give an empty page and still go on. */
  continuation: z.string().optional(),
});
export type RowList = z.infer<typeof rowListSchema>;

export const segmentListQuerySchema = z.object({
  pageSize: pageSizeSchema(500, 100),
  /** As an earlier answer gave it: the last segment of its page. */
  continuation: z
    .string()
    .max(8192)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be a continuation that an earlier answer gave')
    .transform((text) => Buffer.from(text, 'base64url').toString('utf8'))
    .optional(),
});

export const segmentListSchema = segmentReadingSchema.extend({
  /** In the order of their providers and names. */
  segments: z.array(segmentReadinessSchema),
  /** Asks for the next page; absent on the last. */
  continuation: z.string().optional(),
});
export type SegmentList = z.infer<typeof segmentListSchema>;

/** The document as OpenAPI 3.1, or as 2.0, which is all that Power Platform's custom connectors read. */
export const openApiQuerySchema = z.object({ version: z.enum(['3.1', '2.0']).default('3.1') });

export const recordOutcomesQuerySchema = z.object({ continuation: continuationSchema.optional() });

export const recordOutcomesSchema = z.object({
  /** The newest run's first. */
  outcomes: z.array(rowOutcomeSchema.extend({ runId: runIdSchema, mode: modeSchema })),
  /** Runs looked at for this answer. */
  examined: z.number().int(),
  /** Asks for what older runs did; absent where there is none. */
  continuation: z.string().optional(),
});
export type RecordOutcomes = z.infer<typeof recordOutcomesSchema>;

/** Id of a row of Dataverse, in lower case with dashes whatever form it was sent in. */
export const recordIdSchema = z.guid('must be a GUID').toLowerCase();
