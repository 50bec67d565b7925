import type { SourceTable } from '../contracts/unification-setup.ts';
import { readMapRow } from '../customer-insights/map-row.ts';
import { mayBeNamed } from '../customer-insights/name-filter.ts';
import { mapColumns, mapSelect } from '../customer-insights/names.ts';
import type { PersonalDataverse, ReadAnswer, TableMetadata } from '../dataverse/dataverse.ts';
import type { UnmetRequirement } from './requirements.ts';

/** Map rows whose source rows are looked for. */
const sampleSize = 200;
/** Fewer say nothing: two rows that were deleted since are no other environment. */
const fewest = 5;
/** Share of them that must be rows of this environment; rows are deleted, but hardly so many before the first run. */
const leastShare = 0.1;
/** Tables sampled in one batch: its parts run one after another. */
const tablesPerBatch = 20;

/** What some of a table's map rows tell of it. */
export interface KeySample {
  /** The map names a row of it. */
  readonly isNamed: boolean;
  /** The rows that it names are none of this environment. */
  readonly elsewhere: UnmetRequirement | undefined;
}

/**
 * Whether the rows that the map names for tables are rows of this environment, by a sample: a table of another
 * environment may have the same name as one here. Asked before a column is made; by table.
 */
export async function sampleKeys(
  dataverse: Pick<PersonalDataverse, 'readTogether' | 'readLists'>,
  map: Pick<TableMetadata, 'entitySetName'>,
  tables: readonly { readonly source: SourceTable; readonly table: TableMetadata }[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KeySample>> {
  const batches: (typeof tables)[] = [];
  for (let at = 0; at < tables.length; at += tablesPerBatch) batches.push(tables.slice(at, at + tablesPerBatch));
  const answers = await Promise.all(
    batches.map((some) =>
      dataverse.readTogether(
        some.map(({ source }) => someRowsOf(source, map)),
        undefined,
        signal,
      ),
    ),
  );
  const flat = answers.flat();
  const sampled = tables.map((one, at) => ({ ...one, ...readSample(one.source, flat[at]) }));
  const found = await dataverse.readLists(
    sampled.map(({ table: { entitySetName, primaryId }, ids }) => {
      return { entitySetName, select: [primaryId], column: primaryId, values: ids.length < fewest ? [] : ids };
    }),
    signal,
  );
  return new Map(
    sampled.map(({ source: { table }, ids, isNamed }, at): [string, KeySample] => {
      const rows = found[at]?.length ?? 0;
      const isElsewhere = ids.length >= fewest && rows < ids.length * leastShare;
      return [table, { isNamed, elsewhere: isElsewhere ? fromElsewhere(table, ids.length, rows) : undefined }];
    }),
  );
}

const someRowsOf = ({ dataSource, entity }: SourceTable, { entitySetName }: Pick<TableMetadata, 'entitySetName'>) => ({
  entitySetName,
  select: mapSelect.filter((column) => column !== mapColumns.id),
  filter: `${mayBeNamed(mapColumns.dataSource, dataSource)} and ${mayBeNamed(mapColumns.entity, entity)}`,
  top: sampleSize,
});

/** The ids that a source's map rows name; where they may not be read, nothing is said of them. */
function readSample(source: SourceTable, answer: ReadAnswer | undefined): { ids: string[]; isNamed: boolean } {
  const readings = answer?.kind === 'rows' ? answer.rows.map((row) => readMapRow(row, source)) : [];
  const ids = readings.flatMap((reading) => (reading.kind === 'entry' ? [reading.entry.sourceId] : []));
  return { ids: [...new Set(ids)], isNamed: readings.some(({ kind }) => kind !== 'other') };
}

const fromElsewhere = (table: string, named: number, rows: number): UnmetRequirement => ({
  code: 'other-environment',
  finding: `Of ${named} rows that the map names for ${table}, ${rows} exist in this environment: the table most likely comes from another one.`,
  remedy: `Ingest ${table} from the Dataverse environment that Customer Insights - Data is linked to, or leave it out of the set-up.`,
});
