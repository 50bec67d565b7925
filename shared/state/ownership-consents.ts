import { z } from 'zod';
import { ownedTables } from '../contracts/unification-setup.ts';
import type { EntityTable } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A partition of its own, beside the tables' states. */
const partition = 'ownership';

const noteSchema = z.object({ runId: z.string(), at: z.iso.datetime() });
type Note = z.infer<typeof noteSchema>;

const form = new DocumentForm('ownership-note', 1, noteSchema);

/** What is consented to: that rows of a table get other owners by a mapping of values to teams, known by its fingerprint. */
export interface ConsentSubject {
  readonly mapping: string;
  readonly table: string;
}

const rowOf = (what: 'rehearsed' | 'confirmed', { mapping, table }: ConsentSubject): string =>
  `${what}|${mapping}|${table}`;

/**
 * Which mappings of values to teams were rehearsed, table by table, and which of them an administrator then confirmed.
 * Another mapping, or another table, has to be rehearsed and confirmed by itself.
 */
export class OwnershipConsents {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** The run that last rehearsed it. */
  rehearsed(subject: ConsentSubject): Promise<Note | undefined> {
    return this.#find(rowOf('rehearsed', subject));
  }

  /** The run by which it was confirmed. */
  async confirmed(subject: ConsentSubject): Promise<Note | undefined> {
    const note = await this.#find(rowOf('confirmed', subject));
    if (note !== undefined || !ownedTables.includes(subject.table)) return note;
    // The version before had one consent for all tables that have tasks of their own, and has acted by it.
    return this.#find(`confirmed|${subject.mapping}`);
  }

  noteRehearsal(subject: ConsentSubject, note: Note): Promise<void> {
    return this.#put(rowOf('rehearsed', subject), note);
  }

  confirm(subject: ConsentSubject, note: Note): Promise<void> {
    return this.#put(rowOf('confirmed', subject), note);
  }

  async #put(rowKey: string, note: Note): Promise<void> {
    await this.#table.applyAll(partition, { upserts: [{ rowKey, document: form.mark(note) }] });
  }

  async #find(rowKey: string): Promise<Note | undefined> {
    const entity = await this.#table.get(partition, rowKey);
    // A note that cannot be read counts as none: the mapping has to be rehearsed, or confirmed, once more.
    return entity && form.read(entity, this.#tell);
  }
}
