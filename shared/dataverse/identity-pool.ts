import { TerminalError } from '../errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { createTokenSource, type TokenSource } from './access-token.ts';
import type { FailureClass } from './classify.ts';
import type { Clock } from './clock.ts';
import type { Identity } from './identities.ts';
import { beatMs, IdentityTurn, type LeaseStore } from './identity-turn.ts';
import { leftOutMs } from './limits.ts';
import { MissingPrivilegeError } from './service-failure.ts';
import type { Admission, Throttle, WaitCause } from './throttle.ts';

/** More purposes than wait at once: which was served when is forgotten beyond. */
const mostPurposes = 1_000;

/** An identity with all that the process knows of it. */
export interface Member {
  readonly clientId: string;
  readonly tokens: TokenSource;
  readonly throttle: Throttle;
  /** Whose turn it is among processes; absent where this one has the identity for itself. */
  readonly turn: IdentityTurn | undefined;
  /** Number of the latest request it was given, to take turns. */
  lastTurn: number;
  /** What it has done with success (a purpose, or `*` for anything): it lacks no right to. */
  readonly proved: Set<string>;
  /** What it may not do (a purpose, or `*`), until when. */
  readonly refusals: Map<string, { readonly until: number; readonly why: string }>;
}

interface Waiter {
  readonly purpose: string;
  readonly since: number;
  cause: WaitCause;
  resolve(member: Member): void;
  reject(reason: unknown): void;
}

/** How processes share identities. */
export interface Sharing {
  readonly leases: LeaseStore;
  /** Names this process among all. */
  readonly processId: string;
  /** Milliseconds since 1970. */
  readonly epochNow: () => number;
}

/**
 * Hands out the right to send: to each request an identity whose throttle admits it, the least busy one first.
 * Reads go before writes that wait: a write's successor cannot even be named before its rows are read.
 */
export class IdentityPool {
  readonly members: readonly Member[];
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #waiting: { readonly read: Waiter[]; readonly write: Waiter[] } = { read: [], write: [] };
  #turn = 0;
  /** Number of the latest request of each purpose, the one served longest ago first. */
  readonly #servedAt = new Map<string, number>();
  #alarm: { readonly at: number; readonly controller: AbortController } | undefined;

  constructor(options: {
    readonly identities: readonly Identity[];
    readonly scope: string;
    readonly clock: Clock;
    readonly telemetry: Telemetry;
    readonly createThrottle: () => Throttle;
    /** How this process shares its identities with others; absent: it has them for itself. */
    readonly sharing?: Sharing | undefined;
  }) {
    this.#clock = options.clock;
    this.#telemetry = options.telemetry;
    this.members = options.identities.map(({ clientId, credential }) => {
      const throttle = options.createThrottle();
      return {
        clientId,
        tokens: createTokenSource(credential, options.scope),
        throttle,
        turn: options.sharing && this.#shared(options.sharing, clientId, throttle),
        lastTurn: 0,
        proved: new Set(),
        refusals: new Map(),
      };
    });
  }

  #shared(sharing: Sharing, clientId: string, throttle: Throttle): IdentityTurn {
    return new IdentityTurn({
      ...sharing,
      clientId,
      throttle,
      clock: this.#clock,
      telemetry: this.#telemetry,
      isWaiting: () => this.#waiting.read.length + this.#waiting.write.length > 0,
      onChange: () => this.serve(),
    });
  }

  /**
   * Waits until some identity may send, and counts the request as begun in its name; `release` ends it.
   * @param purpose what is done to what, such as `write:contact`; an identity refused for it is left out
   * @throws TerminalError where every identity was refused for it
   */
  acquire(purpose: string, priority: 'read' | 'write', signal?: AbortSignal): Promise<Member> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const queue = this.#waiting[priority];
      const onAbort = (): void => {
        const at = queue.indexOf(waiter);
        if (at >= 0) queue.splice(at, 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        purpose,
        since: this.#clock.now(),
        cause: 'concurrency',
        resolve: (member) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(member);
        },
        reject: (reason) => {
          signal?.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      queue.push(waiter);
      this.serve();
    });
  }

  /** Gives waiting requests what has become free. Called whenever a throttle's state may have changed. */
  serve(): void {
    const now = this.#clock.now();
    let wakeIn = Infinity;
    for (const priority of ['read', 'write'] as const) {
      for (let isServed = true; isServed; ) {
        isServed = false;
        // Who stands behind for the same purpose fares no better; another purpose may have other identities.
        for (const waiter of this.#firstOfEach(priority)) {
          const waitMs = this.#serveOne(waiter, priority, now);
          if (waitMs !== 'served') wakeIn = Math.min(wakeIn, waitMs);
          else {
            isServed = true;
            break;
          }
        }
      }
    }
    this.#setAlarm(now + wakeIn);
  }

  /**
   * The first waiting request of each purpose. The purpose that was served longest ago comes first: a table whose slice
   * ends before its turn comes would else stand at the end each time it asks anew.
   */
  #firstOfEach(priority: 'read' | 'write'): readonly Waiter[] {
    const first = new Map<string, Waiter>();
    for (const waiter of this.#waiting[priority]) {
      if (!first.has(waiter.purpose)) first.set(waiter.purpose, waiter);
    }
    const servedAt = ({ purpose }: Waiter): number => this.#servedAt.get(purpose) ?? 0;
    return [...first.values()].sort((one, other) => servedAt(one) - servedAt(other));
  }

  #noteServed(purpose: string): void {
    this.#servedAt.delete(purpose);
    this.#servedAt.set(purpose, this.#turn);
    const [oldest] = this.#servedAt.keys();
    if (this.#servedAt.size > mostPurposes && oldest !== undefined) this.#servedAt.delete(oldest);
  }

  /** Lets a request be sent, or gives the milliseconds until asking again can help. */
  #serveOne(waiter: Waiter, priority: 'read' | 'write', now: number): 'served' | number {
    const { purpose } = waiter;
    const queue = this.#waiting[priority];
    const usable = this.#usable(purpose, now);
    if (usable.length === 0) {
      this.#rejectAll(queue, purpose);
      return 'served';
    }
    const { member, waitMs, cause } = pick(usable, priority, now);
    if (!member) {
      for (const { turn } of usable) turn?.want();
      waiter.cause = cause;
      return waitMs;
    }
    queue.splice(queue.indexOf(waiter), 1);
    member.lastTurn = ++this.#turn;
    this.#noteServed(purpose);
    member.throttle.start(now);
    member.turn?.sent(now);
    if (now > waiter.since) {
      this.#telemetry.record('backstamp.dataverse.waited', now - waiter.since, { cause: waiter.cause });
    }
    this.#telemetry.record('backstamp.dataverse.in_flight', member.throttle.inFlight, { identity: member.clientId });
    waiter.resolve(member);
    return 'served';
  }

  /** Leaves `member` out of `purpose` (`*`: out of everything) for a while, and says so. */
  refuse(member: Member, purpose: string, why: string): void {
    if (purpose === '*') member.proved.clear();
    else member.proved.delete(purpose);
    member.refusals.set(purpose, { until: this.#clock.now() + leftOutMs, why });
    // An identity that only writes leaves the rest to others, which is as it was granted; one that nothing is left to is not.
    const level = purpose !== '*' && this.hasOthers(member, purpose) ? 'info' : 'error';
    this.#telemetry.log(level, `Identity ${member.clientId} is left out of ${purpose}: ${why}`, {
      identity: member.clientId,
    });
  }

  /** Notes that `member` has done `purpose` with success (`*`: has been answered at all). */
  prove(member: Member, purpose: string): void {
    member.proved.add('*').add(purpose);
  }

  /**
   * Whether what `member` did before speaks against a refusal of it: who has written to a table has the privilege to, and
   * who was answered is known to the organisation. Then something else lacks the right, such as a plug-in's own call.
   */
  hasProved(member: Member, purpose: string, failure: FailureClass): boolean {
    return member.proved.has(failure === 'identityRefused' || failure === 'unauthorized' ? '*' : purpose);
  }

  /** Whether another identity than `member` may do `purpose`. */
  hasOthers(member: Member, purpose: string): boolean {
    return this.#usable(purpose, this.#clock.now()).some((other) => other !== member);
  }

  /** Requests that may be in flight at once over all identities that may do `purpose`, as things stand. */
  concurrency(purpose: string): number {
    const now = this.#clock.now();
    return this.#usable(purpose, now).reduce((sum, { throttle }) => sum + throttle.concurrency(now), 0);
  }

  #usable(purpose: string, now: number): readonly Member[] {
    return this.members.filter(({ refusals }) => {
      for (const key of ['*', purpose]) {
        const refusal = refusals.get(key);
        if (refusal && refusal.until > now) return false;
      }
      return true;
    });
  }

  #rejectAll(queue: Waiter[], purpose: string): void {
    const error = this.#allRefused(purpose);
    const others = queue.filter((waiter) => waiter.purpose !== purpose);
    const refused = queue.filter((waiter) => waiter.purpose === purpose);
    queue.splice(0, queue.length, ...others);
    for (const waiter of refused) waiter.reject(error);
  }

  /** The refusals are forgotten at the same time: the next attempt, after somebody mended them, asks anew. */
  #allRefused(purpose: string): TerminalError {
    // What an identity is refused for one purpose alone, it is refused for want of a privilege.
    const isPrivilege = this.members.every(({ refusals }) => !refusals.has('*') && refusals.has(purpose));
    const reasons = this.members.map(({ clientId, refusals }) => {
      const why = (refusals.get('*') ?? refusals.get(purpose))?.why ?? 'refused';
      refusals.delete('*');
      refusals.delete(purpose);
      return `${clientId}: ${why}`;
    });
    const message = reasons.length === 1 ? (reasons[0] ?? '') : `Every identity is refused. ${reasons.join(' ')}`;
    return isPrivilege ? new MissingPrivilegeError(message) : new TerminalError(message);
  }

  #setAlarm(at: number): void {
    if (this.#alarm && this.#alarm.at <= at && at !== Infinity) return;
    this.#alarm?.controller.abort();
    this.#alarm = undefined;
    if (at === Infinity) return;
    const controller = new AbortController();
    this.#alarm = { at, controller };
    this.#clock
      .sleep(Math.max(1, at - this.#clock.now()), controller.signal)
      .then(() => {
        this.#alarm = undefined;
        this.serve();
      })
      .catch(() => {
        // The alarm was set to another time.
      });
  }
}

type Picked =
  | { readonly member: Member; readonly waitMs: 0; readonly cause: undefined }
  | { readonly member: undefined; readonly waitMs: number; readonly cause: WaitCause };

/** The least busy of the identities that may send now, taking turns among equals; else how long until one may. */
function pick(members: readonly Member[], priority: 'read' | 'write', now: number): Picked {
  let best: Member | undefined;
  let waitMs = Infinity;
  let cause: WaitCause = 'concurrency';
  for (const member of members) {
    const admission = admit(member, priority, now);
    if (!admission.admitted) {
      if (admission.waitMs <= waitMs) ({ waitMs, cause } = admission);
    } else if (!best || isBefore(member, best, now)) {
      best = member;
    }
  }
  return best ? { member: best, waitMs: 0, cause: undefined } : { member: undefined, waitMs, cause };
}

const admit = ({ throttle, turn }: Member, priority: 'read' | 'write', now: number): Admission =>
  turn === undefined || turn.admits(priority, now)
    ? throttle.admit(now)
    : // Should storage not answer at all, nobody tells that the turn has come.
      { admitted: false, waitMs: beatMs, cause: 'turn' };

const isBefore = (one: Member, other: Member, now: number): boolean =>
  load(one, now) - load(other, now) < 0 || (load(one, now) === load(other, now) && one.lastTurn < other.lastTurn);

const load = ({ throttle }: Member, now: number): number => throttle.inFlight / throttle.concurrency(now);
