import { ownedTables } from '../contracts/unification-setup.ts';
import { counted } from '../counted.ts';
import { segmentDefinitionTables } from '../customer-insights/customer-tables.ts';
import { guidAt } from '../customer-insights/guid.ts';
import { ownerColumn, unitValue } from '../customer-insights/owner-columns.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import { isRetryableError, isTerminalError } from '../errors.ts';
import { endOf } from '../passes/rows-report.ts';
import { missingConsentForOther } from './consent.ts';
import { isProfileTable } from './names.ts';
import type { OwnershipSlice } from './ownership-context.ts';
import type { Look } from './ownership-pass.ts';

/** How the logical names of Customer Insights' tables begin. */
const prefix = 'msdynci_';

/** Lines about these tables that a task's details hold at most, and characters of each: a state has its limits too. */
const [mostLines, longestLine] = [50, 500];

/**
 * Rows of every other table that Customer Insights writes belong to the root unit; but segments, which their members'
 * unit owns. Those that do not are counted, and given to its team where the set-up asks for that and a rehearsal that was
 * confirmed has shown it. Done once per run, with the profiles. What can only not be counted keeps nothing from going on.
 */
export async function seeToOtherTables(slice: OwnershipSlice): Promise<void> {
  const { context, pass } = slice;
  if (!isProfileTable(context.table.logicalName) || pass.followUp > 0) return;
  const tables = await readOtherTables(slice).catch((error: unknown) => {
    throwUnlessTold(slice, error, isToCorrect(slice));
    return error;
  });
  if (tables instanceof Error) return end(slice, undefined, `Other tables could not be listed: ${tables.message}`);
  for (const [index, table] of tables.entries()) {
    const from = lookOf(slice);
    // It names the table that comes next; those before it are done.
    if (from?.isDone || (from !== undefined && from.table > table.logicalName)) continue;
    const at = from?.table === table.logicalName ? from : beginningOf(table.logicalName);
    await seeToTable(slice, table, at, tables[index + 1]?.logicalName);
  }
}

const isToCorrect = ({ parts }: OwnershipSlice): boolean =>
  parts.options.setup.businessUnits?.ownership?.otherTables === 'correct';

/** A fault is told and no more where it is only about counting, or repeating cannot help; any other is thrown. */
function throwUnlessTold({ signal }: OwnershipSlice, error: unknown, corrects: boolean): asserts error is Error {
  if (signal.aborted || !(isTerminalError(error) || (isRetryableError(error) && !corrects))) throw error;
}

/** Where the look is; undefined at its beginning. */
const lookOf = ({ pass }: OwnershipSlice): Look | undefined => (pass.phase === 'others' ? pass.look : undefined);

const beginningOf = (table: string): Look => ({ table, strays: 0, corrected: 0, failed: 0 });

/** A table is done; the look goes on with the next. */
async function end(slice: OwnershipSlice, next: string | undefined, line: string | undefined): Promise<void> {
  const { others } = slice.pass;
  const look = next === undefined ? { ...beginningOf(''), isDone: true } : beginningOf(next);
  const lines = line === undefined || others.length >= mostLines ? others : [...others, line.slice(0, longestLine)];
  await slice.checkpoint({ look, others: lines });
}

/** Tables of Customer Insights whose rows have owners, and that no task of their own sees to; by name. */
async function readOtherTables({ parts, signal }: OwnershipSlice): Promise<TableMetadata[]> {
  const filter = encodeURIComponent("OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'");
  // Metadata knows no `startswith`.
  const path = `EntityDefinitions?$select=LogicalName&$filter=${filter}`;
  const { value } = await parts.dataverse.readObject(path, 'list the tables whose rows have owners', signal);
  const isSource = new Set(parts.options.setup.tables.map(({ table }) => table));
  const names = ((value ?? []) as readonly { readonly LogicalName?: unknown }[])
    .map(({ LogicalName }) => String(LogicalName))
    .filter((name) => name.startsWith(prefix) && !notOther.has(name) && !isSource.has(name))
    .sort();
  const found = await parts.dataverse.readTables({ tables: names }, signal);
  return [...found.values()]
    .filter(({ tableType }) => tableType !== 'Virtual')
    .sort((a, b) => (a.logicalName < b.logicalName ? -1 : 1));
}

/** Tables whose rows have tasks of their own, and segments: Customer Insights - Journeys uses those of their unit alone. */
const notOther: ReadonlySet<string> = new Set([...ownedTables, ...segmentDefinitionTables]);

async function seeToTable(
  slice: OwnershipSlice,
  table: TableMetadata,
  from: Look,
  next: string | undefined,
): Promise<void> {
  const way = await wayOf(slice, table.logicalName);
  let at = from;
  for (;;) {
    await slice.stopIfTimeIsUp();
    try {
      at = await seeToPage(slice, table, at, way);
    } catch (error) {
      throwUnlessTold(slice, error, way === 'correct');
      return end(slice, next, `Whose rows of ${table.logicalName} are could not be seen to: ${error.message}`);
    }
    if (at.nextLink === undefined) return end(slice, next, lineOf(at, way));
    await slice.checkpoint({ look: at });
  }
}

/** What is done to the rows of a table: counted, given to the root unit's team, or counted since no rehearsal showed it. */
type Way = 'count' | 'correct' | 'unrehearsed' | 'rehearse';

async function wayOf(slice: OwnershipSlice, table: string): Promise<Way> {
  const { parts, context, isRehearsal } = slice;
  if (!isToCorrect(slice)) return 'count';
  const subject = { mapping: context.mapping.fingerprint, table };
  if (isRehearsal) {
    await parts.ownershipConsents.noteRehearsal(subject, { runId: context.run.runId, at: slice.now() });
    return 'rehearse';
  }
  return (await missingConsentForOther(parts, subject, context.run)) === undefined ? 'correct' : 'unrehearsed';
}

async function seeToPage(slice: OwnershipSlice, table: TableMetadata, at: Look, way: Way): Promise<Look> {
  const { parts, context } = slice;
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
  if (way !== 'correct' || ids.length === 0) return seen;
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

/** How a line goes on where nothing was written, after the number of rows. */
const endings: Readonly<Record<Exclude<Way, 'correct'>, string>> = {
  count: '.',
  rehearse: '; a run now would give them to it.',
  unrehearsed: '; not rehearsed since the set-up says to correct them, or not confirmed, so they were left.',
};

function lineOf({ table, strays, corrected, failed }: Look, way: Way): string | undefined {
  if (strays === 0) return undefined;
  const rows = `${counted(strays, 'row')} of ${table} did not belong to the root unit`;
  if (way !== 'correct') return `${rows}${endings[way]}`;
  return `${rows}; ${corrected.toLocaleString('en')} were given to it${failed > 0 ? `, ${failed.toLocaleString('en')} could not be` : ''}.`;
}
