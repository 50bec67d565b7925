import type { Row } from './dataverse.ts';

/** Column of an elastic table that names the partition of a row. */
export const partitionColumn = 'partitionid';

/** The partition of a row, where it is another than the one that an elastic row has by its id. */
export function partitionOf(row: Row, id: string): string | undefined {
  const partition = row[partitionColumn];
  return typeof partition === 'string' && partition !== '' && partition.toLowerCase() !== id ? partition : undefined;
}

/** What stands in the brackets behind an entity set to address one row. */
export const rowKey = (primaryId: string, id: string, partition: string | undefined): string =>
  partition === undefined ? id : `${primaryId}=${id},${partitionColumn}='${partition.replaceAll("'", "''")}'`;
