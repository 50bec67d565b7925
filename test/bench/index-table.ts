import type { EntityPage, EntityTable, StoredEntity } from '../../shared/state/entity-table.ts';

/**
 * The map index as it looks from the app's process: it lies in Table Storage, and only what travels there and back is in
 * this process's memory. What is written is put into text, as the client does, and the row keys alone are kept, packed; the
 * organisation's ids follow from their numbers, so what is read can be made again.
 */
export class IndexTable implements EntityTable {
  readonly #partitions = new Set<string>();
  readonly #noted: Uint8Array;
  readonly #documentOf: (number: number) => object;
  #form: object = {};

  /**
   * @param rows how many map rows there may be
   * @param documentOf what the index says of the map row with a number, but for the mark of its form
   */
  constructor(rows: number, documentOf: (number: number) => object) {
    this.#noted = new Uint8Array(rows);
    this.#documentOf = documentOf;
  }

  async applyAll(partition: string, { upserts = [] }: Parameters<EntityTable['applyAll']>[1]): Promise<void> {
    this.#partitions.add(partition);
    for (const { rowKey, document } of upserts) {
      this.#form = JSON.parse(JSON.stringify(document)) as object;
      this.#noted[numberOf(rowKey)] = 1;
    }
  }

  async get(partitionKey: string, rowKey: string): Promise<StoredEntity | undefined> {
    const number = numberOf(rowKey);
    if (!this.#partitions.has(partitionKey) || this.#noted[number] !== 1) return undefined;
    return { partitionKey, rowKey, etag: '', document: { ...this.#form, ...this.#documentOf(number) } };
  }

  /** Every key is spelt so that it is found: none is hidden. */
  async list(): Promise<EntityPage> {
    return { entities: [], continuation: undefined };
  }

  async insert(): Promise<boolean> {
    throw new Error('The index is written in transactions alone.');
  }

  async replace(): Promise<string | undefined> {
    throw new Error('The index is written in transactions alone.');
  }
}

const numberOf = (id: string): number => Number.parseInt(id.slice(-12), 16);
