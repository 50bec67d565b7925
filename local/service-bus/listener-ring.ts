/** Someone who wants to hear that there are messages to take: a receiving link. */
export interface QueueListener {
  messagesReady(): void;
}

/** The links that receive from one queue. They take turns in being told first. */
export class ListenerRing {
  readonly #listeners = new Set<QueueListener>();
  readonly #readyCount: () => number;
  #isWaking = false;

  /** @param readyCount how many messages there are to take */
  constructor(readyCount: () => number) {
    this.#readyCount = readyCount;
  }

  /** Adds a link; the answer takes it off again. */
  add(listener: QueueListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the links in turn; once per round of the event loop, however many messages came. */
  wake(): void {
    if (this.#isWaking || this.#listeners.size === 0) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      for (const listener of [...this.#listeners]) {
        const before = this.#readyCount();
        if (before === 0) return;
        listener.messagesReady();
        // Whoever got something goes to the end of the line.
        if (this.#readyCount() < before && this.#listeners.delete(listener)) this.#listeners.add(listener);
      }
    });
  }
}
