import { z } from 'zod';
import { type EntityTable, listAll } from './entity-table.ts';
import { DocumentForm } from './stored-document.ts';

const partition = 'idempotency-keys';
const form = new DocumentForm('idempotency-key', 1, z.object({ fingerprint: z.string(), at: z.iso.datetime() }));

/** Keys by which callers mark a request and its repetitions as one, each with what it first stood for. */
export class IdempotencyKeys {
  readonly #table: EntityTable;

  constructor(table: EntityTable) {
    this.#table = table;
  }

  /**
   * Takes a key for a request.
   * @param fingerprint what the request asks for
   * @returns `other` where the key was taken for something else
   */
  async claim(key: string, fingerprint: string, at: string): Promise<'new' | 'again' | 'other'> {
    if (await this.#table.insert(partition, key, form.mark({ fingerprint, at }))) return 'new';
    const taken = form.parse((await this.#table.get(partition, key))?.document);
    return 'value' in taken && taken.value.fingerprint === fingerprint ? 'again' : 'other';
  }

  /** Lets go of keys taken before a time. */
  async removeBefore(time: string): Promise<void> {
    const keys: string[] = [];
    for await (const { rowKey, document } of listAll(this.#table, partition)) {
      const claim = form.parse(document);
      if (!('value' in claim) || claim.value.at < time) keys.push(rowKey);
    }
    if (keys.length > 0) await this.#table.applyAll(partition, { deletes: keys });
  }
}
