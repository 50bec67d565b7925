import type { Accepted, RowList, RunList, SegmentList, StartRun } from '../shared/api/schemas.ts';
import type { DoctorReport } from '../shared/contracts/doctor-report.ts';
import type { Problem } from '../shared/contracts/problem.ts';
import type { Run, RunWithTasks, StatusAnswer } from '../shared/contracts/run.ts';
import type { SegmentReading } from '../shared/contracts/segments.ts';
import type { Discovery } from '../shared/inspect/discover.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';

/** Thrown when the app refuses a request or cannot be reached; `message` is for people. */
export class ApiError extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export interface RowQuery {
  readonly outcome: RowOutcome['outcome'] | undefined;
  readonly search: string;
  readonly continuation: string | undefined;
}

/** The app's API, called with a key that travels in a header and never in an address. */
export class Api {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  status(): Promise<StatusAnswer> {
    return this.#json('status');
  }

  runs(pageSize: number, continuation?: string): Promise<RunList> {
    return this.#json(`runs?${query({ pageSize: String(pageSize), continuation })}`);
  }

  /** Undefined where there is no such run (yet). */
  async run(runId: string): Promise<RunWithTasks | undefined> {
    try {
      return await this.#json(`runs/${encodeURIComponent(runId)}`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
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

  /** Has members counted for a while; complete once all are. */
  countSegments(): Promise<SegmentReading> {
    return this.#json('segments/refresh', { method: 'POST' });
  }

  segments(continuation?: string): Promise<SegmentList> {
    return this.#json(`segments?${query({ pageSize: '500', continuation })}`);
  }

  checkUp(): Promise<DoctorReport> {
    return this.#json('doctor', { method: 'POST' });
  }

  discover(): Promise<Discovery> {
    return this.#json('discover', { method: 'POST' });
  }

  async #json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.#send(path, init)).json()) as T;
  }

  async #send(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(path, { ...init, headers: { ...init.headers, 'x-functions-key': this.#key } });
    } catch {
      throw new ApiError('The app does not answer. It is asked again in a moment.', 0);
    }
    if (response.ok) return response;
    throw new ApiError(await refusalOf(response), response.status);
  }
}

const rowsPath = (runId: string, table: string): string =>
  `runs/${encodeURIComponent(runId)}/tables/${encodeURIComponent(table)}/rows`;

function query(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return new URLSearchParams(given).toString();
}

async function refusalOf(response: Response): Promise<string> {
  if (response.status === 401) return 'The key is not the one of this app.';
  try {
    const { detail, errors = [] } = (await response.json()) as Problem;
    return [detail, ...errors.map(({ field, message }) => `${field}: ${message}`)].join(' ');
  } catch {
    return `The app answered ${response.status}.`;
  }
}
