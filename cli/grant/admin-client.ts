import { readRefusal } from '../../shared/dataverse/service-failure.ts';
import { odataText } from '../../shared/odata-text.ts';
import { AppError } from '../app-client.ts';

export type Json = Readonly<Record<string, unknown>>;

/** How often a request that Dataverse asks to repeat is sent; an administrator waits no longer. */
const attempts = 4;
const defaultWaitSeconds = 5;
/** Adding hundreds of privileges to a role takes its time; what takes longer does not answer, in milliseconds. */
const limitMs = 120_000;
/** Values of one filter: more make a query that servers refuse to parse. */
const valuesPerFilter = 40;

/** A change that Dataverse is asked for. */
export interface Change {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** In words that follow "may not", for errors. */
  readonly what: string;
  /**
   * Whether it has come about. Asked when Dataverse refuses or does not answer: it may have done all the same what it
   * was asked for, and doing it again would do it twice.
   */
  readonly isDone: () => Promise<boolean>;
}

/** Dataverse's Web API with an administrator's token, which travels in a header and nowhere else. */
export class AdminClient {
  /** Root of the API, for references in bodies. */
  readonly api: string;
  readonly #origin: string;
  readonly #token: string;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(url: string, token: string, sleep: (ms: number) => Promise<void>) {
    this.#origin = new URL(url).origin;
    this.api = `${this.#origin}/api/data/v9.2`;
    this.#token = token;
    this.#sleep = sleep;
  }

  /**
   * @param what is read, in words that follow "may not", for errors
   * @throws AppError where Dataverse refuses or does not answer, with the missing right and the remedy
   */
  async readObject(path: string, what: string): Promise<Json> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch('GET', path);
      if (response.ok) {
        const answer: unknown = await response.json().catch(() => undefined);
        if (typeof answer === 'object' && answer !== null) return answer as Json;
        throw new AppError(`${this.#origin} gave no answer to "${what}". Is it the root of the environment?`, 0);
      }
      const text = await response.text();
      if (!isBusy(response.status) || attempt === attempts) throw this.#refusal(response.status, text, what);
      await this.#wait(response);
    }
  }

  /** All rows of a list, however many pages it has. */
  async list(path: string, what: string): Promise<Json[]> {
    const rows: Json[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const answer: Json = await this.readObject(next, what);
      if (Array.isArray(answer.value)) rows.push(...answer.value);
      const link = answer['@odata.nextLink'];
      next = typeof link === 'string' && link.startsWith(`${this.api}/`) ? link.slice(this.api.length + 1) : undefined;
    }
    return rows;
  }

  /**
   * Rows of a list whose property has one of many values.
   * @param path with its `$select`; the filter is added
   */
  async listWhere(path: string, property: string, values: readonly string[], what: string): Promise<Json[]> {
    const wanted = [...new Set(values)];
    const rows: Json[] = [];
    for (let at = 0; at < wanted.length; at += valuesPerFilter) {
      const some = wanted.slice(at, at + valuesPerFilter).map((value) => `${property} eq ${literal(value)}`);
      rows.push(...(await this.list(`${path}&$filter=${encodeURIComponent(some.join(' or '))}`, what)));
    }
    return rows;
  }

  /**
   * Brings a change about, once.
   * @throws AppError where it has not come about
   */
  async change({ method, path, body, what, isDone }: Change): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch(method, path, body).catch((error: unknown) => error as AppError);
      if (!(response instanceof AppError) && response.ok) {
        await response.arrayBuffer();
        return;
      }
      const error =
        response instanceof AppError ? response : this.#refusal(response.status, await response.text(), what);
      const mayRepeat = response instanceof AppError || isBusy(response.status);
      if (mayRepeat && attempt < attempts) await this.#wait(response instanceof AppError ? undefined : response);
      // Where not even that can be read, what was said first says more.
      if (await isDone().catch(() => false)) return;
      if (!mayRepeat || attempt === attempts) throw error;
    }
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.api}/${path}`, {
      method,
      signal: AbortSignal.timeout(limitMs),
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: 'application/json',
        'content-type': 'application/json; charset=utf-8',
        'odata-version': '4.0',
        'odata-maxversion': '4.0',
        // Past caches that may be half a minute old: what was changed a moment ago must be seen.
        consistency: 'Strong',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
      const { cause } = error;
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
      throw new AppError(`${this.#origin} does not answer (${reason}). Check --url-dataverse.`, 0);
    });
  }

  #wait(response: Response | undefined): Promise<void> {
    return this.#sleep(1000 * (Number(response?.headers.get('retry-after')) || defaultWaitSeconds));
  }

  #refusal(status: number, body: string, what: string): AppError {
    const { code, message, failureClass } = readRefusal(status, body);
    const said = `Dataverse said: ${message}`;
    if (status === 401) {
      const how = `az account get-access-token --resource ${this.#origin} --query accessToken --output tsv`;
      return new AppError(
        `${this.#origin} does not take this token: it has expired, or is meant for something else. Get one with: ${how}\n${said}`,
        status,
      );
    }
    if (failureClass === 'identityRefused') {
      return new AppError(
        `The account of this token is no enabled user of the environment. Sign in as one with the security role System Administrator.\n${said}`,
        status,
      );
    }
    const missing = /is missing (prv\w+) privilege/i.exec(message)?.[1];
    if (missing !== undefined || failureClass === 'privilege' || status === 403) {
      return new AppError(`${mayNot(what, missing)}\n${said}`, status);
    }
    return new AppError(`Dataverse refused to ${what} (HTTP ${status}${code && ` ${code}`}): ${message}`, status);
  }
}

/** What to say where the account of the token lacks a right. */
export const mayNot = (what: string, missing: string | undefined): string =>
  `The account of this token may not ${what}${missing === undefined ? '' : `: it lacks ${missing}`}. Sign in as one with the security role System Administrator.`;

const isBusy = (status: number): boolean => status === 429 || status === 408 || status >= 502;

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const literal = (value: string): string => (guid.test(value) ? value : odataText(value));
