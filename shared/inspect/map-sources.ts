import { mapColumns } from '../customer-insights/names.ts';
import type { Dataverse, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { odataText } from '../odata-text.ts';

/** A pair of data source and table that the map names, as it is written there. */
export interface MapSource {
  readonly dataSource: string;
  readonly entity: string;
  /** A few of its keys. */
  readonly keys: readonly string[];
}

/** A unification has a few dozen sources; a map that seems to have more is not read to its end. */
const maxSources = 200;
const sampleSize = 20;

const select = [mapColumns.id, mapColumns.dataSource, mapColumns.entity, mapColumns.key];
const textOf = (row: Row, column: string): string => String(row[column] ?? '');

/**
 * The distinct pairs of the map, one request each however many rows there are: the first row beyond the pair found
 * last is the next pair's first.
 */
export async function* mapSources(
  dataverse: Dataverse,
  map: TableMetadata,
  signal: AbortSignal,
): AsyncGenerator<MapSource> {
  const { dataSource: sourceColumn, entity: entityColumn } = mapColumns;
  const told = new Set<string>();
  let filter: string | undefined = `${sourceColumn} ne null`;
  while (filter !== undefined && told.size < maxSources) {
    const page = await dataverse.readPage(
      {
        entitySetName: map.entitySetName,
        select,
        filter,
        orderBy: `${sourceColumn} asc,${entityColumn} asc`,
        pageSize: sampleSize,
      },
      signal,
    );
    const [first] = page.rows;
    if (first === undefined) return;
    const [dataSource, entity] = [textOf(first, sourceColumn), textOf(first, entityColumn)];
    const name = `${dataSource}|${entity}`;
    // The service and this loop disagree on what comes after: better to end than to go round.
    if (told.has(name)) return;
    told.add(name);
    const keys = page.rows
      .filter((row) => textOf(row, sourceColumn) === dataSource && textOf(row, entityColumn) === entity)
      .map((row) => textOf(row, mapColumns.key));
    yield { dataSource: dataSource.trim(), entity: entity.trim(), keys };
    const same = `${sourceColumn} eq ${odataText(dataSource)}`;
    filter = `(${same} and ${entityColumn} gt ${odataText(entity)}) or ${sourceColumn} gt ${odataText(dataSource)}`;
  }
}
