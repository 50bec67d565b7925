import type { Random } from '../../local/sample/random.ts';
import { RetryableError } from '../../shared/errors.ts';
import type { EntityTable, StoredEntity } from '../../shared/state/entity-table.ts';
import type { JumpingClock } from './jumping-clock.ts';

/** A storage table for a few rows on a clock that jumps, whose answers take their time and may fail. */
export class StoredLeases {
  requests = 0;
  /** Whether every request is refused. */
  isOut = false;
  /** Whether what was written is answered as if it had failed. */
  failsAfter: (document: Readonly<Record<string, unknown>>) => boolean = () => false;
  readonly #rows = new Map<string, StoredEntity>();
  readonly #clock: JumpingClock;
  readonly #random: Random;
  #changes = 0;

  constructor(clock: JumpingClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The table as a process sees it for as long as it lives. */
  connect(isAlive: () => boolean): EntityTable {
    const step = async <T>(work: () => T): Promise<T> => {
      if (!isAlive()) return never();
      await this.#clock.sleep(this.#random.whole(3, 20));
      this.requests++;
      if (this.isOut) throw new RetryableError('Storage cannot be reached.');
      const done = work();
      await this.#clock.sleep(this.#random.whole(3, 20));
      return isAlive() ? done : never();
    };
    const put = (partitionKey: string, rowKey: string, document: unknown): string => {
      const etag = `W/"${++this.#changes}"`;
      this.#rows.set(rowKey, { partitionKey, rowKey, etag, document: JSON.parse(JSON.stringify(document)) });
      return etag;
    };
    return {
      get: (_, row) => step(() => this.#rows.get(row)),
      insert: (partition, row, document) =>
        step(() => {
          if (this.#rows.has(row)) return false;
          put(partition, row, document);
          return true;
        }),
      replace: (partition, row, document, etag) =>
        step(() => {
          if (this.#rows.get(row)?.etag !== etag) return undefined;
          const saved = put(partition, row, document);
          if (this.failsAfter(document as Readonly<Record<string, unknown>>))
            throw new RetryableError('No answer came.');
          return saved;
        }),
      applyAll: () => never(),
      list: () => never(),
    };
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);
