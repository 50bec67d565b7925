interface Timer {
  due: number;
  readonly every: number | undefined;
  readonly action: () => void;
}

/** Time that passes only when somebody says so. */
export class VirtualClock {
  #now = Date.parse('2026-03-02T06:00:00.000Z');
  readonly #timers = new Set<Timer>();
  #nextDue = Number.POSITIVE_INFINITY;

  now = (): number => this.#now;

  /** Lets time pass, and does what falls due in it. A jump backwards is possible, as with a clock that is set. */
  advance(ms: number): void {
    this.#now += ms;
    if (this.#now < this.#nextDue) return;
    this.#nextDue = Number.POSITIVE_INFINITY;
    for (const timer of [...this.#timers]) {
      if (timer.due <= this.#now) {
        if (timer.every === undefined) this.#timers.delete(timer);
        else timer.due = this.#now + timer.every;
        timer.action();
      }
      if (this.#timers.has(timer)) this.#nextDue = Math.min(this.#nextDue, timer.due);
    }
  }

  /** Does something once, when so much time has passed. */
  after(ms: number, action: () => void): void {
    this.#add({ due: this.#now + ms, every: undefined, action });
  }

  /** A signal that is aborted when so much time has passed. */
  startTimer = (ms: number): AbortSignal => {
    const controller = new AbortController();
    this.after(ms, () => controller.abort(new Error('time is up')));
    return controller.signal;
  };

  /** Whoever sleeps lets the time pass for all. */
  sleep = async (ms: number): Promise<void> => this.advance(ms);

  repeat = (ms: number, action: () => void): (() => void) => {
    const timer = { due: this.#now + ms, every: ms, action };
    this.#add(timer);
    return () => this.#timers.delete(timer);
  };

  #add(timer: Timer): void {
    this.#timers.add(timer);
    this.#nextDue = Math.min(this.#nextDue, timer.due);
  }
}
