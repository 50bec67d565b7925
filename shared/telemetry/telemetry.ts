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
  /** rows by which a table's pending rows grew, or shrank, from one run to the next, by table */
  | 'backstamp.pending_rows.growth'
  /** seconds for which a table that a run was to link has had no watermark; 0 where all is well, by table */
  | 'backstamp.table.unlinked'
  /** seconds for which the oldest changes of a table have waited to be confirmed; 0 where none do, by table */
  | 'backstamp.hold.age'
  /** rows with a link when no run is at work, by table */
  | 'backstamp.linked_rows'
  /** percent of the linked rows that lost their link, or gained one, from one run to the next, by table */
  | 'backstamp.linked_rows.loss'
  /** percent of a table's rows that are linked, as the last pass left them, by table */
  | 'backstamp.coverage'
  /** rows that are not linked, as the last pass left them, by table and reason */
  | 'backstamp.unlinked_rows'
  /** tables whose rows the map names and that the set-up lacks */
  | 'backstamp.unlisted_tables'
  /** 1 at each look of the watch that could read everything, by version */
  | 'backstamp.heartbeat'
  /** seconds for which nothing has moved in an open run, the pause between follow-ups left out; 0 where all is well */
  | 'backstamp.run.without_progress'
  /** tasks of open runs that have not ended */
  | 'backstamp.run.open_tasks'
  /** seconds since the last unification event, or since the first look of the watch where there was none */
  | 'backstamp.event.age'
  /** milliseconds from the event to the end of a table's task, by table */
  | 'backstamp.lag'
  /** milliseconds a task took, by table, status and mode */
  | 'backstamp.task.duration'
  /** milliseconds a run took, by status and mode */
  | 'backstamp.run.duration'
  /** unification events taken in, by door */
  | 'backstamp.events'
  /** messages that ended in a dead-letter queue, by queue */
  | 'backstamp.dead_letters'
  /** stored documents that this version cannot read, each time one is met, by form */
  | 'backstamp.unreadable_documents';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What happens in a span: work of our own, a request we wait for, or a message that somebody else takes up. */
export type SpanKind = 'internal' | 'client' | 'producer';

/** A piece of work under way, as a trace shows it. */
export interface Span {
  set(attributes: Attributes): void;
  /** Marks the work as failed although it throws nothing. `reason` carries no row's data. */
  fail(reason: string): void;
}

/** One call of a function by the Functions host. */
export interface Invocation {
  /** Name of the function. */
  readonly name: string;
  readonly id: string;
  /** W3C traceparent of the span that the host opened for the call; only the host itself reports that span. */
  readonly hostSpan: string | undefined;
  /** W3C traceparent that came with the message or request; undefined where there was none. */
  readonly sender: string | undefined;
  /** The call's own log, whose lines the host attributes to the call. */
  readonly hostLog: Readonly<Record<LogLevel, (line: string) => void>>;
}

export interface Telemetry {
  /** Adds to a counter. */
  count(metric: Metric, value: number, attributes?: Attributes): void;
  /** Records one measurement of a distribution or gauge. */
  record(metric: Metric, value: number, attributes?: Attributes): void;
  /** Writes a line; the attributes of the spans around it stand on it too. */
  log(level: LogLevel, message: string, attributes?: Attributes): void;
  /** Does work inside a span; what the work throws marks the span as failed and goes on to the caller. */
  span<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>, kind?: SpanKind): Promise<T>;
  /** The W3C traceparent that a message or request sent from here should carry; undefined outside any trace. */
  traceParent(): string | undefined;
  /** Does the work of one function call: in its caller's trace, with its log; afterwards what was recorded is sent. */
  invocation<T>(invocation: Invocation, work: () => Promise<T>): Promise<T>;
}

/** A span that nobody looks at. */
export const noSpan: Span = { set() {}, fail() {} };

/** Says nothing to nobody: for tests and tools. */
export const silentTelemetry: Telemetry = {
  count() {},
  record() {},
  log() {},
  span: (_name, _attributes, work) => work(noSpan),
  traceParent: () => undefined,
  invocation: (_invocation, work) => work(),
};
