import type { SourceTable } from '../contracts/unification-setup.ts';
import type { Dataverse, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { readMapRow } from './map-row.ts';
import { mapColumns } from './names.ts';

const select = [mapColumns.id, mapColumns.dataSource, mapColumns.entity, mapColumns.key, mapColumns.identifier];
const pageSize = 500;
/** Pages of rows with similar names that are looked through; who has more has the benefit of the doubt. */
const mostPages = 5;

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Whether the map names any row of a source. Nearly always the first request tells: rows whose names are exactly the
 * source's. The second is for names with stray blanks and rows with the identifier alone, each judged as a pass would.
 */
export async function mapNamesTable(
  dataverse: Pick<Dataverse, 'readPage'>,
  map: Pick<TableMetadata, 'entitySetName'>,
  source: SourceTable,
  signal: AbortSignal,
): Promise<boolean> {
  const { entitySetName } = map;
  const { dataSource, entity, identifier } = mapColumns;
  const isNamed = (row: Row): boolean => readMapRow(row, source).kind !== 'other';
  const exactly = `${dataSource} eq ${quote(source.dataSource)} and ${entity} eq ${quote(source.entity)}`;
  const exact = await dataverse.readPage({ entitySetName, select, filter: exactly, pageSize: 1 }, signal);
  if (exact.rows.some(isNamed)) return true;

  const byName = `(contains(${entity},${quote(source.entity)}) and (contains(${dataSource},${quote(source.dataSource)}) or ${dataSource} eq null))`;
  const byIdentifier = `(${entity} eq null and contains(${identifier},${quote(source.entity)}))`;
  const filter = `${byName} or ${byIdentifier}`;
  let nextLink: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await dataverse.readPage({ entitySetName, select, filter, pageSize, nextLink }, signal);
    if (page.rows.some(isNamed)) return true;
    nextLink = page.nextLink;
    if (nextLink === undefined) return false;
  }
  return true;
}
