import type { AtomicTable } from '../../shared/state/atomic-table.ts';
import type { EntityPage, ListRange, StoredEntity } from '../../shared/state/entity-table.ts';
import type { Worker } from './worker.ts';

/** Operations in one transaction, entities in one page, and bytes in one entity, as Table Storage limits them. */
const transactionSize = 100;
const largestPage = 1_000;
const largestEntity = 1024 * 1024;

/** A document as it was stored, read from its text when somebody asks for it: most of them are written and never read. */
class Stored {
  readonly etag: string;
  readonly #text: string;
  #document: unknown;

  constructor(text: string, etag: string) {
    this.#text = text;
    this.etag = etag;
  }

  /** Nobody changes it. */
  get document(): unknown {
    this.#document ??= JSON.parse(this.#text);
    return this.#document;
  }
}

/** A storage table in memory, for any number of processes: compare-and-set on ETags, pages, transactions. */
export class MemoryTable {
  readonly #partitions = new Map<string, Map<string, Stored>>();
  #changes = 0;
  /** Called with every document that is written. */
  onWrite: ((partitionKey: string, rowKey: string, document: unknown) => void) | undefined;

  /** The table as one process uses it; each request is a step. */
  connect(worker: Worker): AtomicTable {
    return {
      get: (partition, row) => worker.step('table read', () => this.#get(partition, row)),
      insert: (partition, row, document) => {
        const text = toText(document);
        return worker.step('table write', () => {
          if (this.#etag(partition, row) !== undefined) return false;
          this.#put(partition, row, text);
          return true;
        });
      },
      replace: (partition, row, document, etag) => {
        const text = toText(document);
        return worker.step('table write', () => {
          if (this.#etag(partition, row) !== etag) return undefined;
          return this.#put(partition, row, text);
        });
      },
      applyAll: async (partition, { upserts = [], deletes = [] }) => {
        const puts = upserts.map(({ rowKey, document }) => ({ rowKey, text: toText(document) }));
        for (let start = 0; start < puts.length; start += transactionSize) {
          await worker.step('table write', () => {
            for (const { rowKey, text } of puts.slice(start, start + transactionSize))
              this.#put(partition, rowKey, text);
          });
        }
        for (let start = 0; start < deletes.length; start += transactionSize) {
          await worker.step('table write', () => {
            for (const rowKey of deletes.slice(start, start + transactionSize)) {
              this.#partitions.get(partition)?.delete(rowKey);
            }
          });
        }
      },
      changeTogether: (partition, changes) => {
        if (changes.length > transactionSize) throw new RangeError(`${changes.length} changes are too many at once.`);
        const keys = new Set(changes.map(({ rowKey }) => rowKey));
        if (keys.size < changes.length) throw new RangeError('A row occurs twice in a transaction.');
        const texts = changes.map((change) => (change.kind === 'delete' ? '' : toText(change.document)));
        return worker.step('table write', () => {
          const isAsExpected = changes.every((change) => {
            const found = this.#etag(partition, change.rowKey);
            if (change.kind === 'insert') return found === undefined;
            if (change.kind === 'replace') return found === change.etag;
            return change.kind === 'upsert' || found !== undefined;
          });
          if (!isAsExpected) return false;
          for (const [at, { kind, rowKey }] of changes.entries()) {
            if (kind === 'delete') this.#partitions.get(partition)?.delete(rowKey);
            else this.#put(partition, rowKey, texts[at] ?? '');
          }
          return true;
        });
      },
      list: (partition, range) => worker.step('table read', () => this.#list(partition, range)),
    };
  }

  /** Puts a document in its place, without any process: as another version of the program left it, say. */
  put(partitionKey: string, rowKey: string, document: unknown): void {
    this.#put(partitionKey, rowKey, JSON.stringify(document) ?? 'null');
  }

  /** Removes a document, without any process. */
  remove(partitionKey: string, rowKey: string): void {
    this.#partitions.get(partitionKey)?.delete(rowKey);
  }

  /** Everything in a partition, read without any process. */
  documents(partition: string): { rowKey: string; document: unknown }[] {
    return [...(this.#partitions.get(partition) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([rowKey, stored]) => ({ rowKey, document: stored.document }));
  }

  get partitions(): string[] {
    return [...this.#partitions].filter(([, rows]) => rows.size > 0).map(([key]) => key);
  }

  #get(partitionKey: string, rowKey: string): StoredEntity | undefined {
    const stored = this.#partitions.get(partitionKey)?.get(rowKey);
    return stored && { partitionKey, rowKey, document: stored.document, etag: stored.etag };
  }

  #etag(partitionKey: string, rowKey: string): string | undefined {
    return this.#partitions.get(partitionKey)?.get(rowKey)?.etag;
  }

  #put(partitionKey: string, rowKey: string, text: string): string {
    const rows = this.#partitions.get(partitionKey) ?? new Map<string, Stored>();
    this.#partitions.set(partitionKey, rows);
    const etag = `W/"${++this.#changes}"`;
    const stored = new Stored(text, etag);
    rows.set(rowKey, stored);
    this.onWrite?.(partitionKey, rowKey, stored.document);
    return etag;
  }

  #list(partitionKey: string, { from, before, pageSize = largestPage, continuation }: ListRange = {}): EntityPage {
    const start = continuation ?? from ?? '';
    const keys = [...(this.#partitions.get(partitionKey)?.keys() ?? [])]
      .filter((key) => key >= start && (before === undefined || key < before))
      .sort();
    const size = Math.min(pageSize, largestPage);
    const entities = keys.slice(0, size).map((key) => this.#get(partitionKey, key));
    return { entities: entities.filter((entity) => entity !== undefined), continuation: keys[size] };
  }
}

function toText(document: unknown): string {
  const text = JSON.stringify(document);
  if (text.length * 2 > largestEntity) throw new RangeError(`An entity of ${text.length * 2} bytes is too large.`);
  return text;
}
