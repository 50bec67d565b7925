import type { SourceTable } from '../contracts/unification-setup.ts';
import { mapColumns, mapTable } from '../customer-insights/names.ts';
import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { odataText } from '../odata-text.ts';
import { candidatesIn, type Tables } from './candidates.ts';
import { matchTables } from './discover.ts';
import { Found, keyOf, type MapSource, pageSize, select, textOf } from './map-sources.ts';
import { idsOf, namedLike } from './match-sources.ts';

/** Requests for rows of the map: a source of another system may fill a whole page, and is passed over by the next. */
const mostPages = 3;
/** Sources that are matched with tables, those of a table's name first; whoever lists those sees the next. */
const mostSources = 8;

const { dataSource: sourceColumn, entity: entityColumn } = mapColumns;

type Names = Pick<SourceTable, 'dataSource' | 'entity'>;

/**
 * Tables whose rows the map names with certainty and the set-up lacks; Customer Insights' own task would link them
 * unasked. It takes one request where there is nothing of the kind, and a few otherwise: unlike discovery it reads only
 * rows that name their source in columns, and neither every source nor each from both ends.
 * @param tables every table of the organisation
 */
export async function findUnlisted(
  dataverse: InspectableDataverse,
  tables: Tables,
  listed: readonly SourceTable[],
  signal: AbortSignal,
): Promise<SourceTable[]> {
  const map = tables.get(mapTable);
  if (map === undefined) return [];
  const candidates = candidatesIn(tables);
  const isNamed = (source: MapSource): boolean => namedLike(source, candidates).length > 0;
  const sources = (await readSourcesBeside(dataverse, map.entitySetName, listed, signal))
    .filter((source) => idsOf(source).length > 0)
    .sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
  if (sources.length === 0) return [];
  const { proven } = await matchTables(dataverse, sources.slice(0, mostSources), candidates, [], signal);
  return proven.filter(({ table }) => !listed.some((source) => source.table === table));
}

/** Sources that the map names beside some others. */
async function readSourcesBeside(
  dataverse: InspectableDataverse,
  entitySetName: string,
  listed: readonly Names[],
  signal: AbortSignal,
): Promise<MapSource[]> {
  const found = new Found();
  for (let pages = 0; pages < mostPages; pages++) {
    const filter = besides([...listed, ...found.sources()]);
    const page = await dataverse.readPage({ entitySetName, select, filter, pageSize }, signal);
    for (const row of page.rows) found.add(textOf(row, sourceColumn), textOf(row, entityColumn), keyOf(row));
    if (page.nextLink === undefined) break;
  }
  // Names are compared here too: the service need not take white space as linking does.
  return found.sources().filter((source) => !listed.some((one) => isSame(one, source)));
}

const besides = (known: readonly Names[]): string =>
  [
    `${sourceColumn} ne null and ${entityColumn} ne null`,
    ...known.map(
      ({ dataSource, entity }) =>
        `(${sourceColumn} ne ${odataText(dataSource)} or ${entityColumn} ne ${odataText(entity)})`,
    ),
  ].join(' and ');

const isSame = (one: Names, other: Names): boolean =>
  one.dataSource.trim().toLowerCase() === other.dataSource.trim().toLowerCase() &&
  one.entity.trim().toLowerCase() === other.entity.trim().toLowerCase();
