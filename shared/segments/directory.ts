import { segmentDefinitionTables } from '../customer-insights/customer-tables.ts';
import { guidAt } from '../customer-insights/guid.ts';
import { unitColumn, unitValue } from '../customer-insights/owner-columns.ts';
import type { Dataverse, Row } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import type { Directory } from './segment-store.ts';

/** Units and segments that are read, at most: both stand in one stored document. */
const [mostUnits, mostSegments] = [2_000, 3_000] as const;

/** Names of business units, and the unit of each segment's owner, as far as they may be read. */
export async function readDirectory(dataverse: Dataverse, signal: AbortSignal): Promise<Directory> {
  return { units: await unitNames(dataverse, signal), owners: await ownersOf(dataverse, signal) };
}

async function unitNames(dataverse: Dataverse, signal: AbortSignal): Promise<Record<string, string>> {
  try {
    const request = { entitySetName: 'businessunits', select: ['businessunitid', 'name'], pageSize: mostUnits };
    const { rows } = await dataverse.readPage(request, signal);
    const named = rows.map((row) => [guidAt(row, 'businessunitid') ?? '', String(row.name ?? '')]);
    return Object.fromEntries(named.filter(([id]) => id !== ''));
  } catch (error) {
    // Units then go by their ids.
    if (isTerminalError(error)) return {};
    throw error;
  }
}

async function ownersOf(dataverse: Dataverse, signal: AbortSignal): Promise<Directory['owners']> {
  // Which of them an environment has, and whether its rows have owners, only its metadata tells.
  const names = [...segmentDefinitionTables];
  const tables = await dataverse.readTables({ tables: names, withColumns: names }, signal);
  const table = names
    .map((name) => tables.get(name))
    .find((found) => found?.columns.has(unitColumn) && found.primaryName !== undefined);
  if (table?.primaryName === undefined) {
    return { known: false, reason: `The environment has no table of segments with owners (${names.join(', ')}).` };
  }
  const { logicalName, entitySetName, primaryName } = table;
  try {
    const rows: Row[] = [];
    let nextLink: string | undefined;
    do {
      const request = { entitySetName, select: [primaryName, unitValue], pageSize: mostSegments, nextLink };
      const page = await dataverse.readPage(request, signal);
      rows.push(...page.rows);
      nextLink = page.nextLink;
    } while (nextLink !== undefined && rows.length <= mostSegments);
    if (rows.length > mostSegments) {
      return { known: false, reason: `${logicalName} has more than ${mostSegments} segments, too many to look at.` };
    }
    const segments = rows.map((row) => ({
      name: String(row[primaryName] ?? '').trim(),
      unit: guidAt(row, unitValue) ?? '',
    }));
    return { known: true, segments: segments.filter(({ name, unit }) => name !== '' && unit !== '') };
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    return { known: false, reason: `${logicalName} cannot be read: ${error.message}` };
  }
}
