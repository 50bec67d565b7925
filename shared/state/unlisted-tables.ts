import { z } from 'zod';
import { unlistedTableSchema } from '../contracts/run.ts';
import type { EntityTable } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A partition of its own, beside the tables' states. */
const partition = 'unlisted-tables';
const row = 'last';

const lookSchema = z.object({ lookedAt: z.iso.datetime(), tables: z.array(unlistedTableSchema) });
/** Tables that the map named and the set-up lacked when somebody looked. */
export type UnlistedLook = z.infer<typeof lookSchema>;
const form = new DocumentForm('unlisted-tables', 1, lookSchema);

export class UnlistedTables {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** The last look; undefined before the first one. */
  async read(): Promise<UnlistedLook | undefined> {
    const entity = await this.#table.get(partition, row);
    return entity && form.read(entity, this.#tell);
  }

  async write(look: UnlistedLook): Promise<void> {
    await this.#table.applyAll(partition, { upserts: [{ rowKey: row, document: form.mark(look) }] });
  }
}
