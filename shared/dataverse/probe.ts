/** A refusal by service protection comes at once: who has not been refused after so long, in milliseconds, was let in. */
const letInMs = 1_000;

/**
 * After a pause one request goes first, and the others once it has been let in: where the pause was too short, one is
 * refused and not all, each of which the service may charge. Pure; `now` is in milliseconds.
 */
export class Probe {
  #isDue = false;
  /** When the one that goes first was sent. */
  #sentAt: number | undefined;

  /** Nothing could be sent for a while. */
  paused(): void {
    this.#isDue = true;
    this.#sentAt = undefined;
  }

  /** Milliseconds until the next request may be sent, if nothing else is heard. */
  waitMs(now: number): number {
    if (!this.#isDue || this.#sentAt === undefined) return 0;
    if (now - this.#sentAt >= letInMs) this.#isDue = false;
    return this.#isDue ? this.#sentAt + letInMs - now : 0;
  }

  sent(now: number): void {
    if (this.#isDue) this.#sentAt ??= now;
  }

  /** A request that was sent at a time has been let in and has ended. */
  passed(sentAt: number): void {
    if (this.#sentAt !== undefined && sentAt >= this.#sentAt) this.#isDue = false;
  }
}
