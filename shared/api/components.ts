import { z } from 'zod';
import { actorSchema, auditActionSchema, auditEntrySchema } from '../contracts/audit.ts';
import { countersSchema } from '../contracts/counters.ts';
import { coverageSchema } from '../contracts/coverage.ts';
import { customerRecordSchema, customerRecordsSchema, tableWithSeveralSchema } from '../contracts/customer-records.ts';
import { discoveredSourceSchema, discoverySchema, setupChangeSchema } from '../contracts/discovery.ts';
import { checkSchema, doctorReportSchema } from '../contracts/doctor-report.ts';
import {
  changeKindSchema,
  customerRingSchema,
  earlierCustomerSchema,
  explanationSchema,
  lastChangeSchema,
  namingMapRowSchema,
  nextStepSchema,
  pendingReasonSchema,
  recordStateSchema,
  ringRecordSchema,
  rowHoldSchema,
  rowLinkSchema,
} from '../contracts/explanation.ts';
import { cloudEventSchema, plainEventSchema } from '../contracts/foreign-event.ts';
import { holdKindSchema, holdListSchema, tableHoldSchema } from '../contracts/hold.ts';
import { problemSchema } from '../contracts/problem.ts';
import {
  activitySchema,
  customerProfileSchema,
  measureSchema,
  predictionSchema,
  profileAnswerSchema,
  profilePartSchema,
  segmentSchema,
  unlinkedReasonSchema,
} from '../contracts/profile.ts';
import { findingSchema, runSchema, runWithTasksSchema, statusAnswerSchema, taskSchema } from '../contracts/run.ts';
import { runDetailSchema, runSummarySchema } from '../contracts/run-summary.ts';
import { segmentReadinessSchema, segmentReadingSchema, unitSchema } from '../contracts/segments.ts';
import { modeSchema, statusSchema } from '../contracts/status.ts';
import { businessUnitsSchema, sourceTableSchema, unificationSetupSchema } from '../contracts/unification-setup.ts';
import { rowOutcomeSchema } from '../state/row-outcomes.ts';
import {
  aboutSchema,
  acceptedSchema,
  auditListSchema,
  healthSchema,
  outcomeSchema,
  recordOutcomesSchema,
  rowListSchema,
  runListSchema,
  runSummaryListSchema,
  segmentListSchema,
  startRunSchema,
} from './schemas.ts';

/** Names of the types in the API's documents: a generated client has these types and no nameless ones. */

type Names = Readonly<Record<string, z.ZodType>>;

/** What callers get. */
export const answers = {
  About: aboutSchema,
  Accepted: acceptedSchema,
  Activity: activitySchema,
  Actor: actorSchema,
  AuditAction: auditActionSchema,
  AuditEntry: auditEntrySchema,
  AuditList: auditListSchema,
  BusinessUnits: businessUnitsSchema,
  ChangeKind: changeKindSchema,
  Check: checkSchema,
  Counters: countersSchema,
  Coverage: coverageSchema,
  CustomerProfile: customerProfileSchema,
  CustomerRecord: customerRecordSchema,
  CustomerRecords: customerRecordsSchema,
  CustomerRing: customerRingSchema,
  DiscoveredSource: discoveredSourceSchema,
  Discovery: discoverySchema,
  DoctorReport: doctorReportSchema,
  EarlierCustomer: earlierCustomerSchema,
  Explanation: explanationSchema,
  Finding: findingSchema,
  Health: healthSchema,
  Hold: tableHoldSchema,
  HoldKind: holdKindSchema,
  HoldList: holdListSchema,
  LastChange: lastChangeSchema,
  Measure: measureSchema,
  Mode: modeSchema,
  NamingMapRow: namingMapRowSchema,
  NextStep: nextStepSchema,
  PendingReason: pendingReasonSchema,
  Prediction: predictionSchema,
  Problem: problemSchema,
  ProfileAnswer: profileAnswerSchema,
  ProfilePart: profilePartSchema,
  RecordOutcomes: recordOutcomesSchema,
  RecordState: recordStateSchema,
  RingRecord: ringRecordSchema,
  RowHold: rowHoldSchema,
  RowLink: rowLinkSchema,
  RowList: rowListSchema,
  RowOutcome: rowOutcomeSchema,
  RowOutcomeKind: outcomeSchema,
  Run: runSchema,
  RunDetail: runDetailSchema,
  RunList: runListSchema,
  RunSummary: runSummarySchema,
  RunSummaryList: runSummaryListSchema,
  RunWithTasks: runWithTasksSchema,
  Segment: segmentSchema,
  SegmentList: segmentListSchema,
  SegmentReadiness: segmentReadinessSchema,
  SegmentReading: segmentReadingSchema,
  SetupChange: setupChangeSchema,
  SourceTable: sourceTableSchema,
  Status: statusSchema,
  StatusAnswer: statusAnswerSchema,
  TableWithSeveral: tableWithSeveralSchema,
  Task: taskSchema,
  UnificationSetup: unificationSetupSchema,
  Unit: unitSchema,
  UnlinkedReason: unlinkedReasonSchema,
} satisfies Names;

/** What callers send. */
export const requests = {
  CloudEvent: cloudEventSchema,
  PlainEvent: plainEventSchema,
  StartRun: startRunSchema,
} satisfies Names;

export type Json = Readonly<Record<string, unknown>>;
type Direction = 'input' | 'output';

export const componentPath = '#/components/schemas/';

function registryOf(names: Names): z.core.$ZodRegistry<{ id: string }> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(names)) registry.add(schema, { id });
  return registry;
}

// Modes are sent as well as given, and mean the same both ways.
const registries: Readonly<Record<Direction, z.core.$ZodRegistry<{ id: string }>>> = {
  input: registryOf({ ...requests, Mode: modeSchema }),
  output: registryOf(answers),
};

/** JSON Schema 2020-12, the dialect of OpenAPI 3.1, without what no reader of an API's document wants to see. */
const options = (io: Direction) =>
  ({
    io,
    unrepresentable: 'any',
    uri: (id: string) => `${componentPath}${id}`,
    override: ({ jsonSchema }: { jsonSchema: Record<string, unknown> }) => tidy(jsonSchema, io),
  }) as const;

function tidy(schema: Record<string, unknown>, io: Direction): void {
  delete schema.$schema;
  delete schema.$id;
  delete schema.id;
  // An answer may grow: whoever reads it passes over what it does not know.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
  // A format says it; the pattern beside it is longer than most documents.
  if (typeof schema.format === 'string') delete schema.pattern;
  // Every whole number of JavaScript: no limit that anybody set.
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}

/** A schema as a document shows it: by its name where it has one. */
export function schemaIn(schema: z.ZodType, io: Direction): Json {
  const id = registries[io].get(schema)?.id;
  if (id !== undefined) return { $ref: `${componentPath}${id}` };
  const shown = z.toJSONSchema(schema, { ...options(io), metadata: registries[io] });
  return named(shown as Json);
}

/** All that have names. */
export function components(): Readonly<Record<string, Json>> {
  const of = (io: Direction): Record<string, Json> =>
    z.toJSONSchema(registries[io], options(io)).schemas as Record<string, Json>;
  return Object.fromEntries(
    Object.entries({ ...of('input'), ...of('output') })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, schema]) => [id, named(schema)]),
  );
}

/** References to names within a schema of its own (`#/$defs/Run`) lead to the components instead. */
function named(schema: Json): Json {
  const { $defs: _, $schema: _dialect, $id: _id, ...rest } = schema;
  return JSON.parse(JSON.stringify(rest).replaceAll('"#/$defs/', `"${componentPath}`));
}
