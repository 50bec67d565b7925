import type { Row } from './dataverse.ts';

/** Column of an elastic table that names the partition of a row. */
export const partitionColumn = 'partitionid';

/**
 * The partition of an elastic row with this id, where it is another than the one that the row has by its id.
 * @param row names it: the row itself, or one that points to it
 */
export function partitionOf(row: Row, id: string, column = partitionColumn): string | undefined {
  const partition = row[column];
  return typeof partition === 'string' && partition !== '' && partition.toLowerCase() !== id ? partition : undefined;
}

/** What stands in the brackets behind an entity set to address one row. */
export const rowKey = (primaryId: string, id: string, partition: string | undefined): string =>
  partition === undefined ? id : `${primaryId}=${id},${partitionColumn}='${partition.replaceAll("'", "''")}'`;
