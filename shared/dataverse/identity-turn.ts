import type { IdentityLease } from '../contracts/identity-lease.ts';
import { logTextOf } from '../errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Clock } from './clock.ts';
import type { Throttle } from './throttle.ts';

/** A lease as it was read or written. */
interface Found {
  readonly lease: IdentityLease;
  readonly etag: string;
}

/** Where processes agree on whose turn it is. */
export interface LeaseStore {
  read(clientId: string): Promise<Found | undefined>;
  /** The new ETag; undefined where another process was first. */
  write(clientId: string, lease: IdentityLease, etag: string | undefined): Promise<string | undefined>;
}

/** How often whoever has the turn says so, and who waits looks; milliseconds. */
export const beatMs = 2_000;
/** Whoever comes next looks more often: until it has seen that its turn has come, nobody sends. */
const nextLookMs = 500;
/** A holder that has said nothing for so long is dead. Each process measures by its own clock: theirs may differ. */
const expiryMs = 8_000;
/** So much earlier a holder that could not say anything stops by itself. */
const marginMs = 3_000;
/** Who is handed the turn and does not take it for so long is dead. */
const untakenMs = 5_000;
/** Storage that has answered nothing for so long is not waited for. */
const outMs = 15_000;
/** A turn that is not used is given up after so long. */
const lingerMs = 5_000;
/** All who wait have their turn within about this time: less than a slice, so that each gets on. */
const roundMs = 150_000;
const shortestTurnMs = 20_000;
const longestTurnMs = 60_000;
/** Reads that a process may send out of turn: what people ask for must not wait for linking. */
const readsAtOnce = 30;
const msPerRead = 15_000;

export interface TurnOptions {
  readonly clientId: string;
  readonly throttle: Throttle;
  readonly leases: LeaseStore;
  /** Names this process among all. */
  readonly processId: string;
  readonly clock: Clock;
  /** Milliseconds since 1970, to tell how old another process's ledger is. */
  readonly epochNow: () => number;
  readonly telemetry: Telemetry;
  /** Whether anything waits to be sent in the identity's name. */
  readonly isWaiting: () => boolean;
  /** Called when the turn has come. */
  readonly onChange: () => void;
}

/**
 * One identity's turn in one process. The service counts what is sent in an identity's name, whoever sends it; so of all
 * processes one at a time does, and hands on what it knows of the identity's budgets with the turn. Between two processes
 * that work without end it goes round; who dies loses it within seconds.
 *
 * Where storage cannot be reached, every process goes on without a turn, one request at a time.
 */
export class IdentityTurn {
  readonly #options: TurnOptions;
  #held: Found | undefined;
  /** When the turn came, when it was last said that it is in use, and when it was. */
  #since = 0;
  #saidAt = 0;
  #busyAt = 0;
  /** The turn is over once what is under way has ended: the next one has to know all that was spent. */
  #isEnding = false;
  /** First of those that wait. */
  #isNext = false;
  /** The lease as last seen in another's hands, and when it was first seen so. */
  #seen: { readonly etag: string; readonly at: number } | undefined;
  /** For how long storage has answered nothing while this process could hear it: one that was frozen could not. */
  #silentMs = 0;
  #isListening = false;
  #isAtWork = false;
  #isCarefulTold = false;
  #reads = readsAtOnce;
  #readsAt = 0;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  /** Whether a request may be sent now, as far as other processes are concerned. */
  admits(priority: 'read' | 'write', now: number): boolean {
    if (this.#isOurs(now)) return !this.#isEnding;
    if (this.#isAlone()) return this.#options.throttle.inFlight === 0;
    return priority === 'read' && this.#readsLeft(now) >= 1;
  }

  /** Notes that a request is sent. */
  sent(now: number): void {
    if (this.#isOurs(now)) return;
    this.#reads = Math.max(0, this.#readsLeft(now) - 1);
    this.#readsAt = now;
    this.want();
  }

  /** Asks for the turn; `onChange` tells when it has come. */
  want(): void {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    this.#silentMs = 0;
    void this.#takeTurns();
    void this.#listen();
  }

  async #listen(): Promise<void> {
    if (this.#isListening) return;
    this.#isListening = true;
    while (this.#isAtWork) {
      await this.#options.clock.sleep(beatMs);
      this.#silentMs += beatMs;
    }
    this.#isListening = false;
  }

  #isOurs(now: number): boolean {
    return this.#held !== undefined && now - this.#saidAt < expiryMs - marginMs;
  }

  #isAlone(): boolean {
    return this.#isAtWork && this.#silentMs > outMs;
  }

  #readsLeft(now: number): number {
    return Math.min(readsAtOnce, this.#reads + (now - this.#readsAt) / msPerRead);
  }

  #isBusy(): boolean {
    return this.#options.isWaiting() || this.#options.throttle.inFlight > 0;
  }

  async #takeTurns(): Promise<void> {
    const { clock, onChange } = this.#options;
    this.#busyAt = clock.now();
    do {
      await this.#attempt(() => this.#look());
      onChange();
      await clock.sleep((this.#isNext ? nextLookMs : beatMs) * (0.75 + Math.random() / 2));
    } while (this.#held !== undefined || this.#isBusy());
    await this.#attempt(() => this.#leaveQueue());
    this.#isAtWork = false;
    if (this.#isBusy()) this.want();
  }

  async #attempt(look: () => Promise<void>): Promise<void> {
    const { telemetry, clientId } = this.#options;
    try {
      await look();
      this.#silentMs = 0;
      this.#isCarefulTold = false;
    } catch (error) {
      if (this.#isCarefulTold || !this.#isAlone()) return;
      this.#isCarefulTold = true;
      telemetry.log('warn', 'Whose turn it is to use an identity cannot be stored; it is used one request at a time', {
        identity: clientId,
        reason: logTextOf(error),
      });
    }
  }

  async #look(): Promise<void> {
    if (this.#held === undefined) await this.#lookAtOthers();
    else await this.#goOn(this.#held);
  }

  /** Says that the turn is in use; hands it on where it is over, or not needed any more. */
  async #goOn({ lease, etag }: Found): Promise<void> {
    const { clock, processId } = this.#options;
    const now = clock.now();
    const busy = this.#isBusy();
    if (busy) this.#busyAt = now;
    const [next, ...others] = lease.queue;
    const isOver = next !== undefined && (!busy || now - this.#since >= turnMs(lease.queue.length));
    this.#isEnding = isOver;
    if (isOver && this.#options.throttle.inFlight === 0) {
      const queue = busy ? [...others, processId] : others;
      // From here on nothing is sent: the next one may begin before the answer is here.
      this.#held = undefined;
      await this.#write({ holder: next, isTaken: false, queue }, etag);
    } else if (now - this.#busyAt > lingerMs) {
      this.#held = undefined;
      await this.#write({ isTaken: false, queue: [] }, etag);
    } else {
      const mine = { holder: processId, isTaken: true, queue: lease.queue };
      const saved = await this.#write(mine, etag);
      if (saved !== undefined) this.#hold(saved, now);
      else {
        this.#held = undefined;
        await this.#lookAtOthers();
      }
    }
  }

  /** Takes the turn where it is free, or its holder is dead; else waits for it. */
  async #lookAtOthers(): Promise<void> {
    const { clock, leases, clientId, processId, throttle, isWaiting } = this.#options;
    const found = await leases.read(clientId);
    const now = clock.now();
    if (found === undefined) {
      await this.#take([], undefined);
      return;
    }
    const { lease, etag } = found;
    const queue = lease.queue.filter((id) => id !== processId);
    if (lease.holder === processId) {
      // Who joined the queue wrote last; but a process that said nothing for long may be about to be taken for dead.
      if (lease.isTaken && now - this.#saidAt < expiryMs - marginMs) return this.#hold(found, now);
      const saved = lease.isTaken ? await this.#write({ holder: processId, isTaken: true, queue }, etag) : undefined;
      if (saved !== undefined) this.#hold(saved, now);
      else if (!lease.isTaken) await this.#take(queue, found);
      return;
    }
    if (this.#seen?.etag !== etag) this.#seen = { etag, at: now };
    // What is read out of turn heeds what whoever has the turn knows.
    if (lease.ledger !== undefined) throttle.adopt(now, lease.ledger, this.#ageOf(lease));
    const isDead = now - this.#seen.at >= (lease.isTaken ? expiryMs : untakenMs);
    this.#isNext = lease.queue[0] === processId;
    if (!isWaiting()) return;
    if (lease.holder === undefined || isDead) await this.#take(queue, found);
    else if (!lease.queue.includes(processId))
      await this.#write({ ...lease, queue: [...queue, processId] }, etag, lease);
  }

  async #take(queue: readonly string[], found: Found | undefined): Promise<void> {
    const { clock, throttle, processId } = this.#options;
    const now = clock.now();
    const { lease } = found ?? {};
    if (lease?.ledger !== undefined) throttle.adopt(now, lease.ledger, this.#ageOf(lease));
    const taken = await this.#write({ holder: processId, isTaken: true, queue: [...queue] }, found?.etag);
    if (taken === undefined) return;
    this.#hold(taken, now);
    this.#isEnding = false;
    this.#since = now;
    this.#busyAt = now;
  }

  /** Milliseconds since a lease's ledger was written; clocks differ a little. */
  #ageOf({ at }: IdentityLease): number {
    return Math.max(0, this.#options.epochNow() - Date.parse(at));
  }

  #hold(held: Found, saidAt: number): void {
    this.#held = held;
    this.#isNext = false;
    this.#saidAt = saidAt;
  }

  /** Who does not wait any more must not be handed the turn: the others would lose seconds. */
  async #leaveQueue(): Promise<void> {
    const { leases, clientId, processId } = this.#options;
    const found = await leases.read(clientId);
    if (!found?.lease.queue.includes(processId)) return;
    const queue = found.lease.queue.filter((id) => id !== processId);
    await this.#write({ ...found.lease, queue }, found.etag, found.lease);
  }

  /** @param known the ledger that stays as it is, since it is another's; absent: our own is written */
  async #write(
    lease: Pick<IdentityLease, 'holder' | 'isTaken' | 'queue'>,
    etag: string | undefined,
    known?: IdentityLease,
  ): Promise<Found | undefined> {
    const { leases, clientId, clock, epochNow, throttle } = this.#options;
    const whole: IdentityLease = {
      ...lease,
      ...(known === undefined
        ? { ledger: throttle.ledger(clock.now()), at: new Date(epochNow()).toISOString() }
        : { ledger: known.ledger, at: known.at }),
    };
    const saved = await leases.write(clientId, whole, etag);
    return saved === undefined ? undefined : { lease: whole, etag: saved };
  }
}

const turnMs = (waiting: number): number => Math.min(longestTurnMs, Math.max(shortestTurnMs, roundMs / (waiting + 1)));
