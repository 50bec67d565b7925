import { type Command, Option } from 'commander';
import type { RowList } from '../../shared/api/schemas.ts';
import { outcomeSchema } from '../../shared/api/schemas.ts';
import type { AddCommand } from '../add-command.ts';
import type { AppClient } from '../app-client.ts';
import { firstRecords } from '../csv-records.ts';
import { findRun } from '../find-runs.ts';
import { printableLines } from '../printable.ts';
import type { Session } from '../session.ts';
import { rowsText } from '../show.ts';
import { UsageError } from '../usage-error.ts';
import { tableName, wholeNumber } from '../values.ts';

const maxPageSize = 1000;
const usualLimit = 100;

interface RowOptions {
  readonly outcome?: string;
  readonly search?: string;
  readonly limit?: number;
  readonly csv?: boolean;
}

export function addRows(add: AddCommand, session: Session): void {
  add('rows', 'what became of single rows in a run', [
    'rows latest contact --outcome failed',
    'rows latest contact --csv > rows.csv',
  ])
    .argument('<run>', 'its id, the beginning of it, or "latest"')
    .argument('<table>', 'logical name, such as contact', tableName)
    .addOption(new Option('-o, --outcome <outcome>', 'only these').choices(outcomeSchema.options))
    .option('--search <text>', 'only rows whose id, reason or customer holds this')
    .option('-n, --limit <number>', `how many (${usualLimit}; with --csv all)`, wholeNumber)
    .option('--csv', 'as CSV, for spreadsheets')
    .action(async (name: string, table: string, options: RowOptions, command: Command) => {
      if (options.csv && session.isJson) throw new UsageError('--csv and --json exclude each other.');
      const app = await session.connect(command);
      const { runId } = await findRun(app, name);
      if (options.csv) await writeCsv(app, runId, table, options, session);
      else await showRows(app, runId, table, options, session);
    });
}

async function writeCsv(
  app: AppClient,
  runId: string,
  table: string,
  { outcome, search, limit = Number.POSITIVE_INFINITY }: RowOptions,
  { world }: Session,
): Promise<void> {
  let left = limit;
  let continuation: string | undefined;
  let isFirst = true;
  do {
    const pageSize = String(Math.min(maxPageSize, left));
    const page = await app.csv(runId, table, { outcome, search, continuation, pageSize });
    // The first page begins with the names of the columns.
    const { text, count } = firstRecords(page.text, left + (isFirst ? 1 : 0));
    left -= count - (isFirst ? 1 : 0);
    isFirst = false;
    world.write(world.terminal === undefined ? text : printableLines(text));
    continuation = page.continuation;
  } while (continuation !== undefined && left > 0);
}

async function showRows(
  app: AppClient,
  runId: string,
  table: string,
  { outcome, search, limit = usualLimit }: RowOptions,
  session: Session,
): Promise<void> {
  const rows: RowList['rows'] = [];
  let continuation: string | undefined;
  do {
    const pageSize = String(Math.min(maxPageSize, limit - rows.length));
    const page = await app.rows(runId, table, { outcome, search, continuation, pageSize });
    for (const row of page.rows) rows.push(row);
    continuation = page.continuation;
  } while (continuation !== undefined && rows.length < limit);
  const hasMore = continuation !== undefined || rows.length > limit;
  session.show(rows.slice(0, limit), (shown, terminal) => rowsText(shown, hasMore, terminal));
}
