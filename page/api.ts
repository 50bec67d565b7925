import type {
  About,
  Accepted,
  AuditList,
  RecordOutcomes,
  RowList,
  RunSummaryList,
  SegmentList,
  StartRun,
} from '../shared/api/schemas.ts';
import type { Discovery } from '../shared/contracts/discovery.ts';
import type { DoctorReport } from '../shared/contracts/doctor-report.ts';
import type { Explanation } from '../shared/contracts/explanation.ts';
import type { TableHold } from '../shared/contracts/hold.ts';
import type { Problem } from '../shared/contracts/problem.ts';
import type { ProfileAnswer } from '../shared/contracts/profile.ts';
import type { Run, StatusAnswer } from '../shared/contracts/run.ts';
import type { RunDetail } from '../shared/contracts/run-summary.ts';
import type { SegmentReading } from '../shared/contracts/segments.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';
import { apiFilterOf, type RunFilter } from './run-filter.ts';

/** Thrown when the app refuses a request or cannot be reached; `message` is for people. */
export class ApiError extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** With status 401: it is not a key that is wanted, but that somebody signs in. */
  readonly wantsSignIn: boolean;

  constructor(message: string, status: number, wantsSignIn = false) {
    super(message);
    this.status = status;
    this.wantsSignIn = wantsSignIn;
  }
}

export interface RowQuery {
  readonly outcome: RowOutcome['outcome'] | undefined;
  readonly search: string;
  readonly continuation: string | undefined;
}

/** Answers that are asked for again and again, by path, with the tags by which the app knows them. */
const maxRemembered = 10;

/** The app's API; a key travels in a header and never in an address. */
export class Api {
  readonly #key: string | undefined;
  readonly #onUnauthorized: (error: ApiError) => void;
  readonly #remembered = new Map<string, { readonly etag: string; readonly body: unknown }>();

  /**
   * @param key undefined where people sign in: the browser then says who asks.
   * @param onUnauthorized called before a request is refused because the app does not know, or no longer, who asks
   */
  constructor(key: string | undefined, onUnauthorized: (error: ApiError) => void) {
    this.#key = key;
    this.#onUnauthorized = onUnauthorized;
  }

  about(): Promise<About> {
    return this.#json('about');
  }

  status(): Promise<StatusAnswer> {
    return this.#again('status');
  }

  holds(): Promise<{ holds: TableHold[] }> {
    return this.#again('holds');
  }

  confirmHold(holdId: string): Promise<Accepted> {
    return this.#json(`holds/${encodeURIComponent(holdId)}/confirm`, { method: 'POST' });
  }

  newestRuns(pageSize: number): Promise<RunSummaryList> {
    return this.#again(`runs?${query({ tasks: 'none', pageSize: String(pageSize) })}`);
  }

  olderRuns(pageSize: number, continuation: string): Promise<RunSummaryList> {
    return this.#json(`runs?${query({ tasks: 'none', pageSize: String(pageSize), continuation })}`);
  }

  findRuns(pageSize: number, filter: RunFilter, continuation?: string): Promise<RunSummaryList> {
    return this.#json(
      `runs?${query({ tasks: 'none', pageSize: String(pageSize), ...apiFilterOf(filter), continuation })}`,
    );
  }

  /** Undefined where there is no such run (yet). */
  run(runId: string): Promise<RunDetail | undefined> {
    return orUndefined(this.#again<RunDetail>(`runs/${encodeURIComponent(runId)}`));
  }

  start(wanted: StartRun): Promise<Accepted> {
    return this.#json('runs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
    });
  }

  cancel(runId: string): Promise<Run> {
    return this.#json(`runs/${encodeURIComponent(runId)}/cancel`, { method: 'POST' });
  }

  rows(runId: string, table: string, { outcome, search, continuation }: RowQuery): Promise<RowList> {
    return this.#json(`${rowsPath(runId, table)}?${query({ outcome, search, continuation })}`);
  }

  /** A page of rows as CSV; `continuation` asks for the next. */
  async csv(
    runId: string,
    table: string,
    { outcome, search, continuation }: RowQuery,
  ): Promise<{ text: string; continuation: string | undefined }> {
    const path = `${rowsPath(runId, table)}?${query({ outcome, search, continuation, format: 'csv', pageSize: '1000' })}`;
    const response = await this.#send(path);
    return { text: await response.text(), continuation: response.headers.get('x-continuation') ?? undefined };
  }

  /** Undefined where the table has no such row that whoever asks may read. */
  profile(table: string, id: string): Promise<ProfileAnswer | undefined> {
    return orUndefined(this.#json<ProfileAnswer>(`${recordPath(table, id)}/profile`));
  }

  /** Why a row is linked as it is, or not; undefined where there is no such row that whoever asks may read. */
  explanation(table: string, id: string): Promise<Explanation | undefined> {
    return orUndefined(this.#json<Explanation>(`${recordPath(table, id)}/explanation`));
  }

  /** What runs did to one row, newest first. */
  outcomes(table: string, id: string, continuation?: string): Promise<RecordOutcomes> {
    return this.#json(`${recordPath(table, id)}/outcomes?${query({ continuation })}`);
  }

  /** Has members counted for a while; complete once all are. */
  countSegments(): Promise<SegmentReading> {
    return this.#json('segments/refresh', { method: 'POST' });
  }

  segments(continuation?: string): Promise<SegmentList> {
    return this.#json(`segments?${query({ pageSize: '500', continuation })}`);
  }

  audit(): Promise<AuditList> {
    return this.#json(`audit?${query({ pageSize: '200' })}`);
  }

  callDoctor(): Promise<DoctorReport> {
    return this.#json('doctor', { method: 'POST' });
  }

  discover(): Promise<Discovery> {
    return this.#json('discover', { method: 'POST' });
  }

  async #json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.#send(path, init)).json()) as T;
  }

  /** Asks for what was asked for before: where nothing changed, the app says just that. */
  async #again<T>(path: string): Promise<T> {
    const known = this.#remembered.get(path);
    const response = await this.#send(path, known === undefined ? {} : { headers: { 'if-none-match': known.etag } });
    if (response.status === 304 && known !== undefined) {
      // An answer that is not read to its end counts as broken off.
      await response.text();
      return known.body as T;
    }
    const body = (await response.json()) as T;
    const etag = response.headers.get('etag');
    this.#remembered.delete(path);
    if (etag !== null) this.#remembered.set(path, { etag, body });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= maxRemembered) break;
      this.#remembered.delete(oldest);
    }
    return body;
  }

  async #send(path: string, init: RequestInit = {}): Promise<Response> {
    const key = this.#key === undefined ? {} : { 'x-functions-key': this.#key };
    let response: Response;
    try {
      // A sign-in that has run out may answer with a way to the sign-in page, which no script can follow.
      response = await fetch(path, { ...init, redirect: 'manual', headers: { ...init.headers, ...key } });
    } catch {
      throw new ApiError('The app does not answer. It is asked again in a moment.', 0);
    }
    if (response.ok || response.status === 304) return response;
    const refusal =
      response.type === 'opaqueredirect'
        ? new ApiError('Your sign-in has expired.', 401, true)
        : await refusalOf(response);
    if (refusal.status === 401) this.#onUnauthorized(refusal);
    throw refusal;
  }
}

const rowsPath = (runId: string, table: string): string =>
  `runs/${encodeURIComponent(runId)}/tables/${encodeURIComponent(table)}/rows`;
const recordPath = (table: string, id: string): string =>
  `records/${encodeURIComponent(table)}/${encodeURIComponent(id)}`;

function query(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return new URLSearchParams(given).toString();
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function refusalOf(response: Response): Promise<ApiError> {
  const { status } = response;
  // The host refuses a key without a word; the app itself says that somebody must sign in.
  const isOfApp = (response.headers.get('content-type') ?? '').includes('application/problem+json');
  if (status === 401 && !isOfApp) return new ApiError('The key is not the one of this app.', status);
  try {
    const { detail, errors = [] } = (await response.json()) as Problem;
    const text = [detail, ...errors.map(({ field, message }) => `${field}: ${message}`)].join(' ');
    return new ApiError(text, status, status === 401);
  } catch {
    return new ApiError(`The app answered ${status}.`, status);
  }
}
