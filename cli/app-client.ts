import { z } from 'zod';
import {
  acceptedSchema,
  type RowList,
  type RunList,
  rowListSchema,
  runListSchema,
  type SegmentList,
  type StartRun,
  segmentListSchema,
} from '../shared/api/schemas.ts';
import { doctorReportSchema } from '../shared/contracts/doctor-report.ts';
import { problemSchema } from '../shared/contracts/problem.ts';
import { type ProfileAnswer, profileAnswerSchema } from '../shared/contracts/profile.ts';
import { type RunWithTasks, runSchema, runWithTasksSchema, statusAnswerSchema } from '../shared/contracts/run.ts';
import { segmentReadingSchema } from '../shared/contracts/segments.ts';
import { discoverySchema } from '../shared/inspect/discover.ts';

/** Thrown when the app refuses or does not answer; `message` says why and what to do. */
export class AppError extends Error {
  override name = 'AppError';
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** The app's API, with a key that travels in a header, and a token where a person asks. */
export class AppClient {
  readonly #url: string;
  readonly #key: string;
  readonly #token: string | undefined;

  /** @param token by which App Service authentication knows the person who asks */
  constructor(url: string, key: string, token?: string) {
    this.#url = url;
    this.#key = key;
    this.#token = token;
  }

  status = () => this.#json('GET', 'status', statusAnswerSchema);
  discover = () => this.#json('POST', 'discover', discoverySchema);
  doctor = () => this.#json('POST', 'doctor', doctorReportSchema);
  start = (wanted: StartRun) => this.#json('POST', 'runs', acceptedSchema, wanted);
  cancel = (runId: string) => this.#json('POST', `runs/${runId}/cancel`, runSchema);

  refreshSegments = () => this.#json('POST', 'segments/refresh', segmentReadingSchema);

  segments(pageSize: number, continuation?: string): Promise<SegmentList> {
    return this.#json('GET', `segments?${queryOf({ pageSize: String(pageSize), continuation })}`, segmentListSchema);
  }

  runs(pageSize: number, continuation?: string): Promise<RunList> {
    return this.#json('GET', `runs?${queryOf({ pageSize: String(pageSize), continuation })}`, runListSchema);
  }

  profile(table: string, id: string): Promise<ProfileAnswer> {
    const path = `records/${encodeURIComponent(table)}/${encodeURIComponent(id)}/profile`;
    return this.#json('GET', path, profileAnswerSchema);
  }

  /** Undefined where there is no such run (yet). */
  async run(runId: string): Promise<RunWithTasks | undefined> {
    try {
      return await this.#json('GET', `runs/${runId}`, runWithTasksSchema);
    } catch (error) {
      if (error instanceof AppError && error.status === 404) return undefined;
      throw error;
    }
  }

  rows(runId: string, table: string, query: Readonly<Record<string, string | undefined>>): Promise<RowList> {
    return this.#json('GET', `${rowsPath(runId, table)}?${queryOf(query)}`, rowListSchema);
  }

  /** A page of rows as CSV; `continuation` asks for the next. */
  async csv(
    runId: string,
    table: string,
    query: Readonly<Record<string, string | undefined>>,
  ): Promise<{ text: string; continuation: string | undefined }> {
    const response = await this.#send('GET', `${rowsPath(runId, table)}?${queryOf({ ...query, format: 'csv' })}`);
    return { text: await response.text(), continuation: response.headers.get('x-continuation') ?? undefined };
  }

  async #json<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const response = await this.#send(method, path, body);
    const answer = schema.safeParse(await response.json().catch(() => undefined));
    if (answer.success) return answer.data;
    throw new AppError(
      `${this.#url} answered in a form that this command does not know: ${z.prettifyError(answer.error)}. Use the command that came with the app.`,
      response.status,
    );
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`${this.#url}/api/${path}`, {
      method,
      headers: {
        'x-functions-key': this.#key,
        'content-type': 'application/json',
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
      const { cause } = error;
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
      throw new AppError(`${this.#url} does not answer (${reason}). Check --url or BACKSTAMP_URL.`, 0);
    });
    if (response.ok) return response;
    throw new AppError(await refusalOf(response, this.#url), response.status);
  }
}

const rowsPath = (runId: string, table: string): string => `runs/${runId}/tables/${encodeURIComponent(table)}/rows`;

const queryOf = (values: Readonly<Record<string, string | undefined>>): string =>
  new URLSearchParams(
    Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined),
  ).toString();

async function refusalOf(response: Response, url: string): Promise<string> {
  if (response.status === 401)
    return `${url} does not take this key. Check BACKSTAMP_KEY, and BACKSTAMP_TOKEN where the app asks people to sign in.`;
  const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
  if (!problem.success) return `${url} answered ${response.status}. Is it the root of the app?`;
  const { detail, errors = [] } = problem.data;
  return [detail, ...errors.map(({ field, message }) => `  ${field}: ${message}`)].join('\n');
}
