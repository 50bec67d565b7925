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
import type { Read, ReadAnswer, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { type ChildTable, type InsightTables, valueColumnsOf } from './insight-tables.ts';
import { namesIn, singleValuesOf } from './single-values.ts';

/** Activities that are shown: what a person reads at a glance. */
const latestActivities = 10;
/** Rows of a customer in the other tables: one for each provider or model, a handful. */
const mostRows = 100;

/** One table's read, and what its rows add to the profile. */
interface Section {
  readonly read: Read;
  readonly part: ProfilePart;
  take(row: Row, profile: CustomerProfile): void;
}

const textAt = (row: Row, column: string): string | null => {
  const value = row[column];
  return typeof value === 'string' ? value : null;
};

const withoutPrefix = (name: string): string => name.slice(prefix.length);

const attributeMeasures = (row: Row, table: string): Measure[] =>
  [...(singleValuesOf(row[measuresColumn]) ?? [])]
    // The dictionary repeats whose measures these are.
    .filter(([name]) => name !== 'CustomerId')
    .map(([name, value]) => ({ name, value, table }));

const tableMeasures = (row: Row, table: TableMetadata, columns: readonly string[]): Measure[] =>
  columns.map((column) => ({
    name: `${withoutPrefix(table.logicalName)}.${withoutPrefix(column)}`,
    value: (row[column] ?? null) as SingleValue,
    table: table.logicalName,
  }));

const segments = (row: Row): Segment[] =>
  namesIn(row[segmentColumns.segments]).map((name) => ({ name, provider: textAt(row, segmentColumns.provider) }));

const prediction = (row: Row): Prediction => ({
  model: textAt(row, predictionColumns.model) ?? '',
  provider: textAt(row, predictionColumns.provider),
  values: Object.fromEntries(singleValuesOf(row[predictionColumns.values]) ?? []),
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
      take: (row, profile) => profile.measures.push(...attributeMeasures(row, measures.table.logicalName)),
    });
  }
  for (const own of tables.ownMeasures) {
    const columns = valueColumnsOf(own.table);
    if (columns.length === 0) continue;
    sections.push({
      part: 'measures',
      // It looks one-to-many, yet a customer has one row.
      read: rowsIn(own, columns, 1),
      take: (row, profile) => profile.measures.push(...tableMeasures(row, own.table, columns)),
    });
  }
  if (tables.segments) {
    sections.push({
      part: 'segments',
      read: rowsIn(tables.segments, Object.values(segmentColumns), mostRows),
      take: (row, profile) => profile.segments.push(...segments(row)),
    });
  }
  if (tables.predictions) {
    sections.push({
      part: 'predictions',
      read: rowsIn(tables.predictions, Object.values(predictionColumns), mostRows),
      take: (row, profile) => profile.predictions.push(prediction(row)),
    });
  }
  if (activities) {
    sections.push({
      part: 'activities',
      read: {
        ...rowsIn(activities, Object.values(activityColumns), latestActivities),
        orderBy: `${activityColumns.time} desc`,
      },
      take: (row, profile) => profile.activities.push(activity(row, activities.table.primaryId)),
    });
  }
  return sections;
}

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
  };
  for (const [at, section] of sections.entries()) {
    const part = answers[at];
    if (part?.kind === 'rows') for (const found of part.rows) section.take(found, profile);
    else if (!profile.withheld.includes(section.part)) profile.withheld.push(section.part);
  }
  return { kind: 'found', profile };
}
