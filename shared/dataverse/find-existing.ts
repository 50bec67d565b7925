import { isTerminalError } from '../errors.ts';
import type { TableMetadata } from './dataverse.ts';
import { readLists } from './read-lists.ts';
import { partitionColumn, partitionOf } from './row-key.ts';
import type { Sender } from './sender.ts';

/**
 * Those of some rows that exist, by id in lower case; all of them where the table may not be read, for nothing then
 * proves that one is gone.
 * @throws RetryableError where it cannot be found out now
 */
export async function findExisting(
  sender: Sender,
  { entitySetName, primaryId }: TableMetadata,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  try {
    const list = { entitySetName, select: [primaryId], column: primaryId, values: ids };
    const [rows = []] = await readLists(sender, [list], signal);
    return new Set(rows.map((row) => String(row[primaryId]).toLowerCase()));
  } catch (error) {
    if (isTerminalError(error)) return new Set(ids.map((id) => id.toLowerCase()));
    throw error;
  }
}

/** The partitions of those of some rows that lie in another than their own, by id. An elastic row is not found without. */
export async function findPartitions(
  sender: Sender,
  { entitySetName, primaryId }: TableMetadata,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const list = { entitySetName, select: [primaryId, partitionColumn], column: primaryId, values: ids };
  const [rows = []] = await readLists(sender, [list], signal);
  const found = new Map<string, string>();
  for (const row of rows) {
    const id = String(row[primaryId]).toLowerCase();
    const partition = partitionOf(row, id);
    if (partition !== undefined) found.set(id, partition);
  }
  return found;
}
