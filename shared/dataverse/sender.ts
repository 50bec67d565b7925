import type { HttpHeaders } from '@azure/core-rest-pipeline';
import { messageOf, TerminalError } from '../errors.ts';
import { pauseBefore } from '../retry-policy.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { readNumber, readRetryAfter } from './answer-headers.ts';
import type { Clock } from './clock.ts';
import type { IdentityPool, Member } from './identity-pool.ts';
import { readTimeoutMs, retries, schemaLagMs, writeTimeoutMs } from './limits.ts';
import { meet, type RetryKind } from './patience.ts';
import { provesSuccess } from './proves-success.ts';
import { isReadOnlyError } from './read-only.ts';
import {
  loggableWords,
  noAnswer,
  type Refusal,
  readRefusal,
  ServiceFailure,
  throttleCause,
  unavailable,
} from './service-failure.ts';
import type { Finished } from './throttle.ts';
import { apiPath, type Transport, type WireAnswer } from './transport.ts';

/** What a request does; the `kind` attribute in telemetry. */
export type RequestKind =
  | 'readMetadata'
  | 'createLookup'
  | 'readPage'
  | 'readChanges'
  | 'readLists'
  | 'readTogether'
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
  /** What comes of it decides about more rows than its own. */
  readonly isDecisive?: boolean | undefined;
  /** Entra object id of the person in whose name it is asked; what that person lacks is no fault of the identity. */
  readonly caller?: string | undefined;
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

const writingKinds: ReadonlySet<RequestKind> = new Set(['updateMultiple', 'updateBatch', 'createLookup']);

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

  /** The organisation's origin. */
  get origin(): string {
    return this.#options.origin;
  }

  /** Notes that the schema behind an entity set has just changed: unknown names are waited for during a while. */
  expectSchemaLag(entitySetName: string): void {
    this.#schemaLagUntil.set(entitySetName, this.#options.clock.now() + schemaLagMs);
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
    const { pool, clock, origin } = this.#options;
    const url = resolve(request.path, origin);
    const write = writingKinds.has(request.kind);
    const purpose = purposeOf(request);
    const spent = new Map<RetryKind, number>();
    let freshTokenTried: Member | undefined;
    for (;;) {
      const member = await pool.acquire(purpose, write ? 'write' : 'read', request.signal);
      const outcome = await this.#attempt(member, request, url);
      if ('answer' in outcome) return outcome.answer;

      const { refusal, retryAfterMs } = outcome;
      const isProven = pool.hasProved(member, purpose, refusal.failureClass);
      const kind = meet(refusal, {
        rows: request.rows ?? 0,
        isWrite: write,
        isDecisive: request.isDecisive === true,
        lagging: this.expectsSchemaLag(request.table),
        isPersonal: request.caller !== undefined,
        isProven,
      });
      if (kind === 'unauthorized' && freshTokenTried !== member) {
        freshTokenTried = member;
        continue;
      }
      // What the person may not do no other identity may do for him; that this one may not act for anybody, another may.
      if (kind === 'identity' && request.caller !== undefined && !lacksActing(refusal)) {
        throw new ServiceFailure(refusal, request.what);
      }
      if (kind === 'identity') continue;
      if (kind === 'unauthorized') {
        // A plug-in may choose this status too: whether it is the sign-in, or one of the rows, other rows tell.
        if (request.rows !== undefined && isProven && !pool.hasOthers(member, purpose)) {
          throw new ServiceFailure(refusal, request.what);
        }
        pool.refuse(member, '*', new ServiceFailure(refusal, request.what).message);
        continue;
      }
      if (kind === 'never') throw new ServiceFailure(refusal, request.what);

      const attempt = (spent.get(kind) ?? 0) + 1;
      spent.set(kind, attempt);
      if (attempt > retries[kind].mostTries) throw gaveUp(kind, refusal, request, retryAfterMs);
      // A Retry-After already stops the identity; the request itself may go on in another's name at once.
      if (retryAfterMs !== undefined && kind !== 'customizationLock') continue;
      const pause = Math.max(spread(pauseBefore(retries[kind], attempt)), retryAfterMs ?? 0);
      // Too many at once is mended by fewer at once; a spent budget only by time, for every request in this name.
      if (kind === 'throttle' && throttleCause(refusal) !== 'concurrency') member.throttle.stop(clock.now() + pause);
      this.#options.telemetry.record('backstamp.dataverse.waited', pause, { cause: kind });
      await clock.sleep(pause, request.signal);
    }
  }

  /** One request in one identity's name; tells the throttle and the telemetry what came of it. */
  async #attempt(member: Member, request: Request, url: string): Promise<Outcome> {
    const { pool, clock } = this.#options;
    const started = clock.now();
    let outcome: Outcome | undefined;
    try {
      outcome = await this.#traced(member, request, () => this.#exchange(member, request, url, started));
      return outcome;
    } finally {
      this.#conclude(member, request, started, outcome);
      pool.serve();
    }
  }

  /** Shows a request as a span, and what was written or refused, in whose name, in the log. */
  #traced(member: Member, request: Request, exchange: () => Promise<Outcome>): Promise<Outcome> {
    const { telemetry, origin } = this.#options;
    const { kind, table: entitySet, method, rows } = request;
    const attributes = { kind, entitySet, identity: member.clientId, rows };
    return telemetry.span(
      `Dataverse ${kind}`,
      { ...attributes },
      async (span) => {
        span.set({ 'http.request.method': method, 'server.address': new URL(origin).hostname });
        const outcome = await exchange();
        const refusal = 'refusal' in outcome ? outcome.refusal : undefined;
        span.set({ 'http.response.status_code': refusal?.status ?? 200 });
        if (refusal) {
          const { status, code, failureClass } = refusal;
          span.set({ code, failureClass });
          span.fail(loggableWords(refusal));
          telemetry.log('debug', 'Dataverse refused a request', { status, code, failureClass });
        } else if (writingKinds.has(kind)) telemetry.log('debug', 'Dataverse took a write');
        return outcome;
      },
      'client',
    );
  }

  /** Tells the identity's throttle, and the telemetry, how a request ended; without outcome it was cut off. */
  #conclude(member: Member, request: Request, started: number, outcome: Outcome | undefined): void {
    const { clock, telemetry } = this.#options;
    const now = clock.now();
    const durationMs = now - started;
    const { throttle, clientId: identity } = member;
    const answer = outcome && 'answer' in outcome ? outcome.answer : undefined;
    const refused = outcome && 'refusal' in outcome ? outcome : undefined;
    const failure = refused?.refusal.failureClass;
    const refusedBy = failure === 'throttle' && refused ? throttleCause(refused.refusal) : undefined;
    throttle.finish(now, {
      durationMs,
      refusedBy,
      work: answer && request.rows ? { kind: `${request.kind}:${request.table}`, rows: request.rows } : undefined,
      ...readLimits(answer?.headers ?? refused?.headers),
    });
    if (refused?.retryAfterMs !== undefined) throttle.stop(now + refused.retryAfterMs);
    // Here, not where the next attempt is decided: what becomes free goes to waiting requests at once.
    const { pool } = this.#options;
    const purpose = purposeOf(request);
    // A batch may be answered and none of its rows be written: who wrote rows proves it by their answers.
    if (answer) pool.prove(member, request.kind === 'updateBatch' ? '*' : purpose);
    const isOwn = request.caller === undefined || (refused !== undefined && lacksActing(refused.refusal));
    if (refused && isOwn && (failure === 'identityRefused' || failure === 'privilege')) {
      const isOwnLack = request.rows === undefined || !pool.hasProved(member, purpose, failure);
      const { message } = new ServiceFailure(refused.refusal, request.what);
      if (isOwnLack) pool.refuse(member, failure === 'privilege' ? purpose : '*', message);
    }
    if (refusedBy) telemetry.count('backstamp.dataverse.throttled', 1, { cause: refusedBy });
    if (failure === 'customizationLock') {
      telemetry.count('backstamp.dataverse.throttled', 1, { cause: 'customization' });
    }
    const { kind } = request;
    telemetry.count('backstamp.dataverse.requests', 1, { kind, status: refused?.refusal.status ?? 200, identity });
    telemetry.record('backstamp.dataverse.request.duration', durationMs, { kind });
    telemetry.record('backstamp.dataverse.in_flight', throttle.inFlight, { identity });
    telemetry.record('backstamp.dataverse.concurrency', throttle.concurrency(now), { identity });
    telemetry.record('backstamp.dataverse.budget_used', throttle.budgetUsed(now), { identity });
  }

  async #exchange(member: Member, request: Request, url: string, started: number): Promise<Outcome> {
    const { transport, clock, pool, telemetry } = this.#options;
    const traceparent = telemetry.traceParent();
    let token: string;
    try {
      token = await member.tokens.get();
    } catch (error) {
      // Another identity may have a token; where there is none, this one's trouble may pass.
      const others = pool.hasOthers(member, purposeOf(request));
      return refused(others ? 'identityRefused' : 'transient', `No access token: ${messageOf(error)}`);
    }
    let wire: WireAnswer;
    try {
      wire = await transport.send({
        method: request.method,
        url,
        headers: {
          ...request.headers,
          ...(request.caller === undefined ? {} : { CallerObjectId: request.caller }),
          ...(traceparent === undefined ? {} : { traceparent }),
        },
        body: request.body,
        token,
        timeoutMs: writingKinds.has(request.kind) ? writeTimeoutMs : readTimeoutMs,
        // A write under way is awaited, not cut off: what became of it would be unknown.
        signal: writingKinds.has(request.kind) ? undefined : request.signal,
      });
    } catch (error) {
      if (isReadOnlyError(error)) throw error;
      request.signal?.throwIfAborted();
      const slow = clock.now() - started >= writeTimeoutMs;
      return refused(slow && (request.rows ?? 0) > 1 ? 'tooLarge' : 'transient', messageOf(error));
    }
    if (provesSuccess(request, wire)) {
      return { answer: { headers: wire.headers, body: wire.body, durationMs: clock.now() - started, member } };
    }
    const refusal = readRefusal(wire.status, wire.body);
    if (refusal.failureClass === 'unauthorized') member.tokens.reject(token);
    return { refusal, retryAfterMs: readRetryAfter(wire.headers.get('Retry-After')), headers: wire.headers };
  }
}

interface Refused {
  readonly refusal: Refusal;
  readonly retryAfterMs?: number | undefined;
  readonly headers?: HttpHeaders;
}

type Outcome = { readonly answer: Answer } | Refused;

const purposeOf = ({ kind, table, caller }: Request): string =>
  caller === undefined ? `${writingKinds.has(kind) ? 'write' : 'read'}:${table}` : 'act for others';

/** Whether it is the identity that may not act for others: only those that see to persons are given that right. */
const lacksActing = ({ failureClass, message }: Refusal): boolean =>
  failureClass === 'privilege' && /prvActOnBehalfOfAnotherUser/i.test(message);

const refused = (failureClass: 'transient' | 'tooLarge' | 'identityRefused', message: string): Refused => ({
  refusal: noAnswer(failureClass, message),
});

/** What a request ends with whose refusal outlasted patience. */
function gaveUp(kind: RetryKind, refusal: Refusal, request: Request, retryAfterMs: number | undefined): Error {
  const { what, rows = 0 } = request;
  const isPacing = kind === 'throttle' || kind === 'customizationLock';
  // Who sends rows finds out whether it is one of them. Else whatever stands on the way to the service may go away.
  const isForEver = rows > 0 ? !isPacing : !isPacing && kind !== 'transient' && refusal.isService;
  if (isForEver) return new ServiceFailure(refusal, what);
  return unavailable(refusal, what, retryAfterMs);
}

/** What every answer tells of the service's limits. */
function readLimits(headers: HttpHeaders | undefined): Pick<Finished, 'hint' | 'requestsLeft' | 'executionLeftMs'> {
  const seconds = readNumber(headers?.get('x-ms-ratelimit-time-remaining-xrm-requests'));
  return {
    hint: readNumber(headers?.get('x-ms-dop-hint')),
    requestsLeft: readNumber(headers?.get('x-ms-ratelimit-burst-remaining-xrm-requests')),
    executionLeftMs: seconds === undefined ? undefined : seconds * 1000,
  };
}

/** A token is never sent elsewhere than to the organisation, whatever a link says. */
function resolve(path: string, origin: string): string {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(path)) return `${origin}${apiPath}/${path}`;
  const target = new URL(path).origin;
  if (target === origin) return path;
  throw new TerminalError(
    `Dataverse gave a link to ${target}, outside the organisation ${origin}: it is not followed.`,
  );
}

/** A pause, a quarter shorter or longer, so that requests that failed together do not come again together. */
const spread = (ms: number): number => ms * (0.75 + Math.random() / 2);
