import type { SourceTable } from '../contracts/unification-setup.ts';
import type { Dataverse, PersonalDataverse, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { odataText } from '../odata-text.ts';
import { readMapRow } from './map-row.ts';
import { mayBeNamed } from './name-filter.ts';
import { mapColumns } from './names.ts';

const select = [mapColumns.id, mapColumns.dataSource, mapColumns.entity, mapColumns.key, mapColumns.identifier];
const pageSize = 500;
/** Pages of rows with similar names that are looked through; who has more has the benefit of the doubt. */
const mostPages = 5;

/** Sources that are asked for in one batch: its parts run one after another. */
const sourcesPerBatch = 20;

/** The rows whose names are exactly a source's. */
const exactly = ({ dataSource, entity }: SourceTable): string =>
  `${mapColumns.dataSource} eq ${odataText(dataSource)} and ${mapColumns.entity} eq ${odataText(entity)}`;

/**
 * The tables of which the map names any row, as `mapNamesTable` judges each: most are told in one batch.
 * @throws TerminalError where the map may not be read
 */
export async function mapNamesTables(
  dataverse: Pick<PersonalDataverse, 'readPage' | 'readTogether'>,
  map: Pick<TableMetadata, 'entitySetName'>,
  sources: readonly SourceTable[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { entitySetName } = map;
  const batches: SourceTable[][] = [];
  for (let at = 0; at < sources.length; at += sourcesPerBatch) batches.push(sources.slice(at, at + sourcesPerBatch));
  const answers = await Promise.all(
    batches.map((some) =>
      dataverse.readTogether(
        some.map((source) => ({ entitySetName, select, filter: exactly(source), top: 1 })),
        undefined,
        signal,
      ),
    ),
  );
  const named = await Promise.all(
    sources.map(async (source, at) => {
      const answer = answers[Math.floor(at / sourcesPerBatch)]?.[at % sourcesPerBatch];
      const isNamed =
        answer?.kind === 'rows' && answer.rows.some((row) => readMapRow(row, source).kind !== 'other')
          ? true
          : await mapNamesTable(dataverse, map, source, signal);
      return isNamed ? [source.table] : [];
    }),
  );
  return new Set(named.flat());
}

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
  const exact = await dataverse.readPage({ entitySetName, select, filter: exactly(source), pageSize: 1 }, signal);
  if (exact.rows.some(isNamed)) return true;

  const byName = `(${mayBeNamed(entity, source.entity)} and (${mayBeNamed(dataSource, source.dataSource)} or ${dataSource} eq null))`;
  // An identifier begins with the data source.
  const byIdentifier = `(${entity} eq null and ${mayBeNamed(identifier, source.dataSource)})`;
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
