import { z } from 'zod';
import { holdIdSchema, holdKindSchema } from './hold.ts';
import { findingSchema } from './run.ts';

const time = z.iso.datetime();

/** A map row that names the row. Ids are null where they are of a customer that whoever asks may not read. */
export const namingMapRowSchema = z.object({
  id: z.string(),
  dataSource: z.string(),
  entity: z.string(),
  /** The row's key, spelt as it stands there. */
  key: z.string(),
  customerId: z.string().nullable(),
  profileId: z.string().nullable(),
  modifiedOn: z.string().nullable(),
  /** Whether its profile is in Dataverse; null where whoever asks may not know. */
  hasProfile: z.boolean().nullable(),
  /** Of several, this one says whom the row belongs to. */
  counts: z.boolean(),
  why: z.string(),
});
export type NamingMapRow = z.infer<typeof namingMapRowSchema>;

/**
 * How a source row of a customer stands:
 * - `linked`: to this customer's profile
 * - `linkedElsewhere`: to another profile
 * - `notLinked`: it has no link
 * - `notFound`: its table has no such row that whoever asks may read
 * - `notLinkable`: nothing of its table was ever linked
 * - `otherSource`: it is of a source that is not linked here
 */
export const recordStateSchema = z.enum([
  'linked',
  'linkedElsewhere',
  'notLinked',
  'notFound',
  'notLinkable',
  'otherSource',
]);
export type RecordState = z.infer<typeof recordStateSchema>;

/** A source row that unification counts to a customer. */
export const ringRecordSchema = z.object({
  dataSource: z.string(),
  entity: z.string(),
  /** Logical name of its table; null where it is of a source that is not linked here. */
  table: z.string().nullable(),
  /** Its id, or its key in a source that is not of Dataverse. */
  key: z.string(),
  state: recordStateSchema,
});
export type RingRecord = z.infer<typeof ringRecordSchema>;

/**
 * How a row came from one customer to another:
 * - `merged`: the earlier customer became part of the next
 * - `split`: the next customer was split off the earlier one
 * - `rekeyed`: the earlier customer is gone and the next does not name it: customers have new ids
 * - `moved`: both are there: unification counts the row to another customer
 * - `left`: the map gave the row no customer any more
 * - `acrossUnits`: its profile belongs to another business unit
 * - `unknown`: too little of it is left to tell
 */
export const changeKindSchema = z.enum(['merged', 'split', 'rekeyed', 'moved', 'left', 'acrossUnits', 'unknown']);
export type ChangeKind = z.infer<typeof changeKindSchema>;

/** A customer that the row belonged to before. */
export const earlierCustomerSchema = z.object({
  /** When a run took the link away, and which. */
  until: time,
  runId: z.string(),
  kind: changeKindSchema,
  customerId: z.string().nullable(),
  profileId: z.string().nullable(),
  nextCustomerId: z.string().nullable(),
  nextProfileId: z.string().nullable(),
});
export type EarlierCustomer = z.infer<typeof earlierCustomerSchema>;

/** What the next run does to the row. */
export const nextStepSchema = z.object({
  /**
   * `unknown`: it depends on a customer that whoever asks may not read. `hold`: it would, and a brake holds it.
   * `leave`: it takes the link away or gives none, since the profile belongs to another business unit.
   */
  does: z.enum(['nothing', 'link', 'move', 'clear', 'wait', 'hold', 'leave', 'skip', 'unknown']),
  profileId: z.string().optional(),
  explanation: z.string(),
});
export type NextStep = z.infer<typeof nextStepSchema>;

/** The link of a row as it stands. */
export const rowLinkSchema = z.object({
  /** Null where whoever asks may not read the profile. */
  profileId: z.string().nullable(),
  /** Null where the profile is gone, too. */
  customerId: z.string().nullable(),
});

/** A customer with all its source rows. */
export const customerRingSchema = z.object({
  customerId: z.string(),
  profileId: z.string().nullable(),
  records: z.array(ringRecordSchema),
  /** False where the customer has more of them, or the map does not list all. */
  isWhole: z.boolean(),
});
export type CustomerRing = z.infer<typeof customerRingSchema>;

/** Why a row waits, or failed. */
export const pendingReasonSchema = z.object({
  cause: z.enum(['waiting', 'failed', 'acrossUnits']),
  reason: z.string(),
  since: time,
  lastTriedAt: time,
  runId: z.string(),
});

/** A hold that keeps a row's link as it is. */
export const rowHoldSchema = z.object({
  id: holdIdSchema,
  kind: holdKindSchema,
  /** Rows that are held with it. */
  count: z.number().int(),
  since: time,
});

/** Who changed a row last; Dataverse does not tell which column was changed. */
export const lastChangeSchema = z.object({
  at: z.string(),
  /** Id of the user; null where Dataverse does not tell. */
  by: z.string().nullable(),
  byName: z.string().nullable(),
  isThisApp: z.boolean(),
});

/** Everything that is known of why a row has the link it has, or none. */
export const explanationSchema = z.object({
  table: z.string(),
  id: z.string(),
  /** Absent where the row has no link. */
  link: rowLinkSchema.optional(),
  /** What keeps the table from being linked; empty where nothing does. */
  requirements: z.array(findingSchema),
  /** The newest first. */
  mapRows: z.array(namingMapRowSchema),
  /** Whom the map gives the row; absent where it gives nobody, or nobody whom whoever asks may read. */
  customer: customerRingSchema.optional(),
  /** The latest first, as far as runs are kept. */
  earlier: z.array(earlierCustomerSchema),
  pending: pendingReasonSchema.optional(),
  hold: rowHoldSchema.optional(),
  changed: lastChangeSchema.optional(),
  next: nextStepSchema,
  /** What nobody can tell from Dataverse. */
  notKnown: z.array(z.string()),
});
export type Explanation = z.infer<typeof explanationSchema>;
