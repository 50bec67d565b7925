import { randomUUID } from 'node:crypto';
import { RetryableError } from '../errors.ts';
import { readRetryAfter } from './answer-headers.ts';
import type { RowFailure, RowUpdate, TableMetadata, UpdateReport, UpdateRequest } from './dataverse.ts';
import { type BatchAnswer, readBatch } from './multipart.ts';
import type { RowWriter, WriteMode } from './row-writer.ts';
import type { Answer } from './sender.ts';
import {
  loggableWords,
  missingRows,
  type Refusal,
  readRefusal,
  ServiceFailure,
  throttleCause,
} from './service-failure.ts';
import { bypassHeaders, writeTargets, writeUpdates } from './update-payload.ts';

/** Rows that travel together. */
interface Chunk {
  readonly rows: readonly RowUpdate[];
  readonly mode: WriteMode;
  /** How often rows of it were sent already without a final answer. */
  readonly tries: number;
}

/** A failing chunk this small is sent as a batch: one request tells every row's fault. Larger ones are halved. */
const ISOLATE_BY_BATCH = 16;

/** Everything waits for the first request after a schema change: it is kept small. */
const WARM_UP_ROWS = 50;

/** How often a row may come back from a batch with a passing fault before the update is given up for now. */
const MAX_TRIES = 8;

/** One call of `update`: cuts chunks off the rows, sends them side by side, and books what became of each row. */
export class UpdateRun {
  readonly #writer: RowWriter;
  readonly #table: TableMetadata;
  readonly #signal: AbortSignal | undefined;
  readonly #rows: readonly RowUpdate[];
  readonly #purpose: string;
  readonly #report = {
    written: [] as string[],
    gone: [] as string[],
    failed: [] as RowFailure[],
    unsent: [] as string[],
  };
  /** What came back: halves of a failed chunk, or rows whose fault passes. Sent before new rows. */
  readonly #returned: Chunk[] = [];
  #mode: WriteMode = 'multiple';
  #next = 0;
  /** Rows per request; undefined before the first. */
  #chunkRows: number | undefined;
  #unanswered: number;
  /** True until the first request is through, where that one has to go alone. */
  #warming: boolean;
  #error: unknown;

  constructor(writer: RowWriter, request: UpdateRequest) {
    this.#writer = writer;
    this.#table = request.table;
    this.#signal = request.signal;
    this.#rows = request.rows;
    this.#warming = writer.needsWarmUp(request);
    this.#purpose = `write:${request.table.entitySetName}`;
    this.#unanswered = request.rows.length;
  }

  async run(): Promise<UpdateReport> {
    this.#writer.backlog += this.#unanswered;
    try {
      this.#mode = (await this.#writer.options.bulkSupport.has(this.#table.logicalName)) ? 'multiple' : 'batch';
      await this.#sendAll();
      if (this.#error !== undefined) throw this.#error;
      for (const { rows } of this.#returned) this.#book('unsent', rows);
      this.#book('unsent', this.#rows.slice(this.#next));
      return this.#report;
    } finally {
      this.#writer.backlog -= this.#unanswered;
    }
  }

  /** Keeps as many chunks under way as may be in flight, and one more so that none waits for us. */
  async #sendAll(): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for (;;) {
      const concurrency = this.#writer.options.pool.concurrency(this.#purpose);
      const lanes = this.#warming ? 1 : concurrency + 1;
      while (underWay.size < lanes && this.#error === undefined && !this.#signal?.aborted) {
        const chunk = this.#returned.shift() ?? this.#cut(concurrency);
        if (!chunk) break;
        const sending = this.#send(chunk).catch((error: unknown) => {
          this.#error ??= error;
        });
        const done = sending.then(() => {
          underWay.delete(done);
        });
        underWay.add(done);
      }
      if (underWay.size === 0) return;
      await Promise.race(underWay);
    }
  }

  /** Takes the next new rows; rows that clear a lookup go by themselves where UpdateMultiple does not take them. */
  #cut(concurrency: number): Chunk | undefined {
    const { logicalName } = this.#table;
    const from = this.#next;
    if (from >= this.#rows.length) return undefined;
    this.#chunkRows ??= this.#writer.chunkRows(logicalName, this.#mode, concurrency);
    // What was learned since may have made requests smaller, by a refusal for one.
    const learned = this.#writer.size(logicalName, this.#mode).rows;
    const count = Math.min(this.#chunkRows, learned, this.#warming ? WARM_UP_ROWS : learned);
    const rows = this.#rows.slice(from, from + count);
    this.#next += rows.length;
    if (this.#mode === 'batch' || !this.#writer.nullRefused.has(logicalName)) {
      return { rows, mode: this.#mode, tries: 0 };
    }
    const clearing = rows.filter(clears);
    const setting = rows.filter((row) => !clears(row));
    if (setting.length === 0) return { rows: clearing, mode: 'batch', tries: 0 };
    if (clearing.length > 0) this.#returned.push({ rows: clearing, mode: 'batch', tries: 0 });
    return { rows: setting, mode: 'multiple', tries: 0 };
  }

  async #send(chunk: Chunk): Promise<void> {
    try {
      const answer = await this.#request(chunk);
      this.#writer.size(this.#table.logicalName, chunk.mode).succeeded(chunk.rows.length, answer.durationMs);
      if (chunk.mode === 'multiple') this.#book('written', chunk.rows);
      else await this.#readAnswers(chunk, answer);
      if (this.#warming) this.#writer.warmedUp(this.#table.logicalName);
      this.#warming = false;
    } catch (error) {
      if (this.#signal?.aborted && error === this.#signal.reason) this.#returned.push(chunk);
      else if (error instanceof ServiceFailure) this.#resolveFailure(chunk, error);
      else throw error;
    }
  }

  async #request({ rows, mode }: Chunk): Promise<Answer> {
    const { sender, bypass, tag, telemetry } = this.#writer.options;
    const { entitySetName, logicalName } = this.#table;
    const headers = bypassHeaders(bypass);
    const query = tag ? `?tag=${encodeURIComponent(tag)}` : '';
    const common = {
      table: entitySetName,
      method: 'POST',
      what: `update ${entitySetName}`,
      rows: rows.length,
      signal: this.#signal,
    } as const;
    telemetry.record('backstamp.dataverse.batch_size', rows.length, { table: logicalName });
    if (mode === 'multiple') {
      return sender.send({
        ...common,
        kind: 'updateMultiple',
        path: `${entitySetName}/Microsoft.Dynamics.CRM.UpdateMultiple${query}`,
        headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
        body: writeTargets(this.#table, rows),
      });
    }
    const boundary = `batch_${randomUUID()}`;
    return sender.send({
      ...common,
      kind: 'updateBatch',
      path: '$batch',
      headers: {
        'Content-Type': `multipart/mixed; boundary="${boundary}"`,
        Prefer: 'odata.continue-on-error',
        ...headers,
      },
      body: writeUpdates(this.#table, rows, { boundary, headers, query }),
    });
  }

  /** What to do with a chunk that was refused as a whole. */
  #resolveFailure(chunk: Chunk, failure: ServiceFailure): void {
    const { rows, mode, tries } = chunk;
    const { refusal } = failure;
    const { logicalName } = this.#table;
    switch (refusal.failureClass) {
      case 'tooLarge':
        this.#writer.size(logicalName, mode).failed(rows.length);
        if (rows.length > 1) this.#halve(chunk);
        else this.#bookFailed(rows, refusal);
        return;
      case 'unsupported':
        if (mode === 'batch') throw failure;
        this.#writer.options.bulkSupport.deny(logicalName);
        this.#mode = 'batch';
        this.#returned.push({ rows, mode: 'batch', tries });
        return;
      case 'nullRefused':
        if (mode === 'batch') throw failure;
        this.#writer.nullRefused.add(logicalName);
        this.#returned.push({ rows, mode: 'batch', tries });
        return;
      case 'row':
        if (mode === 'batch') throw failure;
        this.#isolate(chunk, refusal);
        return;
      default:
        throw failure;
    }
  }

  /** Takes the bad rows out of a chunk that failed for some row's sake. */
  #isolate(chunk: Chunk, refusal: Refusal): void {
    const missing = new Set(missingRows(refusal));
    const gone = chunk.rows.filter(({ id }) => missing.has(id.toLowerCase()));
    if (gone.length > 0) {
      this.#book('gone', gone);
      const rows = chunk.rows.filter((row) => !gone.includes(row));
      const rest = { ...chunk, rows, tries: chunk.tries + 1 };
      // The text may name one missing row of many: from the second time on, divide as well.
      if (rest.tries > 1) this.#halve(rest);
      else if (rows.length > 0) this.#returned.push(rest);
    } else if (chunk.rows.length === 1) {
      this.#bookFailed(chunk.rows, refusal);
    } else if (chunk.rows.length <= ISOLATE_BY_BATCH) {
      this.#returned.push({ ...chunk, mode: 'batch' });
    } else {
      this.#halve(chunk);
    }
  }

  #halve({ rows, mode }: Chunk): void {
    const middle = Math.ceil(rows.length / 2);
    for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
      if (half.length > 0) this.#returned.push({ rows: half, mode, tries: 0 });
    }
  }

  /** Books a batch's answers row by row; rows whose fault passes come back after a pause. */
  async #readAnswers(chunk: Chunk, answer: Answer): Promise<void> {
    const answers = readBatch(answer.headers.get('Content-Type') ?? '', answer.body);
    const again: RowUpdate[] = [];
    let passing: Refusal | undefined;
    for (const [at, row] of chunk.rows.entries()) {
      const part = answers[at];
      if (part && part.status < 300) {
        this.#book('written', [row]);
        continue;
      }
      // A part without an answer was not reached: it is sent again like one that met a passing fault.
      const refusal = part ? readRefusal(part.status, part.body) : NOT_REACHED;
      if (this.#passes(refusal, part, answer)) {
        again.push(row);
        passing ??= refusal;
      } else if (refusal.failureClass === 'row') {
        const missing = missingRows(refusal);
        if (missing.includes(row.id.toLowerCase())) this.#book('gone', [row]);
        else this.#bookFailed([row], refusal);
      } else {
        this.#error ??= new ServiceFailure(refusal, `update ${this.#table.entitySetName}`);
        again.push(row);
      }
    }
    if (again.length === 0) return;
    const tries = chunk.tries + 1;
    this.#returned.push({ rows: again, mode: chunk.mode, tries });
    if (!passing) return;
    if (tries >= MAX_TRIES) {
      const failed = `Dataverse could not update ${again.length} rows of ${this.#table.entitySetName} for now: `;
      throw new RetryableError(failed + passing.message, { logText: failed + loggableWords(passing) });
    }
    const pauseMs = passing.failureClass === 'schemaLag' ? 5_000 : Math.min(30_000, 500 * 2 ** tries);
    await this.#writer.options.clock.sleep(pauseMs, this.#signal).catch(() => {
      // Aborted: the rows have come back and are booked as unsent.
    });
  }

  /** Whether a part's refusal is one that the same update may not meet again; pauses or leaves out its identity. */
  #passes(refusal: Refusal, part: BatchAnswer | undefined, answer: Answer): boolean {
    const { sender, pool, telemetry, clock } = this.#writer.options;
    const retryAfterMs = readRetryAfter(part?.headers['retry-after']);
    if (retryAfterMs !== undefined) answer.member.throttle.stop(clock.now() + retryAfterMs);
    switch (refusal.failureClass) {
      case 'throttle':
        telemetry.count('backstamp.dataverse.throttled', 1, { cause: throttleCause(refusal) });
        return true;
      case 'transient':
      case 'tooLarge':
      case 'bulkRace':
        return true;
      case 'schemaLag':
        return sender.expectsSchemaLag(this.#table.entitySetName);
      case 'privilege':
        pool.refuse(
          answer.member,
          this.#purpose,
          new ServiceFailure(refusal, `update ${this.#table.entitySetName}`).message,
        );
        return true;
      default:
        return false;
    }
  }

  #book(outcome: 'written' | 'gone' | 'unsent', rows: readonly RowUpdate[]): void {
    for (const { id } of rows) this.#report[outcome].push(id);
    this.#answered(rows.length);
  }

  #bookFailed(rows: readonly RowUpdate[], { code, message }: Refusal): void {
    for (const { id } of rows) this.#report.failed.push({ id, code, message });
    this.#answered(rows.length);
  }

  #answered(rows: number): void {
    this.#unanswered -= rows;
    this.#writer.backlog -= rows;
  }
}

const NOT_REACHED: Refusal = {
  status: 0,
  code: '',
  message: 'The batch ended before this row.',
  failureClass: 'transient',
};

const clears = ({ values }: RowUpdate): boolean => Object.values(values).includes(null);
