import { z } from 'zod';
import type { EntityTable } from './entity-table.ts';
import type { Versioned } from './runs.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A partition of its own, beside the tables' states. */
const partition = 'watch-notes';
const row = 'last';

const time = z.iso.datetime();
const notesSchema = z.object({
  /** When the watch first looked: a new installation counts from there. */
  firstBeatAt: time,
  /** When the last unification event came in, however long ago: longer than runs are kept. */
  lastEventAt: time.optional(),
  /** Pending rows by table when no run was at work on it. */
  pendingRows: z.record(z.string(), z.number().int().nonnegative()),
  /** The same of linked rows; notes of before are without. */
  linkedRows: z.record(z.string(), z.number().int().nonnegative()).default({}),
});
/** What the watch over runs remembers from one look to the next. */
export type WatchNotes = z.infer<typeof notesSchema>;
const form = new DocumentForm('watch-notes', 1, notesSchema);

export class WatchNotebook {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** Undefined before the first look; what cannot be read counts as that. */
  async read(): Promise<Versioned<WatchNotes> | undefined> {
    const entity = await this.#table.get(partition, row);
    const value = entity && form.read(entity, this.#tell);
    return entity && value && { value, etag: entity.etag };
  }

  /** False where another watch was faster. */
  async write(notes: WatchNotes, before: Versioned<WatchNotes> | undefined): Promise<boolean> {
    if (before !== undefined)
      return (await this.#table.replace(partition, row, form.mark(notes), before.etag)) !== undefined;
    const entity = await this.#table.get(partition, row);
    if (entity === undefined) return this.#table.insert(partition, row, form.mark(notes));
    return (await this.#table.replace(partition, row, form.mark(notes), entity.etag)) !== undefined;
  }
}
