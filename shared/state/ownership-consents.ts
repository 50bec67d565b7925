import { z } from 'zod';
import type { EntityTable } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A partition of its own, beside the tables' states. */
const partition = 'ownership';

const noteSchema = z.object({ runId: z.string(), at: z.iso.datetime() });
type Note = z.infer<typeof noteSchema>;

const form = new DocumentForm('ownership-note', 1, noteSchema);

/**
 * Which mappings of values to teams were rehearsed, and which of them an administrator then confirmed. A mapping is
 * known by its fingerprint; another one has to be rehearsed and confirmed again.
 */
export class OwnershipConsents {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** The run that last rehearsed a mapping. */
  rehearsed(mapping: string): Promise<Note | undefined> {
    return this.#find(`rehearsed|${mapping}`);
  }

  /** The run by which a mapping was confirmed. */
  confirmed(mapping: string): Promise<Note | undefined> {
    return this.#find(`confirmed|${mapping}`);
  }

  async noteRehearsal(mapping: string, note: Note): Promise<void> {
    await this.#table.applyAll(partition, { upserts: [{ rowKey: `rehearsed|${mapping}`, document: form.mark(note) }] });
  }

  async confirm(mapping: string, note: Note): Promise<void> {
    await this.#table.applyAll(partition, { upserts: [{ rowKey: `confirmed|${mapping}`, document: form.mark(note) }] });
  }

  async #find(rowKey: string): Promise<Note | undefined> {
    const entity = await this.#table.get(partition, rowKey);
    // A note that cannot be read counts as none: the mapping has to be rehearsed, or confirmed, once more.
    return entity && form.read(entity, this.#tell);
  }
}
