import type { SourceTable } from '../contracts/unification-setup.ts';
import { readMapRow } from '../customer-insights/map-row.ts';
import { mayBeNamed } from '../customer-insights/name-filter.ts';
import { mapColumns, mapSelect } from '../customer-insights/names.ts';
import type { Dataverse, TableMetadata } from '../dataverse/dataverse.ts';
import type { UnmetRequirement } from './requirements.ts';

/** Map rows whose source rows are looked for. */
const sampleSize = 200;
/** Fewer say nothing: two rows that were deleted since are no other environment. */
const fewest = 5;
/** Share of them that must be rows of this environment; rows are deleted, but hardly so many before the first run. */
const leastShare = 0.1;

/**
 * Whether the rows that the map names for a table are rows of this environment, by a sample: a table of another
 * environment may have the same name as one here. Asked before a column is made.
 */
export async function whyFromElsewhere(
  dataverse: Pick<Dataverse, 'readPage' | 'readLists'>,
  { source, table, map }: { readonly source: SourceTable; readonly table: TableMetadata; readonly map: TableMetadata },
  signal: AbortSignal,
): Promise<UnmetRequirement | undefined> {
  const { dataSource, entity } = source;
  const page = await dataverse.readPage(
    {
      entitySetName: map.entitySetName,
      select: mapSelect.filter((column) => column !== mapColumns.id),
      filter: `${mayBeNamed(mapColumns.dataSource, dataSource)} and ${mayBeNamed(mapColumns.entity, entity)}`,
      pageSize: sampleSize,
    },
    signal,
  );
  const named = page.rows
    .map((row) => readMapRow(row, source))
    .flatMap((reading) => (reading.kind === 'entry' ? [reading.entry.sourceId] : []));
  const values = [...new Set(named)];
  if (values.length < fewest) return undefined;
  const list = { entitySetName: table.entitySetName, select: [table.primaryId], column: table.primaryId, values };
  const [rows = []] = await dataverse.readLists([list], signal);
  if (rows.length >= values.length * leastShare) return undefined;
  return {
    code: 'other-environment',
    finding: `Of ${values.length} rows that the map names for ${source.table}, ${rows.length} exist in this environment: the table most likely comes from another one.`,
    remedy: `Ingest ${source.table} from the Dataverse environment that Customer Insights - Data is linked to, or leave it out of the set-up.`,
  };
}
