import { z } from 'zod';
import { customerIdSchema, customerRecordsSchema } from '../contracts/customer-records.ts';
import { discoverySchema } from '../contracts/discovery.ts';
import { doctorReportSchema } from '../contracts/doctor-report.ts';
import { explanationSchema } from '../contracts/explanation.ts';
import { cloudEventSchema, plainEventSchema } from '../contracts/foreign-event.ts';
import { holdIdSchema, holdListSchema } from '../contracts/hold.ts';
import { runIdSchema } from '../contracts/link-task.ts';
import { profileAnswerSchema } from '../contracts/profile.ts';
import { runSchema, statusAnswerSchema } from '../contracts/run.ts';
import { runDetailSchema } from '../contracts/run-summary.ts';
import { segmentReadingSchema } from '../contracts/segments.ts';
import { logicalNameSchema } from '../contracts/unification-setup.ts';
import type { Role } from './caller.ts';
import {
  aboutSchema,
  acceptedSchema,
  auditListQuerySchema,
  auditListSchema,
  healthSchema,
  idempotencyKeySchema,
  openApiQuerySchema,
  recordIdSchema,
  recordOutcomesQuerySchema,
  recordOutcomesSchema,
  rowListQuerySchema,
  rowListSchema,
  runListQuerySchema,
  runListSchema,
  runSummaryListSchema,
  segmentListQuerySchema,
  segmentListSchema,
  startRunSchema,
} from './schemas.ts';

/**
 * Whom a route is for. `administrators`: it names rows and customers of every business unit, or steers runs.
 * `persons`: it reads Dataverse as the person who asks. `senders`: it takes events in and tells nothing.
 * `everybody`: there is nothing in it to keep from anybody.
 */
export type Audience = 'administrators' | 'persons' | 'senders' | 'everybody';

/** One route of the HTTP API as its callers need to know it. */
export interface Operation {
  /** Name of the function that answers. */
  readonly name: string;
  readonly method: 'get' | 'post' | 'options';
  /** Below `/api`. */
  readonly path: string;
  readonly summary: string;
  /** What it is about, for whoever leafs through the document. */
  readonly tag: 'Events' | 'Runs' | 'Customers' | 'App';
  readonly needsKey: boolean;
  readonly audience: Audience;
  /** What an administrators' door takes of whoever signed in: `reader` to see, `operator` to change. */
  readonly role?: Role;
  readonly pathParameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: { readonly status: number; readonly description: string; readonly schema?: z.ZodType };
  /** Media types of the answer besides JSON. */
  readonly alternatives?: readonly string[];
  /** Statuses of problem documents that this route may answer, besides 401, 500, and 403 of an administrators' door. */
  readonly problems: readonly number[];
}

const runPath = z.object({ runId: runIdSchema });

/** Every route, in the order of the document. The functions register exactly these. */
export const operations: readonly Operation[] = [
  {
    name: 'receive-unification-event',
    tag: 'Events',
    method: 'post',
    path: '/unification-events',
    summary: 'Reports a completed unification run: a CloudEvents 1.0 event, or the plain body that a flow posts.',
    needsKey: true,
    audience: 'senders',
    body: z.union([cloudEventSchema, plainEventSchema]),
    answer: { status: 202, description: 'The run that answers the event is on its way.', schema: acceptedSchema },
    problems: [400, 413, 415, 503],
  },
  {
    name: 'receive-unification-event',
    tag: 'Events',
    method: 'options',
    path: '/unification-events',
    summary: 'The handshake by which a sender of CloudEvents asks whether its events are welcome.',
    needsKey: true,
    audience: 'senders',
    answer: { status: 200, description: 'They are.' },
    problems: [400],
  },
  {
    name: 'get-status',
    tag: 'Runs',
    method: 'get',
    path: '/status',
    summary: 'Groups and tasks with their newest status: what Settings > System > Status shows.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    answer: { status: 200, description: 'The newest task of each table.', schema: statusAnswerSchema },
    problems: [503],
  },
  {
    name: 'list-runs',
    tag: 'Runs',
    method: 'get',
    path: '/runs',
    summary: 'Runs with their tasks, or summed up, newest first, a page at a time.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    query: runListQuerySchema,
    answer: {
      status: 200,
      description: 'A page of runs; with `tasks=none` each has a summary instead of its tasks.',
      schema: z.union([runListSchema, runSummaryListSchema]),
    },
    problems: [400, 503],
  },
  {
    name: 'start-run',
    tag: 'Runs',
    method: 'post',
    path: '/runs',
    summary: 'Starts a run over all source tables or some: incremental, full, reconcile, or rehearsal.',
    needsKey: true,
    audience: 'administrators',
    role: 'operator',
    headers: z.object({ 'Idempotency-Key': idempotencyKeySchema }),
    body: startRunSchema,
    answer: { status: 202, description: 'The run is on its way.', schema: acceptedSchema },
    problems: [400, 409, 413, 422, 503],
  },
  {
    name: 'list-holds',
    tag: 'Runs',
    method: 'get',
    path: '/holds',
    summary: 'Moves and clears that brakes hold back until somebody confirms them, with some of the rows.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    answer: { status: 200, description: 'Every hold, by table.', schema: holdListSchema },
    problems: [503],
  },
  {
    name: 'confirm-hold',
    tag: 'Runs',
    method: 'post',
    path: '/holds/{holdId}/confirm',
    summary: 'Starts a run that makes the changes which a hold showed, and no others.',
    needsKey: true,
    audience: 'administrators',
    role: 'operator',
    pathParameters: z.object({ holdId: holdIdSchema }),
    answer: { status: 202, description: 'The run is on its way.', schema: acceptedSchema },
    problems: [400, 404, 409, 503],
  },
  {
    name: 'show-run',
    tag: 'Runs',
    method: 'get',
    path: '/runs/{runId}',
    summary: 'One run with its tasks, and what they sum up to.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    pathParameters: runPath,
    answer: { status: 200, description: 'The run.', schema: runDetailSchema },
    problems: [400, 404, 503],
  },
  {
    name: 'cancel-run',
    tag: 'Runs',
    method: 'post',
    path: '/runs/{runId}/cancel',
    summary: 'Cancels a run; what was linked stays linked. One that has ended otherwise is refused.',
    needsKey: true,
    audience: 'administrators',
    role: 'operator',
    pathParameters: runPath,
    answer: { status: 200, description: 'The run as it is now.', schema: runSchema },
    problems: [400, 404, 409, 503],
  },
  {
    name: 'list-rows',
    tag: 'Runs',
    method: 'get',
    path: '/runs/{runId}/tables/{table}/rows',
    summary: 'What became of the rows of one table in one run, where there is something to tell, a page at a time.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    pathParameters: runPath.extend({ table: logicalNameSchema }),
    query: rowListQuerySchema,
    answer: {
      status: 200,
      description: 'A page of rows. As CSV, the header X-Continuation asks for the next page.',
      schema: rowListSchema,
    },
    alternatives: ['text/csv'],
    problems: [400, 404, 503],
  },
  {
    name: 'show-profile',
    tag: 'Customers',
    method: 'get',
    path: '/records/{table}/{id}/profile',
    summary:
      'The profile behind one row, with its measures as single values, segments, predictions and latest activities, or why there is none. Read as the person who is signed in.',
    needsKey: true,
    audience: 'persons',
    pathParameters: z.object({ table: logicalNameSchema, id: recordIdSchema }),
    answer: { status: 200, description: 'The profile, or why there is none.', schema: profileAnswerSchema },
    problems: [400, 403, 404, 502, 503],
  },
  {
    name: 'show-explanation',
    tag: 'Customers',
    method: 'get',
    path: '/records/{table}/{id}/explanation',
    summary:
      'Why one row has the link that it has, or none: its map rows, the source rows of its customer, earlier customers, what waits, and what the next run does. Read as the person who is signed in.',
    needsKey: true,
    audience: 'persons',
    pathParameters: z.object({ table: logicalNameSchema, id: recordIdSchema }),
    answer: { status: 200, description: 'What is known of the row.', schema: explanationSchema },
    problems: [400, 403, 404, 502, 503],
  },
  {
    name: 'list-record-outcomes',
    tag: 'Customers',
    method: 'get',
    path: '/records/{table}/{id}/outcomes',
    summary: 'What runs did to one row, newest first, where they list rows at all; some runs at a time.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    pathParameters: z.object({ table: logicalNameSchema, id: recordIdSchema }),
    query: recordOutcomesQuerySchema,
    answer: { status: 200, description: 'What became of the row.', schema: recordOutcomesSchema },
    problems: [400, 503],
  },
  {
    name: 'list-customer-records',
    tag: 'Customers',
    method: 'get',
    path: '/customers/{customerId}/records',
    summary:
      'Every source row that the map counts to one customer, and the tables that have several rows of that customer.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    pathParameters: z.object({ customerId: customerIdSchema }),
    answer: { status: 200, description: "The customer's rows.", schema: customerRecordsSchema },
    problems: [400, 404, 502, 503],
  },
  {
    name: 'list-segments',
    tag: 'Customers',
    method: 'get',
    path: '/segments',
    summary:
      'Segments with the business units of their members and owner, and whether Dynamics 365 Marketing processes them, as last counted, a page at a time.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    query: segmentListQuerySchema,
    answer: { status: 200, description: 'A page of segments.', schema: segmentListSchema },
    problems: [400, 503],
  },
  {
    name: 'refresh-segments',
    tag: 'Customers',
    method: 'post',
    path: '/segments/refresh',
    summary: 'Counts the members of segments anew, for a minute; asked again, it carries on until all are counted.',
    needsKey: true,
    audience: 'administrators',
    role: 'operator',
    answer: { status: 200, description: 'How far it has come.', schema: segmentReadingSchema },
    problems: [502, 503],
  },
  {
    name: 'list-audit',
    tag: 'App',
    method: 'get',
    path: '/audit',
    summary: 'Who started, confirmed and cancelled what, refreshed and exported, newest first, a page at a time.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    query: auditListQuerySchema,
    answer: { status: 200, description: 'A page of the audit.', schema: auditListSchema },
    problems: [400, 503],
  },
  {
    name: 'show-about',
    tag: 'App',
    method: 'get',
    path: '/about',
    summary: 'Which organisation and version this is, and what whoever asks may do.',
    needsKey: true,
    audience: 'persons',
    answer: { status: 200, description: 'About this app.', schema: aboutSchema },
    problems: [403],
  },
  {
    name: 'discover-setup',
    tag: 'App',
    method: 'post',
    path: '/discover',
    summary: 'Reads from the map which tables it is about, and proposes a BACKSTAMP_UNIFICATION. Changes nothing.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    answer: { status: 200, description: 'What was found, and how certain it is.', schema: discoverySchema },
    problems: [502, 503],
  },
  {
    name: 'run-doctor',
    tag: 'App',
    method: 'post',
    path: '/doctor',
    summary:
      'Checks identity, privileges, tables, queues, state, and what an update of the link fires. Changes nothing.',
    needsKey: true,
    audience: 'administrators',
    role: 'reader',
    answer: { status: 200, description: 'Every check with its remedy, faults first.', schema: doctorReportSchema },
    problems: [503],
  },
  {
    name: 'get-openapi',
    tag: 'App',
    method: 'get',
    path: '/openapi.json',
    summary: 'This document; with `version=2.0` in the older form that custom connectors read.',
    needsKey: true,
    audience: 'everybody',
    query: openApiQuerySchema,
    answer: { status: 200, description: 'An OpenAPI 3.1 document.' },
    problems: [400],
  },
  {
    name: 'show-status-page',
    tag: 'App',
    method: 'get',
    path: '/status-page',
    summary: 'The page for administrators, as HTML. It asks for the key itself and shows nothing without it.',
    needsKey: false,
    audience: 'everybody',
    answer: { status: 200, description: 'One self-contained page.' },
    problems: [],
  },
  {
    name: 'check-health',
    tag: 'App',
    method: 'get',
    path: '/health',
    summary: 'Whether the app can do its work.',
    needsKey: false,
    audience: 'everybody',
    answer: { status: 200, description: 'It can.', schema: healthSchema },
    problems: [503],
  },
];
