import { z } from 'zod';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { mapSelect } from '../customer-insights/names.ts';
import type { LookupMetadata, TableMetadata } from '../dataverse/dataverse.ts';

/** What a watermark is a watermark of; under anything else it says nothing. */
export const watermarkOfSchema = z.object({
  /** Root address of the environment. */
  origin: z.string(),
  /** Data source and table in unification. */
  source: z.string(),
  key: z.string(),
  map: z.string(),
  /** What is read of each map row. */
  columns: z.string(),
  /** Identity of the lookup column; absent where Dataverse does not tell it. */
  lookup: z.string().optional(),
});
export type WatermarkOf = z.infer<typeof watermarkOfSchema>;

/** The same of a table, as the set-up and the organisation are now. */
export const watermarkOf = (
  origin: string,
  { dataSource, entity, primaryKey }: SourceTable,
  map: Pick<TableMetadata, 'logicalName' | 'entitySetName'>,
  link: LookupMetadata | undefined,
): WatermarkOf => ({
  origin,
  source: `${dataSource}|${entity}`.toLowerCase(),
  key: primaryKey.toLowerCase(),
  map: `${map.logicalName}|${map.entitySetName}`,
  columns: mapSelect.join(','),
  ...(link?.metadataId === undefined ? {} : { lookup: link.metadataId }),
});

/** Why what was read under one set-up says nothing under another; undefined where both are the same. */
export function whyOther(before: WatermarkOf | undefined, now: WatermarkOf): string | undefined {
  if (before === undefined) return 'what the last run read was not noted';
  if (before.origin !== now.origin) return `the environment is ${now.origin} now, and was ${before.origin}`;
  if (before.source !== now.source) return `the table is ${now.source} in unification now, and was ${before.source}`;
  if (before.key !== now.key) return `the primary key is ${now.key} now, and was ${before.key}`;
  if (before.map !== now.map) return `the map is ${now.map} now, and was ${before.map}`;
  if (before.columns !== now.columns) return 'other columns of the map are read now';
  const isMadeAnew = before.lookup !== undefined && now.lookup !== undefined && before.lookup !== now.lookup;
  return isMadeAnew ? 'the lookup column was removed and made anew' : undefined;
}
