/**
 * The one port through which the program tells the outside what it does.
 * Attributes never carry a row's personal data: table names, ids of runs, counts and causes only.
 */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Every metric the program records; its unit stands in the comment. Queries and alerts may name only these. */
export type Metric =
  /** rows by table and outcome */
  | 'backstamp.rows'
  /** requests to Dataverse by kind, status and identity */
  | 'backstamp.dataverse.requests'
  /** milliseconds per request by kind */
  | 'backstamp.dataverse.request.duration'
  /** refused requests (429) by cause: requests, executionTime, concurrency, customization */
  | 'backstamp.dataverse.throttled'
  /** milliseconds that sending waited, by cause */
  | 'backstamp.dataverse.waited'
  /** requests in flight, by identity */
  | 'backstamp.dataverse.in_flight'
  /** requests that the throttle allows at once, by identity */
  | 'backstamp.dataverse.concurrency'
  /** rows per bulk request, by table */
  | 'backstamp.dataverse.batch_size'
  /** share (0 to 1) of the execution-time budget used in its window, by identity */
  | 'backstamp.dataverse.budget_used'
  /** seconds since a table's watermark was taken, by table */
  | 'backstamp.watermark.age'
  /** rows kept as pending, by table and reason */
  | 'backstamp.pending_rows'
  /** milliseconds a task took, by table and status */
  | 'backstamp.task.duration'
  /** milliseconds a run took, by status */
  | 'backstamp.run.duration'
  /** unification events taken in, by door */
  | 'backstamp.events'
  /** messages that ended in a dead-letter queue, by queue */
  | 'backstamp.dead_letters';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Telemetry {
  /** Adds to a counter. */
  count(metric: Metric, value: number, attributes?: Attributes): void;
  /** Records one measurement of a distribution or gauge. */
  record(metric: Metric, value: number, attributes?: Attributes): void;
  log(level: LogLevel, message: string, attributes?: Attributes): void;
}

/** Says nothing to nobody: for tests and tools. */
export const silentTelemetry: Telemetry = {
  count() {},
  record() {},
  log() {},
};
