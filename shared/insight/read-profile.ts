import type {
  Activity,
  CustomerProfile,
  Measure,
  Prediction,
  ProfilePart,
  Segment,
  SingleValue,
} from '../contracts/profile.ts';
import {
  activityColumns,
  customerIdColumn,
  measuresColumn,
  predictionColumns,
  prefix,
  segmentColumns,
} from '../customer-insights/customer-tables.ts';
import { namesIn, singleValuesOf } from '../customer-insights/json-column.ts';
import type { Read, ReadAnswer, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { type ChildTable, type InsightTables, valueColumnsOf } from './insight-tables.ts';

/** Activities that are shown: what a person reads at a glance. */
const latestActivities = 10;
/** Rows of a customer in the other tables: one for each provider or model, a handful. */
const mostRows = 100;

/** One table's read, and what its rows add to the profile. */
interface Section {
  readonly read: Read;
  readonly part: ProfilePart;
  /** Tells whether all that the row holds is in the profile now. */
  take(row: Row, profile: CustomerProfile): boolean;
}

const textAt = (row: Row, column: string): string | null => {
  const value = row[column];
  return typeof value === 'string' ? value : null;
};

const withoutPrefix = (name: string): string => name.slice(prefix.length);

/** What a column of JSON holds by name, and whether that is all; an empty column is complete. */
function valuesIn(text: unknown): { readonly entries: (readonly [string, SingleValue])[]; readonly isWhole: boolean } {
  const read = singleValuesOf(text);
  const isEmpty = text === null || text === undefined || text === '';
  return { entries: [...(read?.values ?? [])], isWhole: read === undefined ? isEmpty : !read.isShortened };
}

const tableMeasures = (row: Row, table: TableMetadata, columns: readonly string[]): Measure[] =>
  columns.map((column) => ({
    name: `${withoutPrefix(table.logicalName)}.${withoutPrefix(column)}`,
    value: (row[column] ?? null) as SingleValue,
    table: table.logicalName,
  }));

const prediction = (row: Row, values: Prediction['values']): Prediction => ({
  model: textAt(row, predictionColumns.model) ?? '',
  provider: textAt(row, predictionColumns.provider),
  values,
});

const activity = (row: Row, primaryId: string): Activity => ({
  id: String(row[primaryId]),
  type: textAt(row, activityColumns.typeDisplay) ?? textAt(row, activityColumns.type),
  title: textAt(row, activityColumns.title),
  time: textAt(row, activityColumns.time),
});

/** The reads of all tables that have rows about a profile. */
function sectionsOf(tables: InsightTables, profileId: string): Section[] {
  const rowsIn = ({ table, lookup }: ChildTable, columns: readonly string[], top: number): Read => ({
    entitySetName: table.entitySetName,
    // A release may lack a column that another has.
    select: columns.filter((name) => table.columns.has(name)),
    filter: `_${lookup}_value eq ${profileId}`,
    top,
  });
  const sections: Section[] = [];
  const { measures, activities } = tables;
  if (measures) {
    sections.push({
      part: 'measures',
      read: rowsIn(measures, [measuresColumn], 1),
      take: (row, profile) => {
        const table = measures.table.logicalName;
        const { entries, isWhole } = valuesIn(row[measuresColumn]);
        // The dictionary repeats whose measures these are.
        const own = entries.filter(([name]) => name !== 'CustomerId');
        profile.measures.push(...own.map(([name, value]): Measure => ({ name, value, table })));
        return isWhole;
      },
    });
  }
  for (const own of tables.ownMeasures) {
    const columns = valueColumnsOf(own.table);
    if (columns.length === 0) continue;
    sections.push({
      part: 'measures',
      // It looks one-to-many, yet a customer has one row.
      read: rowsIn(own, columns, 1),
      take: (row, profile) => {
        profile.measures.push(...tableMeasures(row, own.table, columns));
        return true;
      },
    });
  }
  if (tables.segments) {
    sections.push({
      part: 'segments',
      read: rowsIn(tables.segments, Object.values(segmentColumns), mostRows),
      take: (row, profile) => {
        const { names, isIncomplete } = namesIn(row[segmentColumns.segments]);
        const provider = textAt(row, segmentColumns.provider);
        profile.segments.push(...names.map((name): Segment => ({ name, provider })));
        return !isIncomplete;
      },
    });
  }
  if (tables.predictions) {
    sections.push({
      part: 'predictions',
      read: rowsIn(tables.predictions, Object.values(predictionColumns), mostRows),
      take: (row, profile) => {
        const { entries, isWhole } = valuesIn(row[predictionColumns.values]);
        profile.predictions.push(prediction(row, Object.fromEntries(entries)));
        return isWhole;
      },
    });
  }
  if (activities) {
    sections.push({
      part: 'activities',
      read: {
        ...rowsIn(activities, Object.values(activityColumns), latestActivities),
        orderBy: `${activityColumns.time} desc`,
      },
      take: (row, profile) => {
        profile.activities.push(activity(row, activities.table.primaryId));
        return true;
      },
    });
  }
  return sections;
}

/** Notes a part, once. */
const note = (parts: ProfilePart[], part: ProfilePart): void => {
  if (!parts.includes(part)) parts.push(part);
};

/** Reads what one profile and the tables about it tell; all of it travels in one request. */
export type ReadTogether = (reads: readonly Read[]) => Promise<readonly ReadAnswer[]>;

export type ProfileReading =
  | { readonly kind: 'found'; readonly profile: CustomerProfile }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' };

/** The profile with everything about its customer, as far as whoever reads may see it. */
export async function readProfile(
  tables: InsightTables & { readonly profile: TableMetadata },
  profileId: string,
  readTogether: ReadTogether,
): Promise<ProfileReading> {
  const columns = valueColumnsOf(tables.profile);
  const sections = sectionsOf(tables, profileId);
  const own: Read = {
    entitySetName: tables.profile.entitySetName,
    select: [tables.profile.primaryId, customerIdColumn, ...columns],
    id: profileId,
  };
  const [answer, ...answers] = await readTogether([own, ...sections.map(({ read }) => read)]);
  // Whoever may not read the profile learns nothing of what stands beside it either.
  if (answer?.kind !== 'rows') return { kind: 'denied' };
  const [row] = answer.rows;
  if (row === undefined) return { kind: 'missing' };
  const profile: CustomerProfile = {
    id: profileId,
    customerId: textAt(row, customerIdColumn) ?? '',
    attributes: Object.fromEntries(columns.map((column) => [column, (row[column] ?? null) as SingleValue])),
    measures: [],
    segments: [],
    predictions: [],
    activities: [],
    withheld: [],
    incomplete: [],
  };
  for (const [at, section] of sections.entries()) {
    const part = answers[at];
    if (part?.kind !== 'rows') note(profile.withheld, section.part);
    else for (const found of part.rows) if (!section.take(found, profile)) note(profile.incomplete, section.part);
  }
  return { kind: 'found', profile };
}
