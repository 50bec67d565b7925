import type { Progress } from './model.ts';

/** What a contender's process is told. */
export interface Assignment {
  readonly url: string;
  /** How much faster than real the organisation runs. */
  readonly timeScale: number;
  /** Contacts there are; the contender links as many as it gets to. */
  readonly rows: number;
  /** Seconds of the modelled clock after which no further request begins. */
  readonly seconds: number;
  readonly identities: number;
  /** Requests at once, for contenders with a fixed number. */
  readonly concurrency: number;
  /** Rows per request, for contenders with a fixed number. */
  readonly batch: number;
}

/** What a contender's process answers, as one line of JSON. */
export interface Performance {
  readonly rows: number;
  /** Seconds of the modelled clock. */
  readonly seconds: number;
  readonly progress: readonly Progress[];
  readonly cpuMs: number;
  readonly peakMiB: number;
}

/** Counts rows as they are done and keeps the modelled time. */
export class Stopwatch {
  readonly #timeScale: number;
  readonly #started = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #progress: Progress[] = [];
  #rows = 0;

  constructor(timeScale: number) {
    this.#timeScale = timeScale;
  }

  get seconds(): number {
    return ((performance.now() - this.#started) / 1000) * this.#timeScale;
  }

  done(rows: number): void {
    this.#rows += rows;
    this.#progress.push({ seconds: this.seconds, rows });
  }

  /** The result so far; processor time and memory are those of the whole process since it began to work. */
  result(): Performance {
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      rows: this.#rows,
      seconds: this.seconds,
      progress: this.#progress,
      cpuMs: (user + system) / 1000,
      peakMiB: process.resourceUsage().maxRSS / 1024,
    };
  }
}

/** An unsigned token that the stand-in knows an application user by. */
export function tokenFor(url: string, appid: string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return `${encode({ alg: 'none' })}.${encode({ aud: new URL(url).origin, appid, exp })}.`;
}

/** A request was answered 429. */
export interface Refused {
  /** Of the modelled clock. */
  readonly retryAfterSeconds: number;
}

/**
 * Runs `work` side by side in as many lanes, each taking the next rows in turn, until all are done or time is up. A 429 is
 * met as careful people meet it: nobody sends before its Retry-After is over, then the same again.
 */
export async function inLanes(
  { rows, seconds, concurrency, batch, timeScale }: Assignment,
  stopwatch: Stopwatch,
  work: (from: number, to: number) => Promise<Refused | undefined>,
): Promise<void> {
  let next = 0;
  let resumeAt = 0;
  const lane = async (): Promise<void> => {
    while (next < rows && stopwatch.seconds < seconds) {
      const from = next;
      const to = Math.min(rows, from + batch);
      next = to;
      for (;;) {
        const pause = resumeAt - performance.now();
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        if (stopwatch.seconds >= seconds) return;
        const refused = await work(from, to);
        if (!refused) break;
        resumeAt = Math.max(resumeAt, performance.now() + (refused.retryAfterSeconds * 1000) / timeScale);
      }
      stopwatch.done(to - from);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}
