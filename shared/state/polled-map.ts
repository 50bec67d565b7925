import { z } from 'zod';
import type { EntityTable } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A partition of its own, beside the tables' states. */
const partition = 'polled-map';
const row = 'newest';

const form = new DocumentForm('polled-map', 1, z.object({ answered: z.string() }));

/** The newest change of the map that a run has answered, or that was there when polling began. */
export class PolledMap {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** Its time, as Dataverse wrote it; undefined before the first poll. */
  async answered(): Promise<string | undefined> {
    const entity = await this.#table.get(partition, row);
    return entity && form.read(entity, this.#tell)?.answered;
  }

  async setAnswered(answered: string): Promise<void> {
    await this.#table.applyAll(partition, { upserts: [{ rowKey: row, document: form.mark({ answered }) }] });
  }
}
