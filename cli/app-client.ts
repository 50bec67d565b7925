import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type Accepted,
  type AuditList,
  aboutSchema,
  acceptedSchema,
  auditListSchema,
  type RowList,
  type RunList,
  rowListSchema,
  runListSchema,
  type SegmentList,
  type StartRun,
  segmentListSchema,
} from '../shared/api/schemas.ts';
import { type CustomerRecords, customerRecordsSchema } from '../shared/contracts/customer-records.ts';
import { discoverySchema } from '../shared/contracts/discovery.ts';
import { doctorReportSchema } from '../shared/contracts/doctor-report.ts';
import { type Explanation, explanationSchema } from '../shared/contracts/explanation.ts';
import { holdListSchema } from '../shared/contracts/hold.ts';
import { problemSchema } from '../shared/contracts/problem.ts';
import { type ProfileAnswer, profileAnswerSchema } from '../shared/contracts/profile.ts';
import { type RunWithTasks, runSchema, runWithTasksSchema, statusAnswerSchema } from '../shared/contracts/run.ts';
import { segmentReadingSchema } from '../shared/contracts/segments.ts';

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

/** By what one is let in: a function key, or a token by which App Service authentication knows who asks. */
export interface Pass {
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  /** Another token, where the app does not take this one any more: a run may take longer than a token lives. */
  readonly renew?: (() => Promise<string | undefined>) | undefined;
}

/** How often the start of a run is tried while the app cannot be reached: its key makes them one run. */
const startAttempts = 4;
const startPauseMs = 2_000;

/** The app's API; key and token travel in headers, and to this address alone. */
export class AppClient {
  readonly url: string;
  #pass: Pass;

  constructor(url: string, pass: Pass) {
    this.url = url;
    this.#pass = pass;
  }

  status = () => this.#json('GET', 'status', statusAnswerSchema);
  discover = () => this.#json('POST', 'discover', discoverySchema);
  doctor = () => this.#json('POST', 'doctor', doctorReportSchema);
  about = () => this.#json('GET', 'about', aboutSchema);
  cancel = (runId: string) => this.#json('POST', `runs/${runId}/cancel`, runSchema);

  holds = () => this.#json('GET', 'holds', holdListSchema);
  confirm = (holdId: string) => this.#json('POST', `holds/${holdId}/confirm`, acceptedSchema);

  refreshSegments = () => this.#json('POST', 'segments/refresh', segmentReadingSchema);

  segments(pageSize: number, continuation?: string): Promise<SegmentList> {
    return this.#json('GET', `segments?${queryOf({ pageSize: String(pageSize), continuation })}`, segmentListSchema);
  }

  /** Starts a run once, however often it has to be asked for. */
  async start(wanted: StartRun, sleep: (ms: number) => Promise<void>): Promise<Accepted> {
    const once = { 'idempotency-key': randomUUID() };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#json('POST', 'runs', acceptedSchema, wanted, once);
      } catch (error) {
        if (!isPassing(error) || attempt === startAttempts) throw error;
        await sleep(startPauseMs);
      }
    }
  }

  runs(query: Readonly<Record<string, string | undefined>>): Promise<RunList> {
    return this.#json('GET', `runs?${queryOf(query)}`, runListSchema);
  }

  audit(query: Readonly<Record<string, string | undefined>>): Promise<AuditList> {
    return this.#json('GET', `audit?${queryOf(query)}`, auditListSchema);
  }

  profile(table: string, id: string): Promise<ProfileAnswer> {
    return this.#json('GET', `${recordPath(table, id)}/profile`, profileAnswerSchema);
  }

  customerRecords(customerId: string): Promise<CustomerRecords> {
    return this.#json('GET', `customers/${encodeURIComponent(customerId)}/records`, customerRecordsSchema);
  }

  explain(table: string, id: string): Promise<Explanation> {
    return this.#json('GET', `${recordPath(table, id)}/explanation`, explanationSchema);
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

  async #json<T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const response = await this.#send(method, path, body, headers);
    const answer = schema.safeParse(await response.json().catch(() => undefined));
    if (answer.success) return answer.data;
    throw new AppError(
      `${this.url} answered in a form that this command does not know: ${z.prettifyError(answer.error)}. Use the command that came with the app.`,
      response.status,
    );
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { key, token } = this.#pass;
    const response = await fetch(`${this.url}/api/${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...headers,
        ...(key === undefined ? {} : { 'x-functions-key': key }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      // Followed, a redirect would carry the key wherever it leads.
      redirect: 'manual',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
      const { cause } = error;
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
      throw new AppError(`${this.url} does not answer (${reason}). Check --url, the profile or BACKSTAMP_URL.`, 0);
    });
    if (response.ok) return response;
    const { renew } = this.#pass;
    const renewed = response.status === 401 ? await renew?.() : undefined;
    if (renewed !== undefined && renewed !== token) {
      this.#pass = { ...this.#pass, token: renewed };
      return this.#send(method, path, body, headers);
    }
    throw new AppError(await refusalOf(response, this.url), response.status);
  }
}

/** Whether a later attempt may succeed: no answer, a fault of the app or of what stands before it, or too many requests. */
export const isPassing = (error: unknown): error is AppError =>
  error instanceof AppError && (error.status === 0 || error.status >= 500 || error.status === 429);

const rowsPath = (runId: string, table: string): string => `runs/${runId}/tables/${encodeURIComponent(table)}/rows`;

const recordPath = (table: string, id: string): string =>
  `records/${encodeURIComponent(table)}/${encodeURIComponent(id)}`;

const queryOf = (values: Readonly<Record<string, string | undefined>>): string =>
  new URLSearchParams(
    Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined),
  ).toString();

async function refusalOf(response: Response, url: string): Promise<string> {
  if (response.status >= 300 && response.status < 400) {
    const target = response.headers.get('location') ?? '';
    const to = URL.canParse(target, url) ? new URL(target, url).origin : 'somewhere else';
    return `${url} redirects to ${to}, which is not followed: the key is for the app alone. Give the app's own address; where it leads to a sign-in, set BACKSTAMP_SIGN_IN.`;
  }
  if (response.status === 401 && response.headers.has('www-authenticate')) {
    return `${url} asks people to sign in: "az login", and set BACKSTAMP_SIGN_IN to what its tokens are asked for, such as api://<client id>; or BACKSTAMP_TOKEN to a token.`;
  }
  if (response.status === 401) return `${url} does not take this key. Check BACKSTAMP_KEY, or the key of the profile.`;
  const problem = problemSchema.safeParse(await response.json().catch(() => undefined));
  if (!problem.success) return `${url} answered ${response.status}. Is it the root of the app?`;
  const { detail, errors = [] } = problem.data;
  return [detail, ...errors.map(({ field, message }) => `  ${field}: ${message}`)].join('\n');
}
