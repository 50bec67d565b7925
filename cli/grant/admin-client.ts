import { readRefusal } from '../../shared/dataverse/service-failure.ts';
import { AppError } from '../app-client.ts';

type Json = Readonly<Record<string, unknown>>;

/** How often a request that Dataverse asks to repeat is sent; an administrator waits no longer. */
const attempts = 4;
const defaultWaitSeconds = 5;

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
    const response = await this.#send('GET', path, what);
    const answer: unknown = await response.json().catch(() => undefined);
    if (typeof answer === 'object' && answer !== null) return answer as Json;
    throw new AppError(`${this.#origin} gave no answer to "${what}". Is it the root of the environment?`, 0);
  }

  /** Rows of a list; none of those read here is longer than a page. */
  async list(path: string, what: string): Promise<Json[]> {
    const { value } = await this.readObject(path, what);
    return Array.isArray(value) ? value : [];
  }

  /** Sends a change; resolves to the id of what was made, where something was. */
  async post(path: string, body: unknown, what: string): Promise<string | undefined> {
    const response = await this.#send('POST', path, what, body);
    await response.arrayBuffer();
    return /\(([0-9a-f-]{36})\)$/i.exec(response.headers.get('odata-entityid') ?? '')?.[1];
  }

  async #send(method: string, path: string, what: string, body?: unknown): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(`${this.api}/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          accept: 'application/json',
          'content-type': 'application/json; charset=utf-8',
          'odata-version': '4.0',
          'odata-maxversion': '4.0',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).catch((error: Error) => {
        const { cause } = error;
        const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
        throw new AppError(`${this.#origin} does not answer (${reason}). Check --url-dataverse.`, 0);
      });
      if (response.ok) return response;
      const text = await response.text();
      const isBusy = response.status === 429 || response.status === 503;
      if (!isBusy || attempt === attempts) throw this.#refusal(response.status, text, what);
      await this.#sleep(1000 * (Number(response.headers.get('retry-after')) || defaultWaitSeconds));
    }
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
      const lack = missing === undefined ? '' : `: it lacks ${missing}`;
      return new AppError(
        `The account of this token may not ${what}${lack}. Sign in as one with the security role System Administrator.\n${said}`,
        status,
      );
    }
    return new AppError(`Dataverse refused to ${what} (HTTP ${status}${code && ` ${code}`}): ${message}`, status);
  }
}
