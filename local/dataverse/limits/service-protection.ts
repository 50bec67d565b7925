import { randomBytes } from 'node:crypto';
import type { Settings } from '../settings.ts';
import { Budget, grouped } from './budget.ts';

/** A request that was let in: where it runs, and how to say that it has ended. */
export interface Admission {
  readonly server: number;
  readonly budget: Budget;
  /** Requests at work in the organisation when this one came in, itself included. */
  readonly inFlight: number;
  /** @param executionMs what the request is charged, in time of the modelled service */
  leave(executionMs: number): void;
}

/**
 * Service protection: every user has a budget on every web server. Requests without the affinity cookie go round the servers,
 * those with it stay on theirs.
 */
export class ServiceProtection {
  readonly #clock: () => number;
  readonly #affinity = randomBytes(16).toString('hex');
  #settings: Settings;
  #budgets = new Map<string, Budget>();
  #nextServer = 0;
  #modelBase = 0;
  #realBase: number;
  #inFlight = 0;
  #maxInFlight = 0;

  /** @param clock milliseconds of our own time */
  constructor(settings: Settings, clock: () => number) {
    this.#settings = settings;
    this.#clock = clock;
    this.#realBase = clock();
  }

  /** Takes new settings; windows begin anew where they are measured differently now. */
  configure(settings: Settings): void {
    const before = this.#settings;
    this.#modelBase = this.modelNow();
    this.#realBase = this.#clock();
    this.#settings = settings;
    const limits = [
      'requestsPerWindow',
      'executionSeconds',
      'windowSeconds',
      'concurrency',
      'timeScale',
      'enabled',
    ] as const;
    if (limits.some((name) => before[name] !== settings[name])) this.#budgets = new Map();
  }

  /** Time of the modelled service in milliseconds. */
  modelNow(): number {
    return this.#modelBase + (this.#clock() - this.#realBase) * this.#settings.timeScale;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  resetMaxInFlight(): void {
    this.#maxInFlight = this.#inFlight;
  }

  /** Lets a request in, or throws the 429. */
  enter(userId: string, server: number): Admission {
    const budget = this.#budget(userId, server);
    if (this.#settings.enabled) budget.enter(this.modelNow());
    const { enabled } = this.#settings;
    this.#inFlight++;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    return {
      server,
      budget,
      inFlight: this.#inFlight,
      leave: (executionMs) => {
        this.#inFlight--;
        if (enabled) budget.leave(this.modelNow(), executionMs);
      },
    };
  }

  /** The server that takes a request: the cookie's, else the next in turn. */
  serverFor(cookies: string | undefined): number {
    const pinned = new RegExp(`ARRAffinity=${this.#affinity}([0-9a-f]{4})`).exec(cookies ?? '')?.[1];
    const server = pinned === undefined ? this.#nextServer++ : Number.parseInt(pinned, 16);
    return server % this.#settings.servers;
  }

  /** The headers by which a server names itself and tells what is left. */
  headers(userId: string | undefined, server: number): Record<string, string> {
    const left = userId === undefined ? undefined : this.#budget(userId, server).remaining(this.modelNow());
    return {
      'Set-Cookie': `ARRAffinity=${this.#affinity}${server.toString(16).padStart(4, '0')}; path=/; secure; HttpOnly`,
      'x-ms-dop-hint': String(this.#settings.dopHint),
      'x-ms-ratelimit-burst-remaining-xrm-requests': String(left?.requests ?? this.#settings.requestsPerWindow),
      'x-ms-ratelimit-time-remaining-xrm-requests': grouped(
        left?.executionSeconds ?? this.#settings.executionSeconds,
        2,
      ),
    };
  }

  #budget(userId: string, server: number): Budget {
    const key = `${userId}/${server}`;
    let budget = this.#budgets.get(key);
    if (!budget) {
      budget = new Budget(this.#settings);
      this.#budgets.set(key, budget);
    }
    return budget;
  }
}
