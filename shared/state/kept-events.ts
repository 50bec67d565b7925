import { z } from 'zod';
import { runIdOf, type UnificationEvent, unificationEventSchema } from '../contracts/unification-event.ts';
import { type EntityTable, listAll } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A partition of its own, beside the tables' states. */
const partition = 'kept-events';

const form = new DocumentForm('kept-event', 1, z.object({ event: unificationEventSchema }));

/**
 * Events whose door cannot give them back, kept while Service Bus takes none. An event hub's checkpoint may move on
 * whether or not a handler is done with its events.
 */
export class KeptEvents {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  async keep(event: UnificationEvent): Promise<void> {
    await this.#table.applyAll(partition, { upserts: [{ rowKey: runIdOf(event), document: form.mark({ event }) }] });
  }

  async drop(event: UnificationEvent): Promise<void> {
    await this.#table.applyAll(partition, { deletes: [runIdOf(event)] });
  }

  async *all(): AsyncGenerator<UnificationEvent> {
    for await (const entity of listAll(this.#table, partition)) {
      const kept = form.read(entity, this.#tell);
      if (kept !== undefined) yield kept.event;
    }
  }
}
