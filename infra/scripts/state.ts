/**
 * Saves the state of an installation to a file, or puts a saved one back. Needs the Azure CLI, signed in, and the role
 * Storage Table Data Contributor (to save, Reader) on the storage account; the app has to be stopped for putting back.
 *
 *     npm run state -- export https://<account>.table.core.windows.net state.ndjson
 *     npm run state -- import https://<account>.table.core.windows.net state.ndjson
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { RestError, TableClient, type TransactionAction } from '@azure/data-tables';
import { AzureCliCredential } from '@azure/identity';
import { z } from 'zod';

/**
 * Tables in the order in which they are saved: a watermark before the rows that wait, so that what moved in between is at
 * worst read once more. Put back in the other order: before its watermark is there, a table begins with a full pass.
 * Outcomes of single rows (BackstampRowOutcomes) are history, by far the largest part, and stay behind.
 */
export const savedTables = [
  'BackstampLinkStates',
  'BackstampPendingRows',
  'BackstampFoundChanges',
  'BackstampMapIndex',
  'BackstampSegments',
  'BackstampRuns',
  'BackstampAudit',
] as const;

const schema = 'backstamp.saved-state/1';
const headSchema = z.object({ schema: z.literal(schema), savedAt: z.iso.datetime() });
const entitySchema = z.object({
  table: z.enum(savedTables),
  partitionKey: z.string(),
  rowKey: z.string(),
  properties: z.record(z.string(), z.string()),
});
type SavedEntity = z.infer<typeof entitySchema>;

/** What a transaction of Table Storage takes. */
const rowsAtOnce = 100;
const bytesAtOnce = 3 * 1024 * 1024;

export type OpenTable = (name: string) => TableClient;

/** Saves every entity, one a line, after a line that says what this is; tells how many there were. */
export async function exportState(open: OpenTable, write: (line: string) => void, now = new Date()): Promise<number> {
  write(JSON.stringify({ schema, savedAt: now.toISOString() }));
  let entities = 0;
  for (const table of savedTables) {
    for await (const { partitionKey, rowKey, properties } of entitiesOf(open(table))) {
      write(JSON.stringify({ table, partitionKey, rowKey, properties } satisfies SavedEntity));
      entities++;
    }
  }
  return entities;
}

async function* entitiesOf(client: TableClient): AsyncGenerator<Omit<SavedEntity, 'table'>> {
  try {
    for await (const { partitionKey, rowKey, etag: _, timestamp: __, ...properties } of client.listEntities()) {
      const texts = Object.entries(properties).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      );
      yield { partitionKey: String(partitionKey), rowKey: String(rowKey), properties: Object.fromEntries(texts) };
    }
  } catch (error) {
    // The program makes a table when it first writes to it.
    if (!(error instanceof RestError && error.statusCode === 404)) throw error;
  }
}

/**
 * Puts a saved state back; tells how many entities there were.
 * @throws Error where the file is no saved state, or there is a state already: two of them cannot be mixed
 */
export async function importState(open: OpenTable, lines: readonly string[]): Promise<number> {
  const [head = '', ...rest] = lines.filter((line) => line.trim() !== '');
  if (!headSchema.safeParse(parsed(head)).success)
    throw new Error('The file is no saved state, or one of another version: its first line does not say so.');
  const entities = rest.map((line, index) => {
    const entity = entitySchema.safeParse(parsed(line));
    if (!entity.success)
      throw new Error(`Line ${index + 2} of the file is no saved entity: ${entity.error.issues[0]?.message}`);
    return entity.data;
  });
  for (const table of savedTables) {
    for await (const { partitionKey } of entitiesOf(open(table)))
      throw new Error(
        `There is a state already: ${table} holds ${partitionKey}. Stop the app and delete its tables first, or leave it as it is.`,
      );
  }
  for (const table of savedTables.toReversed()) {
    const client = open(table);
    const own = entities.filter((entity) => entity.table === table);
    if (own.length > 0) await client.createTable();
    for (const transaction of transactionsOf(own)) await client.submitTransaction(transaction);
  }
  return entities.length;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Entities of one partition together, as many as a transaction takes. */
function transactionsOf(entities: readonly SavedEntity[]): TransactionAction[][] {
  const transactions: TransactionAction[][] = [];
  for (const rows of Map.groupBy(entities, ({ partitionKey }) => partitionKey).values()) {
    let bytes = Number.POSITIVE_INFINITY;
    for (const { partitionKey, rowKey, properties } of rows) {
      const size = JSON.stringify(properties).length;
      const last = transactions.at(-1);
      const action: TransactionAction = ['upsert', { ...properties, partitionKey, rowKey }, 'Replace'];
      if (last === undefined || last.length === rowsAtOnce || bytes + size > bytesAtOnce) {
        transactions.push([action]);
        bytes = size;
      } else {
        last.push(action);
        bytes += size;
      }
    }
  }
  return transactions;
}

if (import.meta.main) {
  const [command, address, file] = process.argv.slice(2);
  if (address === undefined || file === undefined || (command !== 'export' && command !== 'import'))
    throw new Error(
      'Say what to do, where and with which file: npm run state -- export https://<account>.table.core.windows.net state.ndjson',
    );
  const credential = new AzureCliCredential();
  const open: OpenTable = (name) => new TableClient(address, name, credential);
  if (command === 'export') {
    const out = createWriteStream(file, { flags: 'wx' });
    const entities = await exportState(open, (line) => void out.write(`${line}\n`));
    out.end();
    await finished(out);
    console.log(`${entities} entities saved to ${file}.`);
  } else {
    const lines: string[] = [];
    for await (const line of createInterface({ input: createReadStream(file) })) lines.push(line);
    console.log(`${await importState(open, lines)} entities put back.`);
  }
}
