import type { Metric } from './telemetry.ts';

/** How a metric is recorded, and in what unit (UCUM). */
export interface Instrument {
  /** A counter's values are summed up, a gauge keeps the last one, a histogram their number, sum, least and greatest. */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const requestMs = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 120_000, 240_000];
const workMs = [1_000, 10_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 86_400_000];
const requests = [1, 2, 4, 8, 16, 24, 32, 40, 52, 80, 120, 200];

/**
 * Every metric. State that is known only at some moments (pending rows, a watermark's age) is a gauge: between two of them
 * the last value holds. What differs from request to request is a histogram, whose mean over a minute says more.
 */
export const instruments: Readonly<Record<Metric, Instrument>> = {
  'backstamp.rows': { kind: 'counter', unit: '{row}', description: 'Rows dealt with' },
  'backstamp.dataverse.requests': { kind: 'counter', unit: '{request}', description: 'Requests to Dataverse' },
  'backstamp.dataverse.request.duration': {
    kind: 'histogram',
    unit: 'ms',
    description: 'Duration of a request to Dataverse',
    buckets: requestMs,
  },
  'backstamp.dataverse.throttled': { kind: 'counter', unit: '{request}', description: 'Requests refused with 429' },
  'backstamp.dataverse.waited': {
    kind: 'histogram',
    unit: 'ms',
    description: 'Time that sending waited',
    buckets: requestMs,
  },
  'backstamp.dataverse.in_flight': {
    kind: 'histogram',
    unit: '{request}',
    description: 'Requests in flight',
    buckets: requests,
  },
  'backstamp.dataverse.concurrency': {
    kind: 'histogram',
    unit: '{request}',
    description: 'Requests allowed in flight',
    buckets: requests,
  },
  'backstamp.dataverse.batch_size': {
    kind: 'histogram',
    unit: '{row}',
    description: 'Rows per bulk request',
    buckets: [1, 10, 50, 100, 200, 300, 500, 700, 1_000],
  },
  'backstamp.dataverse.budget_used': {
    kind: 'histogram',
    unit: '1',
    description: 'Share of the execution-time budget used',
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  },
  'backstamp.watermark.age': { kind: 'gauge', unit: 's', description: "Time since a table's watermark was taken" },
  'backstamp.pending_rows': { kind: 'gauge', unit: '{row}', description: 'Rows kept as pending' },
  // Told once at each change. No counter, since it may shrink, and no histogram, which takes no negative values.
  'backstamp.pending_rows.growth': { kind: 'gauge', unit: '{row}', description: 'Growth of the rows kept as pending' },
  'backstamp.table.unlinked': {
    kind: 'gauge',
    unit: 's',
    description: 'Time that a table has waited for its first watermark',
  },
  'backstamp.hold.age': { kind: 'gauge', unit: 's', description: 'Time that held changes have waited to be confirmed' },
  'backstamp.linked_rows': { kind: 'gauge', unit: '{row}', description: 'Rows with a link' },
  // Told once at each change, as growth is.
  'backstamp.linked_rows.loss': {
    kind: 'gauge',
    unit: '%',
    description: 'Share of the linked rows that lost their link',
  },
  'backstamp.coverage': { kind: 'gauge', unit: '%', description: 'Share of all rows that are linked' },
  'backstamp.unlinked_rows': { kind: 'gauge', unit: '{row}', description: 'Rows that are not linked' },
  'backstamp.unlisted_tables': {
    kind: 'gauge',
    unit: '{table}',
    description: 'Tables that the map names and the set-up lacks',
  },
  'backstamp.heartbeat': { kind: 'counter', unit: '{beat}', description: 'Looks of the watch over runs' },
  'backstamp.run.without_progress': {
    kind: 'gauge',
    unit: 's',
    description: 'Time since anything moved in an open run',
  },
  'backstamp.run.open_tasks': { kind: 'gauge', unit: '{task}', description: 'Tasks of open runs that have not ended' },
  'backstamp.event.age': { kind: 'gauge', unit: 's', description: 'Time since the last unification event' },
  'backstamp.lag': {
    kind: 'histogram',
    unit: 'ms',
    description: 'Time from the event to the linked table',
    buckets: workMs,
  },
  'backstamp.task.duration': { kind: 'histogram', unit: 'ms', description: 'Duration of a task', buckets: workMs },
  'backstamp.run.duration': { kind: 'histogram', unit: 'ms', description: 'Duration of a run', buckets: workMs },
  'backstamp.events': { kind: 'counter', unit: '{event}', description: 'Unification events taken in' },
  'backstamp.dead_letters': { kind: 'counter', unit: '{message}', description: 'Messages given up' },
  'backstamp.unreadable_documents': {
    kind: 'counter',
    unit: '{document}',
    description: 'Stored documents that this version cannot read, each time one is met',
  },
};
