import { z } from 'zod';
import { type EntityTable, listAll, type StoredEntity } from './entity-table.ts';
import type { StateKey } from './link-states.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** What a pass would do to a row, set down until it is known how many rows it would do that to. */
const foundChangeSchema = z.object({
  /** Id of the source row, a GUID in lower case. */
  id: z.string(),
  /** A link is moved, or cleared; a rehearsal sets first links down too. */
  kind: z.enum(['link', 'move', 'clear']),
  /** The profile that the row is linked to. */
  from: z.string().optional(),
  /** The profile that the map gives it. */
  to: z.string().optional(),
  /** When this was first found of the row. */
  since: z.iso.datetime(),
  /** The pass that found it last. */
  foundBy: z.string(),
});
export type FoundChange = z.infer<typeof foundChangeSchema>;

const form = new DocumentForm('found-change', 1, foundChangeSchema);

/** Storage requests under way at once. */
const atOnce = 64;

const partitionOf = ({ table, rehearsalOf }: StateKey): string =>
  rehearsalOf === undefined ? table : `${table}|${rehearsalOf}`;

/** Changes that are found and not made yet, by table; a rehearsal keeps its own. */
export class FoundChanges {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  async keep(stateKey: StateKey, changes: readonly FoundChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#table.applyAll(partitionOf(stateKey), {
      upserts: changes.map((change) => ({ rowKey: change.id, document: form.mark(change) })),
    });
  }

  /** Changes in the order of their ids, after the given one; none only where there are no more. */
  async page(stateKey: StateKey, after: string | undefined, pageSize: number): Promise<FoundChange[]> {
    let from = after === undefined ? undefined : `${after} `;
    for (;;) {
      const { entities } = await this.#table.list(partitionOf(stateKey), { from, pageSize });
      const changes = entities.map((entity) => this.#read(entity)).filter((change) => change !== undefined);
      const last = entities.at(-1);
      if (changes.length > 0 || last === undefined) return changes;
      from = `${last.rowKey} `;
    }
  }

  /** Those of some rows for which a change is set down, by row. */
  async among(stateKey: StateKey, ids: readonly string[]): Promise<Map<string, FoundChange>> {
    const found = new Map<string, FoundChange>();
    for (let start = 0; start < ids.length; start += atOnce) {
      const some = ids.slice(start, start + atOnce);
      for (const entity of await Promise.all(some.map((id) => this.#table.get(partitionOf(stateKey), id)))) {
        const change = entity && this.#read(entity);
        if (change !== undefined) found.set(change.id, change);
      }
    }
    return found;
  }

  /** The key alone says which row it is: pages go on from it. */
  #read(entity: StoredEntity): FoundChange | undefined {
    const change = form.read(entity, this.#tell);
    return change && { ...change, id: entity.rowKey };
  }

  async drop(stateKey: StateKey, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#table.applyAll(partitionOf(stateKey), { deletes: ids });
  }

  /** Forgets what a rehearsal found. */
  async removeRehearsal(runId: string, table: string): Promise<void> {
    const stateKey = { table, rehearsalOf: runId };
    const rows: string[] = [];
    for await (const { rowKey } of listAll(this.#table, partitionOf(stateKey))) rows.push(rowKey);
    await this.drop(stateKey, rows);
  }
}
