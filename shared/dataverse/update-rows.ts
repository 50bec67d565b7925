import { isTerminalError, TerminalError } from '../errors.ts';
import { readRetryAfter } from './answer-headers.ts';
import { isOfAllRows } from './breaker.ts';
import type { RowUpdate, TableMetadata, UpdateReport, UpdateRequest } from './dataverse.ts';
import { findExisting, findPartitions } from './find-existing.ts';
import { fewRows, longestPauseOfRefusedMs, refusedBatchCountsFor, sampleRows, warmUpRows } from './limits.ts';
import { type BatchAnswer, readBatch } from './multipart.ts';
import { isTaken } from './proves-success.ts';
import type { RowWriter, WriteMode } from './row-writer.ts';
import { isFinal, isTooLong, type RefusedRow, RowsLedger } from './rows-ledger.ts';
import type { Answer } from './sender.ts';
import {
  MissingPrivilegeError,
  noAnswer,
  type Refusal,
  readRefusal,
  ServiceFailure,
  throttleCause,
  unavailable,
} from './service-failure.ts';
import { tableRefused } from './table-refused.ts';
import { writeRows } from './write-rows.ts';

/** Rows that travel together. */
interface Chunk {
  readonly rows: readonly RowUpdate[];
  readonly mode: WriteMode;
  /** They stand for all rows of the update: what all of them are told, the table is told. */
  readonly isSample?: boolean;
}

/** See `Dataverse.update`. */
export async function updateRows(writer: RowWriter, request: UpdateRequest): Promise<UpdateReport> {
  const { table, rows, warmUp } = request;
  if (new Set(rows.map(({ id }) => id)).size < rows.length) {
    throw new TerminalError(`An update of ${table.logicalName} names a row twice; each row may occur once.`);
  }
  if (rows.length === 0) return { written: [], gone: [], failed: [], unsent: [] };
  if (warmUp && writer.needsWarmUp(request)) writer.options.sender.expectSchemaLag(table.entitySetName);
  if (table.tableType !== 'Elastic' || request.signal?.aborted) return new UpdateRun(writer, request).run();
  const partitions = await findPartitions(
    writer.options.sender,
    table,
    rows.map(({ id }) => id),
    request.signal,
  );
  const addressed = rows.map((row) => ({ ...row, partition: partitions.get(row.id) }));
  return new UpdateRun(writer, { ...request, rows: addressed }).run();
}

/**
 * One update: cuts chunks off the rows, sends them side by side, and books what became of each row.
 *
 * What refuses a chunk as a whole is taken for some row's fault until its rows have stood alone, in a `$batch`. Rows
 * refused there are sent again together, some times, when all others are done. Before that an update ends only where the
 * service cannot be reached or lets nobody in, and where rows from all over it are refused alike.
 */
class UpdateRun {
  readonly #writer: RowWriter;
  readonly #table: TableMetadata;
  readonly #signal: AbortSignal | undefined;
  readonly #purpose: string;
  readonly #ledger = new RowsLedger();
  /** Rows not sent yet. */
  #fresh: readonly RowUpdate[];
  /** Chunks that came back, to be sent in another form before new rows. */
  readonly #returned: Chunk[] = [];
  /** Rows per request; undefined before the first. */
  #chunkRows: number | undefined;
  #hasBulk = false;
  #unanswered: number;
  /** True until the first request is through, where that one has to go alone. */
  #warming: boolean;
  /** Something was refused and nothing taken since: requests go one by one. */
  #inDoubt = false;
  /** The next request is to hold rows that stand for all. */
  #isSampleDue = false;
  #hasTaken = false;
  /** Such rows were refused, and nothing was taken since. */
  #wasSampleRefused = false;
  #stopped: Error | undefined;

  constructor(writer: RowWriter, request: UpdateRequest) {
    this.#writer = writer;
    this.#table = request.table;
    this.#signal = request.signal;
    this.#fresh = request.rows;
    this.#warming = writer.needsWarmUp(request);
    this.#purpose = `write:${request.table.entitySetName}`;
    this.#unanswered = request.rows.length;
    // A table that refused everything last time is asked with a few rows first, a new one with one request.
    this.#isSampleDue = this.#breaker.isOpen;
    this.#inDoubt = !this.#breaker.hasTaken || this.#breaker.isOpen;
  }

  async run(): Promise<UpdateReport> {
    this.#writer.backlog += this.#unanswered;
    try {
      this.#hasBulk = await this.#writer.options.bulkSupport.has(this.#table.logicalName);
      for (let round = 1; ; round++) {
        await this.#sendAll();
        const refused = this.#ledger.takeRefused();
        if (refused.length === 0 || !(await this.#judge(refused, round))) break;
      }
      const unsent = [...this.#returned.flatMap(({ rows }) => rows), ...this.#fresh];
      return this.#ledger.report(unsent, this.#stopped);
    } finally {
      this.#writer.backlog -= this.#unanswered;
    }
  }

  get #breaker() {
    return this.#writer.breaker(this.#table.logicalName);
  }

  get #known() {
    return this.#writer.known(this.#table.logicalName);
  }

  get #trust() {
    return this.#writer.trust(this.#table.logicalName);
  }

  get #isOver(): boolean {
    return this.#stopped !== undefined || this.#signal?.aborted === true;
  }

  /** Keeps as many chunks under way as may be in flight, and one more so that none waits for us. */
  async #sendAll(): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for (;;) {
      const concurrency = this.#writer.options.pool.concurrency(this.#purpose);
      while (underWay.size < (this.#warming || this.#inDoubt ? 1 : concurrency + 1) && !this.#isOver) {
        const chunk = this.#takeSample() ?? this.#returned.shift() ?? this.#cut(concurrency);
        if (!chunk) break;
        const sending = this.#send(chunk).catch((error: unknown) => this.#stop(error, chunk));
        const done = sending.then(() => {
          underWay.delete(done);
        });
        underWay.add(done);
      }
      if (underWay.size === 0) return;
      await Promise.race(underWay);
    }
  }

  #stop(error: unknown, unsent?: Chunk): void {
    if (unsent) this.#returned.push(unsent);
    this.#stopped ??= error instanceof Error ? error : new Error(String(error));
    if (isTerminalError(error)) this.#breaker.open();
  }

  /** Rows from all over what is not sent yet, where the table as a whole is to be asked. */
  #takeSample(): Chunk | undefined {
    if (!this.#isSampleDue) return undefined;
    this.#isSampleDue = false;
    const rows = this.#fresh.length >= sampleRows ? this.#fresh : (this.#returned.shift()?.rows ?? this.#fresh);
    if (rows.length === 0) return undefined;
    const step = Math.max(1, Math.floor(rows.length / sampleRows));
    const isChosen = (_: RowUpdate, at: number): boolean => at % step === 0 && at / step < sampleRows;
    const rest = rows.filter((row, at) => !isChosen(row, at));
    if (rows === this.#fresh) this.#fresh = rest;
    else if (rest.length > 0) this.#returned.push({ rows: rest, mode: 'batch' });
    return { rows: rows.filter(isChosen), mode: 'batch', isSample: true };
  }

  /** Takes the next new rows; rows that clear a lookup go by themselves where UpdateMultiple does not take them. */
  #cut(concurrency: number): Chunk | undefined {
    const { logicalName } = this.#table;
    if (this.#fresh.length === 0) return undefined;
    const mode = this.#hasBulk && !this.#trust.isShaken ? 'multiple' : 'batch';
    this.#chunkRows ??= this.#writer.chunkRows(logicalName, mode, concurrency);
    // What was learned since may have made requests smaller, by a refusal for one.
    const learned = this.#writer.size(logicalName, mode).rows;
    const count = Math.min(this.#chunkRows, learned, this.#warming ? warmUpRows : learned);
    const rows = this.#fresh.slice(0, count);
    this.#fresh = this.#fresh.slice(count);
    if (mode === 'batch' || !this.#writer.nullRefused.has(logicalName)) return { rows, mode };
    const clearing = rows.filter(clears);
    const setting = rows.filter((row) => !clears(row));
    if (setting.length === 0) return { rows: clearing, mode: 'batch' };
    if (clearing.length > 0) this.#returned.push({ rows: clearing, mode: 'batch' });
    return { rows: setting, mode };
  }

  async #send(chunk: Chunk): Promise<void> {
    const { options } = this.#writer;
    try {
      const answer = await writeRows(options, this.#table, chunk, this.#signal);
      this.#writer.size(this.#table.logicalName, chunk.mode).succeeded(chunk.rows.length, answer.durationMs);
      if (chunk.mode === 'multiple') this.#take(chunk.rows);
      else this.#readAnswers(chunk, answer);
      if (this.#warming) this.#writer.warmedUp(this.#table.logicalName);
      this.#warming = false;
    } catch (error) {
      if (this.#signal?.aborted && error === this.#signal.reason) this.#returned.push(chunk);
      else if (error instanceof ServiceFailure) this.#divide(chunk, error);
      else if (error instanceof MissingPrivilegeError && !chunk.isSample) this.#hearOthers(chunk, error);
      else throw error;
    }
  }

  /** One row may have set off something that lacks a right: others are asked before the table is given up. */
  #hearOthers({ rows }: Chunk, lack: MissingPrivilegeError): void {
    if (!this.#wasSampleRefused) {
      this.#returned.unshift({ rows, mode: 'batch' });
      this.#doubt(true);
      return;
    }
    // The others were refused too, for whatever reason: each row is heard by itself, or these would be asked without end.
    if (rows.length > 1) {
      this.#halve({ rows, mode: 'batch' });
      return;
    }
    const refusal = noAnswer('privilege', lack.message);
    this.#ledger.refused(rows[0] as RowUpdate, refusal);
    this.#breaker.refused(refusal);
    if (this.#considerTable(refusal, false)) this.#stop(lack);
  }

  /** Sends a chunk that was refused as a whole in a form that tells more of its rows. */
  #divide(chunk: Chunk, failure: ServiceFailure): void {
    const { rows, mode, isSample } = chunk;
    const { refusal } = failure;
    const { failureClass } = refusal;
    const { logicalName } = this.#table;
    const { bulkSupport } = this.#writer.options;
    if (failureClass === 'tooLarge') {
      this.#writer.size(logicalName, mode).failed(rows.length);
      if (rows.length > fewRows) {
        this.#halve(chunk);
        return;
      }
    }
    if (mode === 'multiple') {
      if (failureClass === 'unsupported') {
        bulkSupport.deny(logicalName);
        this.#hasBulk = false;
      } else if (failureClass === 'nullRefused') this.#writer.nullRefused.add(logicalName);
      else {
        this.#trust.bulkRefused();
        this.#doubt(isOfAllRows(refusal));
      }
      this.#returnByBatch(rows);
      return;
    }
    this.#breaker.refused(refusal, isOfAllRows(refusal) ? rows.length : rows.length > 1 ? refusedBatchCountsFor : 1);
    // A batch that is refused as a whole for what is no row's fault proves it where no other rows can.
    const isProven = isOfAllRows(refusal) && !this.#hasTaken && this.#fresh.length + this.#returned.length === 0;
    if (this.#considerTable(refusal, isSample || isProven)) this.#stop(tableRefused(failure, this.#table), chunk);
    else if (rows.length > 1) this.#halve(chunk);
    else this.#ledger.refused(rows[0] as RowUpdate, refusal);
  }

  #returnByBatch(rows: readonly RowUpdate[]): void {
    const size = this.#writer.size(this.#table.logicalName, 'batch').rows;
    for (let at = 0; at < rows.length; at += size) {
      this.#returned.push({ rows: rows.slice(at, at + size), mode: 'batch' });
    }
  }

  #halve({ rows, mode }: Chunk): void {
    const middle = Math.ceil(rows.length / 2);
    this.#returned.unshift({ rows: rows.slice(0, middle), mode }, { rows: rows.slice(middle), mode });
  }

  /** Books a batch's answers row by row. */
  #readAnswers(chunk: Chunk, answer: Answer): void {
    const { pool } = this.#writer.options;
    const answers = readBatch(answer.headers.get('Content-Type') ?? '', answer.body);
    const isRowTaken = (part: BatchAnswer | undefined): boolean =>
      part !== undefined && isTaken(part.status, part.headers['odata-version'], part.headers['content-type'] ?? '');
    if (answers.some(isRowTaken)) pool.prove(answer.member, this.#purpose);
    const lacking: RowUpdate[] = [];
    let last: Refusal | undefined;
    for (const [at, row] of chunk.rows.entries()) {
      const part = answers[at];
      if (isRowTaken(part)) {
        this.#take([row]);
        last = undefined;
        continue;
      }
      const refusal = part ? readRefusal(part.status, part.body) : notReached;
      if (this.#lacksPrivilege(refusal, answer)) lacking.push(row);
      else {
        this.#ledger.refused(row, refusal);
        this.#heed(refusal, part, answer);
        last = refusal;
      }
    }
    if (lacking.length > 0) this.#returned.unshift({ ...chunk, rows: lacking });
    if (last === undefined) return;
    this.#inDoubt = true;
    if (this.#considerTable(last, chunk.isSample)) {
      const failure = new ServiceFailure(last, `update ${this.#table.entitySetName}`);
      this.#stop(tableRefused(failure, this.#table));
    }
  }

  /** Whether a part is refused for want of a privilege that its identity never showed to have; then it is left out. */
  #lacksPrivilege(refusal: Refusal, { member }: Answer): boolean {
    const { pool } = this.#writer.options;
    if (refusal.failureClass !== 'privilege' || pool.hasProved(member, this.#purpose, 'privilege')) return false;
    pool.refuse(member, this.#purpose, new ServiceFailure(refusal, `update ${this.#table.entitySetName}`).message);
    return true;
  }

  /** What a row's refusal means for the identity's pace and for the table. */
  #heed(refusal: Refusal, part: BatchAnswer | undefined, { member }: Answer): void {
    const { telemetry, clock } = this.#writer.options;
    const retryAfterMs = readRetryAfter(part?.headers['retry-after']);
    if (retryAfterMs !== undefined) member.throttle.stop(clock.now() + retryAfterMs);
    if (refusal.failureClass === 'throttle') {
      telemetry.count('backstamp.dataverse.throttled', 1, { cause: throttleCause(refusal) });
    } else if (refusal !== notReached && !this.#isLag(refusal)) {
      this.#trust.rowRefused();
      // Whether a row that is said to be missing was refused at all, reading tells.
      if (refusal.failureClass !== 'missing') this.#breaker.refused(refusal);
    }
  }

  /** Whether a name is unknown only because the server learns late of a change. */
  #isLag({ failureClass }: Refusal): boolean {
    return failureClass === 'schemaLag' && this.#writer.options.sender.expectsSchemaLag(this.#table.entitySetName);
  }

  #take(rows: readonly RowUpdate[]): void {
    for (const refusal of this.#ledger.written(rows)) this.#known.passed(refusal);
    this.#trust.taken(rows.length);
    this.#breaker.taken();
    this.#hasTaken = true;
    this.#inDoubt = false;
    this.#wasSampleRefused = false;
    this.#answered(rows.length);
  }

  #doubt(isSampleDue: boolean): void {
    this.#inDoubt = true;
    if (isSampleDue && !this.#wasSampleRefused) this.#isSampleDue = true;
  }

  /** Whether all rows of the table are refused, as its sample was; asks for one where so many were that it may be so. */
  #considerTable(refusal: Refusal, isSample: boolean | undefined): boolean {
    if (isSample) this.#wasSampleRefused = true;
    this.#inDoubt = true;
    if (!this.#breaker.isSuspicious(refusal, this.#unanswered)) return false;
    if (this.#wasSampleRefused) return true;
    this.#isSampleDue = this.#fresh.length > 0 || this.#returned.length > 0;
    return false;
  }

  /**
   * Judges the rows that were refused, once all others are done: what is final stays with the row, what may be gone is
   * looked for, and the rest goes once more after a pause. Returns whether anything is to be sent.
   */
  async #judge(refused: readonly RefusedRow[], round: number): Promise<boolean> {
    const { clock, sender } = this.#writer.options;
    const again: RefusedRow[] = [];
    try {
      const missing = this.#isOver ? [] : refused.filter(({ refusal }) => refusal.failureClass === 'missing');
      const existing = await findExisting(
        sender,
        this.#table,
        missing.map(({ row }) => row.id),
        this.#signal,
      );
      const isMissing = new Set(missing);
      for (const one of refused) {
        if (isMissing.has(one) && !existing.has(one.row.id.toLowerCase())) this.#settle('gone', one);
        else {
          if (isMissing.has(one)) this.#breaker.refused(one.refusal);
          if (!this.#isLag(one.refusal) && (isFinal(one) || this.#known.isBelieved(one.refusal))) {
            this.#settle('failed', one);
          } else again.push(one);
        }
      }
    } catch (error) {
      again.splice(0, again.length, ...refused);
      if (!this.#signal?.aborted) this.#stop(error);
    }
    this.#returned.push({ rows: again.map(({ row }) => row), mode: 'batch' });
    const tooLong = again.find(isTooLong);
    if (tooLong) this.#stop(unavailable(tooLong.refusal, `update ${this.#table.entitySetName}`));
    const [one] = again;
    if (one === undefined || this.#isOver) return false;
    this.#considerTable(one.refusal, false);
    const isLagging = again.some(({ refusal }) => this.#isLag(refusal));
    const pauseMs = isLagging ? 5_000 : Math.min(longestPauseOfRefusedMs, 500 * 2 ** round);
    await clock.sleep(pauseMs, this.#signal).catch(() => {
      // Aborted: the rows have come back and are told as unsent.
    });
    return true;
  }

  #settle(outcome: 'gone' | 'failed', row: RefusedRow): void {
    if (outcome === 'failed') this.#known.stayed(row.refusal);
    this.#ledger[outcome](row);
    this.#answered(1);
  }

  #answered(rows: number): void {
    this.#unanswered -= rows;
    this.#writer.backlog -= rows;
  }
}

const notReached: Refusal = noAnswer('transient', 'The batch ended before this row.');

const clears = ({ values }: RowUpdate): boolean => Object.values(values).includes(null);
