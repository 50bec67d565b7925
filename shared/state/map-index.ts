import { z } from 'zod';
import { type EntityTable, listAll } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A map row, and the source row that it names. */
export interface IndexedMapRow {
  readonly mapRowId: string;
  /** Id of the source row, a GUID in lower case. */
  readonly sourceId: string;
  /** Whoever looks for the source row's key in the map does not find this row: its key stands elsewhere, or oddly spelt. */
  readonly isHidden: boolean;
}

const form = new DocumentForm('indexed-map-row', 1, z.object({ sourceId: z.string() }));

/** Storage requests under way at once. */
const atOnce = 64;
/**
 * Partitions written at once: a page of the map is spread over sixteen of them, and there is time while its links are
 * written; all at once they would take more memory than the page itself.
 */
const partitionsAtOnce = 2;
/** Hidden map rows that are read in one go; where a table has more, each source row is asked for by itself. */
const readAtOnce = 1_000;

/**
 * Which source row each map row names, by table, as passes read them. A map row that is gone tells no more than its id,
 * and a key in a key ring cannot be looked for: both are found here.
 */
export class MapIndex {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** Notes map rows; what was noted of them before is forgotten. */
  async note(table: string, rows: readonly IndexedMapRow[]): Promise<void> {
    const byPartition = Map.groupBy(rows, ({ mapRowId }) => partitionOf(table, mapRowId));
    await inTurn([...byPartition.keys()], partitionsAtOnce, async (partition) => {
      const some = byPartition.get(partition) ?? [];
      const upserts = some.map(({ mapRowId, sourceId }) => ({ rowKey: mapRowId, document: form.mark({ sourceId }) }));
      await this.#table.applyAll(partition, { upserts });
    });
    const hidden = rows.filter(({ isHidden }) => isHidden);
    if (hidden.length === 0) return;
    await this.#table.applyAll(hiddenPartition(table), {
      upserts: hidden.map(({ sourceId, mapRowId }) => ({
        rowKey: `${sourceId}|${mapRowId}`,
        document: form.mark({ sourceId }),
      })),
    });
  }

  /** The source rows that map rows name, or named, by map row; those never noted are left out. */
  async sourcesOf(table: string, mapRowIds: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    await inTurn(mapRowIds, atOnce, async (mapRowId) => {
      const entity = await this.#table.get(partitionOf(table, mapRowId), mapRowId);
      const noted = entity && form.read(entity, this.#tell);
      if (noted !== undefined) found.set(mapRowId, noted.sourceId);
    });
    return found;
  }

  /** Ids of the hidden map rows that name, or named, some source rows. */
  async hiddenOf(table: string, sourceIds: readonly string[]): Promise<string[]> {
    const partition = hiddenPartition(table);
    const mapRowOf = ({ rowKey }: { readonly rowKey: string }) => rowKey.slice(rowKey.indexOf('|') + 1);
    const first = await this.#table.list(partition, { pageSize: readAtOnce });
    if (first.continuation === undefined) {
      const wanted = new Set(sourceIds);
      return first.entities.filter(({ rowKey }) => wanted.has(rowKey.slice(0, rowKey.indexOf('|')))).map(mapRowOf);
    }
    const found: string[] = [];
    await inTurn(sourceIds, atOnce, async (sourceId) => {
      // `}` is the character after `|`.
      const range = { from: `${sourceId}|`, before: `${sourceId}}` };
      for await (const entity of listAll(this.#table, partition, range)) found.push(mapRowOf(entity));
    });
    return found;
  }
}

/** A storage partition takes some 2,000 rows a second; a table's map rows are spread over sixteen. */
const partitionOf = (table: string, mapRowId: string): string => `row|${table}|${mapRowId.at(-1)}`;
const hiddenPartition = (table: string): string => `hidden|${table}`;

async function inTurn(ids: readonly string[], width: number, action: (id: string) => Promise<void>): Promise<void> {
  for (let start = 0; start < ids.length; start += width) {
    await Promise.all(ids.slice(start, start + width).map(action));
  }
}
