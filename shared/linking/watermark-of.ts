import { z } from 'zod';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { mapSelect } from '../customer-insights/names.ts';
import type { LookupMetadata, TableMetadata } from '../dataverse/dataverse.ts';

/** What a watermark is a watermark of; under anything else it says nothing. */
export const watermarkOfSchema = z.object({
  /** Id of the organisation; absent in notes of before, and where Dataverse does not tell it. */
  organisation: z.string().optional(),
  /** Root address of the environment; where both ids are known it may be another. */
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
  { id, origin }: { readonly id: string | undefined; readonly origin: string },
  { dataSource, entity, primaryKey }: SourceTable,
  map: Pick<TableMetadata, 'logicalName' | 'entitySetName'>,
  link: LookupMetadata | undefined,
): WatermarkOf => ({
  ...(id === undefined ? {} : { organisation: id }),
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
  const areKnown = before.organisation !== undefined && now.organisation !== undefined;
  if (areKnown && before.organisation !== now.organisation)
    return `the organisation is another one, a copied or restored one perhaps (its id is ${now.organisation}, and was ${before.organisation})`;
  if (!areKnown && before.origin !== now.origin)
    return `the environment is ${now.origin} now, and was ${before.origin}`;
  if (before.source !== now.source) return `the table is ${now.source} in unification now, and was ${before.source}`;
  if (before.key !== now.key) return `the primary key is ${now.key} now, and was ${before.key}`;
  if (before.map !== now.map) return `the map is ${now.map} now, and was ${before.map}`;
  if (before.columns !== now.columns) return 'other columns of the map are read now';
  const isMadeAnew = before.lookup !== undefined && now.lookup !== undefined && before.lookup !== now.lookup;
  return isMadeAnew ? 'the lookup column was removed and made anew' : undefined;
}

/** A document in which every address of the organisation leads to where it is now. */
export function atAddress<T>(document: T, before: string, now: string): T {
  const move = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value === before || value.startsWith(`${before}/`) ? now + value.slice(before.length) : value;
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, move(one)]));
  };
  return move(document) as T;
}
