import { isTerminalError } from '../errors.ts';
import type { TableMetadata } from './dataverse.ts';
import { readLists } from './read-lists.ts';
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
