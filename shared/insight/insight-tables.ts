import {
  activityTable,
  customerIdColumn,
  measureTable,
  otherTables,
  predictionTable,
  prefix,
  segmentTable,
} from '../customer-insights/customer-tables.ts';
import { linkColumn, mapTable, profileTable } from '../customer-insights/names.ts';
import type { PersonalDataverse, TableMetadata } from '../dataverse/dataverse.ts';

/** A table about customers, and the lookup by which its rows are found. */
export interface ChildTable {
  readonly table: TableMetadata;
  /** Logical name of the lookup towards the profile. */
  readonly lookup: string;
}

/** What metadata tells of the tables that a profile is read from; undefined where the environment has no such table. */
export interface InsightTables {
  readonly profile: TableMetadata | undefined;
  readonly map: TableMetadata | undefined;
  readonly measures: ChildTable | undefined;
  /** Measures with a table of their own. */
  readonly ownMeasures: readonly ChildTable[];
  readonly segments: ChildTable | undefined;
  readonly predictions: ChildTable | undefined;
  readonly activities: ChildTable | undefined;
  readonly sources: ReadonlyMap<string, TableMetadata>;
}

/** Types of columns that hold one plain value. */
const plainTypes: ReadonlySet<string> = new Set([
  'String',
  'Memo',
  'Integer',
  'BigInt',
  'Decimal',
  'Double',
  'Money',
  'Boolean',
  'DateTime',
  'Picklist',
]);

/** Columns with a value that Customer Insights itself worked out: no ids, no partitions, nothing of the platform's. */
export const valueColumnsOf = ({ columns, primaryId, lookups }: TableMetadata): string[] => {
  const isCompanion = (name: string) => lookups.some(({ column }) => name === `${column}pid`);
  return [...columns]
    .filter(
      ([name, type]) =>
        name.startsWith(prefix) &&
        plainTypes.has(type) &&
        name !== primaryId &&
        name !== customerIdColumn &&
        !isCompanion(name),
    )
    .map(([name]) => name);
};

/** A measure that is added shows within this time, in milliseconds. */
const maxAgeMs = 300_000;
/** While a source table has no lookup column yet, its making is looked for more often. */
const maxAgeBeforeFirstRunMs = 10_000;

interface Known {
  readonly at: number;
  readonly tables: Promise<InsightTables>;
}

const known = new WeakMap<PersonalDataverse, Known>();

const isLinkable = ({ lookups }: TableMetadata): boolean =>
  lookups.some(({ column, referencedTable }) => column === linkColumn && referencedTable === profileTable);

/** The source tables whose rows can have a link. */
export const isLinkableSource = ({ sources }: InsightTables, table: string): boolean => {
  const metadata = sources.get(table);
  return metadata !== undefined && isLinkable(metadata);
};

/**
 * The tables about customers as metadata has them: two requests, then none for five minutes.
 * @param sources logical names of the source tables
 */
export async function insightTables(
  dataverse: PersonalDataverse,
  sources: readonly string[],
  now: number,
): Promise<InsightTables> {
  const before = known.get(dataverse);
  if (before !== undefined) {
    const tables = await before.tables;
    const areAllLinkable = sources.every((source) => isLinkableSource(tables, source));
    if (now - before.at < (areAllLinkable ? maxAgeMs : maxAgeBeforeFirstRunMs)) return tables;
  }
  const tables = readInsightTables(dataverse, sources);
  known.set(dataverse, { at: now, tables });
  // What failed is asked again by the next reader.
  tables.catch(() => known.delete(dataverse));
  return tables;
}

/** Has metadata read anew by the next reader; false where it was read only just now. */
export function forgetInsightTables(dataverse: PersonalDataverse, now: number): boolean {
  const before = known.get(dataverse);
  return before !== undefined && now > before.at && known.delete(dataverse);
}

async function readInsightTables(dataverse: PersonalDataverse, sources: readonly string[]): Promise<InsightTables> {
  const referencing = (await dataverse.findReferencing(profileTable)).filter((name) => name.startsWith(prefix));
  const wanted = [...new Set([profileTable, mapTable, ...referencing])];
  const tables = await dataverse.readTables({ tables: [...wanted, ...sources], withColumns: wanted });
  const child = (name: string): ChildTable | undefined => {
    const table = tables.get(name);
    const lookup = table?.lookups.find(({ referencedTable }) => referencedTable === profileTable);
    return table && lookup && { table, lookup: lookup.column };
  };
  const isMeasure = (name: string) =>
    ![measureTable, segmentTable, predictionTable, activityTable].includes(name) &&
    !otherTables.has(name) &&
    !sources.includes(name);
  return {
    profile: tables.get(profileTable),
    map: tables.get(mapTable),
    measures: child(measureTable),
    ownMeasures: referencing
      .filter(isMeasure)
      .sort()
      .map(child)
      .filter((found) => found !== undefined),
    segments: child(segmentTable),
    predictions: child(predictionTable),
    activities: child(activityTable),
    sources: new Map([...tables].filter(([name]) => sources.includes(name))),
  };
}
