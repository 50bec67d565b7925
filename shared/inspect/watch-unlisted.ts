import { tablesIn } from '../dataverse/metadata.ts';
import { isTerminalError, logTextOf } from '../errors.ts';
import { type RunParts, timeOf } from '../runs/parts.ts';
import { everyTablePath } from './candidates.ts';
import { findUnlisted } from './find-unlisted.ts';
import type { InspectParts } from './inspect-parts.ts';

/** A unification gets a new table once in months: a look a day is soon enough, in milliseconds. */
const everyMs = 86_400_000;
/** The watch has more to do than to wait for one answer, in milliseconds. */
const limitMs = 60_000;

type Parts = Pick<InspectParts, 'dataverse'> & Pick<RunParts, 'options' | 'now' | 'unlistedTables' | 'telemetry'>;

/**
 * Tells how many tables the map names that the set-up lacks. Dataverse is asked once a day, two requests where there are
 * none; what was found holds until then, but for tables that were added to the set-up since. A look that fails is logged,
 * and the last one holds.
 */
export async function watchUnlisted(parts: Parts): Promise<void> {
  const { options, unlistedTables, telemetry, now } = parts;
  const listed = options.setup.tables;
  let look = await unlistedTables.read();
  if (look === undefined || now() - Date.parse(look.lookedAt) >= everyMs) {
    const tables = await findTables(parts);
    // A look that failed is one too: the watch is not to wait for Dataverse each time.
    look = { lookedAt: timeOf(now()), tables: tables ?? look?.tables ?? [] };
    await unlistedTables.write(look);
  }
  const unlisted = look.tables.filter(({ table }) => !listed.some((source) => source.table === table));
  telemetry.record('backstamp.unlisted_tables', unlisted.length);
}

/** Undefined where Dataverse did not tell. */
async function findTables({ dataverse, options, telemetry }: Parts) {
  const signal = AbortSignal.timeout(limitMs);
  try {
    const definitions = await dataverse.readObject(everyTablePath, "read the organisation's tables", signal);
    const found = await findUnlisted(dataverse, tablesIn(definitions), options.setup.tables, signal);
    return found.map(({ table, dataSource, entity }) => ({ table, dataSource, entity }));
  } catch (error) {
    const level = isTerminalError(error) ? 'info' : 'warn';
    telemetry.log(level, 'Whether the map names tables beside the set-up was not told', { reason: logTextOf(error) });
    return undefined;
  }
}
