import type { HttpHeaders } from '@azure/core-rest-pipeline';
import { messageOf, RetryableError } from '../errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Clock } from './clock.ts';
import type { IdentityPool, Member } from './identity-pool.ts';
import { type Refusal, readRefusal, ServiceFailure, throttleCause } from './service-failure.ts';
import { API_PATH, type Transport, type WireAnswer } from './transport.ts';

/** What a request does; the `kind` attribute in telemetry. */
export type RequestKind =
  | 'readMetadata'
  | 'createLookup'
  | 'readPage'
  | 'readChanges'
  | 'readLists'
  | 'countRows'
  | 'findBulkSupport'
  | 'updateMultiple'
  | 'updateBatch';

export interface Request {
  readonly kind: RequestKind;
  /** The entity set it is about: an identity refused for reading or writing it is left out of the next such request. */
  readonly table: string;
  readonly method: 'GET' | 'POST';
  /** Below the API's root (`contacts?$select=…`), or an absolute URL that the service gave. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What the request asks for in words, for error messages: "read contacts". */
  readonly what: string;
  /** Rows to write: a request that takes too long is then given back to be split, not sent again. */
  readonly rows?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly headers: HttpHeaders;
  readonly body: string;
  /** From sending to the complete answer, milliseconds. */
  readonly durationMs: number;
  /** In whose name it was sent. */
  readonly member: Member;
}

/** How often, and after what pause (milliseconds, by attempt from 0), a failure is met with the same request again. */
interface Patience {
  readonly attempts: number;
  pauseMs(attempt: number): number;
}

const jitter = (ms: number): number => ms * (0.75 + Math.random() / 2);

const PATIENCE = {
  transient: { attempts: 6, pauseMs: (attempt) => Math.min(30_000, jitter(500 * 2 ** attempt)) },
  bulkRace: { attempts: 3, pauseMs: (attempt) => jitter(500 * 2 ** attempt) },
  schemaLag: { attempts: 8, pauseMs: () => 5_000 },
  // Another customization may hold the lock for minutes while an app is installed.
  customizationLock: { attempts: 20, pauseMs: (attempt) => jitter(Math.min(30_000, 5_000 * 1.5 ** attempt)) },
  // The pause is the Retry-After; this one is for an answer without.
  throttle: { attempts: 12, pauseMs: (attempt) => Math.min(60_000, jitter(1_000 * 2 ** attempt)) },
} satisfies Record<string, Patience>;

const READ_TIMEOUT_MS = 120_000;
/** Bulk requests with costly plug-ins are slow but alive; the .NET client waits as long. */
const WRITE_TIMEOUT_MS = 240_000;

/** Metadata caches lag up to 30 s behind a change; the rest is for several servers one after another. */
const SCHEMA_LAG_MS = 120_000;

const WRITES: ReadonlySet<RequestKind> = new Set(['updateMultiple', 'updateBatch', 'createLookup']);

export interface SenderOptions {
  /** The organisation's origin. */
  readonly origin: string;
  readonly pool: IdentityPool;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Sends requests until they succeed or repeating cannot help: the one place that waits and retries.
 *
 * A request travels in the name of whichever identity is free; who waits for a pause holds no place.
 */
export class Sender {
  readonly #options: SenderOptions;
  /** Entity sets whose schema changed lately, until when their names may still be unknown to some server. */
  readonly #schemaLagUntil = new Map<string, number>();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Notes that the schema behind an entity set has just changed: unknown names are waited for during a while. */
  expectSchemaLag(entitySetName: string): void {
    this.#schemaLagUntil.set(entitySetName, this.#options.clock.now() + SCHEMA_LAG_MS);
  }

  /** Whether names of this entity set may be unknown to a server only because it lags behind. */
  expectsSchemaLag(entitySetName: string): boolean {
    return (this.#schemaLagUntil.get(entitySetName) ?? 0) > this.#options.clock.now();
  }

  /**
   * @throws ServiceFailure (a TerminalError) where the service refuses for good
   * @throws RetryableError where it stays unavailable, or throttled beyond patience
   * @throws the signal's reason once it is aborted
   */
  async send(request: Request): Promise<Answer> {
    const { pool, clock } = this.#options;
    const write = WRITES.has(request.kind);
    const purpose = `${write ? 'write' : 'read'}:${request.table}`;
    const spent = new Map<keyof typeof PATIENCE, number>();
    let freshTokenTried: Member | undefined;
    for (;;) {
      const member = await pool.acquire(purpose, write ? 'write' : 'read', request.signal);
      const outcome = await this.#attempt(member, request);
      if ('answer' in outcome) return outcome.answer;

      const { refusal, retryAfterMs } = outcome;
      const kind = retryKind(refusal, request, this.expectsSchemaLag(request.table));
      if (kind === 'unauthorized' && freshTokenTried !== member) {
        freshTokenTried = member;
        continue;
      }
      if (kind === 'identity' || kind === 'unauthorized') {
        const scope = refusal.failureClass === 'privilege' ? purpose : '*';
        pool.refuse(member, scope, new ServiceFailure(refusal, request.what).message);
        continue;
      }
      if (kind === 'never') throw new ServiceFailure(refusal, request.what);

      const attempt = spent.get(kind) ?? 0;
      spent.set(kind, attempt + 1);
      const { attempts, pauseMs } = PATIENCE[kind];
      if (attempt + 1 >= attempts) {
        if (kind === 'schemaLag' || kind === 'bulkRace') throw new ServiceFailure(refusal, request.what);
        throw new RetryableError(
          `Dataverse could not ${request.what} for now (HTTP ${refusal.status || 'none'}): ${refusal.message}`,
          { retryAfterMs },
        );
      }
      // A Retry-After already stops the identity; the request itself may go on in another's name at once.
      if (retryAfterMs !== undefined && kind !== 'customizationLock') continue;
      const pause = Math.max(pauseMs(attempt), retryAfterMs ?? 0);
      this.#options.telemetry.record('backstamp.dataverse.waited', pause, { cause: kind });
      await clock.sleep(pause, request.signal);
    }
  }

  /** One request in one identity's name; tells the throttle and the telemetry what came of it. */
  async #attempt(member: Member, request: Request): Promise<Outcome> {
    const { pool, clock, telemetry } = this.#options;
    const started = clock.now();
    let outcome: Outcome | undefined;
    try {
      outcome = await this.#exchange(member, request, started);
      return outcome;
    } finally {
      const now = clock.now();
      member.throttle.finish(now);
      const refused = outcome && 'refusal' in outcome ? outcome : undefined;
      if (refused?.retryAfterMs !== undefined) member.throttle.stop(now + refused.retryAfterMs);
      if (refused?.refusal.failureClass === 'throttle') {
        telemetry.count('backstamp.dataverse.throttled', 1, { cause: throttleCause(refused.refusal) });
      } else if (refused?.refusal.failureClass === 'customizationLock') {
        telemetry.count('backstamp.dataverse.throttled', 1, { cause: 'customization' });
      }
      telemetry.count('backstamp.dataverse.requests', 1, {
        kind: request.kind,
        status: refused ? refused.refusal.status : 200,
        identity: member.clientId,
      });
      telemetry.record('backstamp.dataverse.request.duration', now - started, { kind: request.kind });
      pool.serve();
    }
  }

  async #exchange(member: Member, request: Request, started: number): Promise<Outcome> {
    const { transport, origin, clock } = this.#options;
    let token: string;
    try {
      token = await member.tokens.get();
    } catch (error) {
      return refused('identityRefused', `No access token: ${messageOf(error)}`);
    }
    let wire: WireAnswer;
    try {
      wire = await transport.send({
        method: request.method,
        url: this.#resolve(request.path, origin),
        headers: request.headers ?? {},
        body: request.body,
        token,
        timeoutMs: WRITES.has(request.kind) ? WRITE_TIMEOUT_MS : READ_TIMEOUT_MS,
        // A write under way is awaited, not cut off: what became of it would be unknown.
        signal: WRITES.has(request.kind) ? undefined : request.signal,
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      const slow = clock.now() - started >= WRITE_TIMEOUT_MS;
      return refused(slow && (request.rows ?? 0) > 1 ? 'tooLarge' : 'transient', messageOf(error));
    }
    if (wire.status < 300) {
      return { answer: { headers: wire.headers, body: wire.body, durationMs: clock.now() - started, member } };
    }
    const refusal = readRefusal(wire.status, wire.body);
    if (refusal.failureClass === 'unauthorized') member.tokens.reject(token);
    return { refusal, retryAfterMs: readRetryAfter(wire.headers.get('Retry-After')) };
  }

  /** A token is never sent elsewhere than to the organisation, whatever a link says. */
  #resolve(path: string, origin: string): string {
    if (!/^[a-z][a-z0-9+.-]*:/i.test(path)) return `${origin}${API_PATH}/${path}`;
    if (new URL(path).origin !== origin) {
      throw new ServiceFailure(
        { status: 0, code: '', message: 'The link leads outside the organisation.', failureClass: 'request' },
        `follow ${new URL(path).origin}`,
      );
    }
    return path;
  }
}

type Outcome = { readonly answer: Answer } | { readonly refusal: Refusal; readonly retryAfterMs: number | undefined };

const refused = (failureClass: 'transient' | 'tooLarge' | 'identityRefused', message: string): Outcome => ({
  refusal: { status: 0, code: '', message, failureClass },
  retryAfterMs: undefined,
});

/** What the sender does about a refusal of this request. */
function retryKind(
  { failureClass }: Refusal,
  request: Request,
  lagging: boolean,
): keyof typeof PATIENCE | 'identity' | 'unauthorized' | 'never' {
  switch (failureClass) {
    case 'throttle':
    case 'transient':
    case 'bulkRace':
    case 'customizationLock':
    case 'unauthorized':
      return failureClass;
    case 'identityRefused':
    case 'privilege':
      return 'identity';
    case 'schemaLag':
      return lagging ? 'schemaLag' : 'never';
    case 'tooLarge':
      return (request.rows ?? 0) > 1 ? 'never' : 'transient';
    default:
      return 'never';
  }
}

/** Seconds, or a date; milliseconds. Undefined where absent or unreadable. */
export function readRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
