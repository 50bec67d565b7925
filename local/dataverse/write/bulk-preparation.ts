import type { RequestContext } from '../context.ts';
import { DataverseError } from '../errors.ts';
import type { Table } from '../metadata/table.ts';

/** SQL errors that a bulk request meets while another one has the table types built anew. */
const RACES: readonly (readonly [number: number, text: string])[] = [
  [3732, 'Cannot drop type because it is being referenced by another object'],
  [2766, 'The definition for user-defined data type has changed'],
  [2812, 'Could not find stored procedure'],
];
let nextRace = 0;

/**
 * After a schema change the first bulk request of a table makes the server build its table types and procedures, and takes
 * longer for it. Others that come meanwhile fail; one request that is let finish clears it.
 */
export function prepareBulk(context: RequestContext, table: Table): void {
  if (table.isPreparingBulk) {
    const [number, text] = RACES[nextRace++ % RACES.length] as readonly [number, string];
    throw new DataverseError(
      500,
      '0x80044150',
      `Sql error: Generic SQL error. CRM ErrorCode: -2147204784 Sql ErrorCode: -2146232060 Sql Number: ${number}. ${text}.`,
    );
  }
  if (!table.awaitsBulkPreparation) return;
  table.isPreparingBulk = true;
  context.cost.extraMs += context.organisation.settings.bulkPreparationMs;
  context.atEnd.push(() => {
    table.isPreparingBulk = false;
    table.awaitsBulkPreparation = false;
  });
}
