import { ownedTables } from '../contracts/unification-setup.ts';
import { counted } from '../counted.ts';
import { guidAt } from '../customer-insights/guid.ts';
import { ownerColumn, unitValue } from '../customer-insights/owner-columns.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import { endOf } from '../passes/rows-report.ts';
import { isProfileTable } from './names.ts';
import type { OwnershipSlice } from './ownership-context.ts';
import type { Look } from './ownership-pass.ts';

/** How the logical names of Customer Insights' tables begin. */
const prefix = 'msdynci_';

/**
 * Rows of every other table that Customer Insights writes belong to the root unit. Those that do not are counted, and
 * given to its team where the set-up asks for that. Done once per run, with the profiles.
 */
export async function seeToOtherTables(slice: OwnershipSlice): Promise<void> {
  const { context, pass } = slice;
  if (!isProfileTable(context.table.logicalName) || pass.followUp > 0) return;
  const tables = await readOtherTables(slice);
  for (const [index, table] of tables.entries()) {
    const next = tables[index + 1]?.logicalName;
    const from = lookOf(slice);
    // It names the table that comes next; those before it are done.
    if (from !== undefined && from.table > table.logicalName) continue;
    await seeToTable(slice, table, from?.table === table.logicalName ? from : beginningOf(table.logicalName), next);
  }
}

/** Where the look is; undefined at its beginning. */
const lookOf = ({ pass }: OwnershipSlice): Look | undefined => (pass.phase === 'others' ? pass.look : undefined);

const beginningOf = (table: string): Look => ({ table, strays: 0, corrected: 0, failed: 0 });

/** Tables of Customer Insights whose rows have owners, and that no task of their own sees to; by name. */
async function readOtherTables({ parts, signal }: OwnershipSlice): Promise<TableMetadata[]> {
  const filter = encodeURIComponent("OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'");
  // Metadata knows no `startswith`.
  const path = `EntityDefinitions?$select=LogicalName&$filter=${filter}`;
  const { value } = await parts.dataverse.readObject(path, 'list the tables whose rows have owners', signal);
  const isSource = new Set(parts.options.setup.tables.map(({ table }) => table));
  const names = ((value ?? []) as readonly { readonly LogicalName?: unknown }[])
    .map(({ LogicalName }) => String(LogicalName))
    .filter((name) => name.startsWith(prefix) && !ownedTables.includes(name) && !isSource.has(name))
    .sort();
  const found = await parts.dataverse.readTables({ tables: names }, signal);
  return [...found.values()]
    .filter(({ tableType }) => tableType !== 'Virtual')
    .sort((a, b) => (a.logicalName < b.logicalName ? -1 : 1));
}

async function seeToTable(
  slice: OwnershipSlice,
  table: TableMetadata,
  from: Look,
  next: string | undefined,
): Promise<void> {
  let at = from;
  const end = async (line: string | undefined) => {
    const { others } = slice.pass;
    const look = next === undefined ? undefined : beginningOf(next);
    await slice.checkpoint({ look, others: line === undefined ? others : [...others, line] });
  };
  for (;;) {
    await slice.stopIfTimeIsUp();
    try {
      at = await seeToPage(slice, table, at);
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      return end(`Whose rows of ${table.logicalName} are could not be seen to: ${error.message}`);
    }
    if (at.nextLink === undefined) return end(lineOf(at));
    await slice.checkpoint({ look: at });
  }
}

async function seeToPage(slice: OwnershipSlice, table: TableMetadata, at: Look): Promise<Look> {
  const { parts, context, isRehearsal } = slice;
  const { root } = context.mapping;
  const page = await parts.dataverse.readPage(
    {
      entitySetName: table.entitySetName,
      select: [unitValue],
      filter: `${unitValue} ne ${root.unitId}`,
      orderBy: table.primaryId,
      pageSize: parts.options.pageSize,
      nextLink: at.nextLink,
    },
    slice.signal,
  );
  const ids = page.rows.map((row) => guidAt(row, table.primaryId)).filter((id) => id !== undefined);
  const seen = { ...at, strays: at.strays + ids.length, nextLink: page.nextLink };
  const isToCorrect = parts.options.setup.businessUnits?.ownership?.otherTables === 'correct';
  if (!isToCorrect || isRehearsal || ids.length === 0) return seen;
  await slice.makeSureOfTable();
  const values = { [`${ownerColumn}@odata.bind`]: `/teams(${root.teamId})` };
  const report = await parts.dataverse.update({
    table,
    rows: ids.map((id) => ({ id, values })),
    signal: slice.writeSignal,
  });
  const { isPartial, stopped } = endOf(report);
  const done = {
    ...seen,
    corrected: at.corrected + report.written.length,
    failed: at.failed + report.failed.length,
  };
  if (!isPartial) return done;
  // What was corrected does not come back with the page; what was not is found and counted again.
  const strays = at.strays + report.written.length;
  const { nextLink: _, ...again } = { ...done, strays, failed: at.failed };
  const look = at.nextLink === undefined ? again : { ...again, nextLink: at.nextLink };
  return slice.endHere({ look }, stopped);
}

function lineOf({ table, strays, corrected, failed }: Look): string | undefined {
  if (strays === 0) return undefined;
  const rows = `${counted(strays, 'row')} of ${table} did not belong to the root unit`;
  if (corrected + failed === 0) return `${rows}.`;
  return `${rows}; ${corrected.toLocaleString('en')} were given to it${failed > 0 ? `, ${failed.toLocaleString('en')} could not be` : ''}.`;
}
