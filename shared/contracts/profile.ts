import { z } from 'zod';

/** One value as forms can show it. */
const singleValueSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type SingleValue = z.infer<typeof singleValueSchema>;

/**
 * Why a row leads to no profile, or to none that can be shown:
 * - `noColumn`: nothing of this table was ever linked
 * - `notUnified`: unification made no customer of the row
 * - `waiting`: the map names a profile that has not arrived
 * - `noProfile`: the map names a customer who has no profile
 * - `notLinkedYet`: the profile is there, the next pass links the row
 * - `failed`: the link could not be written
 * - `acrossUnits`: the profile belongs to another business unit than the row, which is left without a link for that
 * - `orphan`: the link leads to a profile that is gone
 * - `notVisible`: the link leads to a profile that whoever asks may not read
 */
export const unlinkedReasonSchema = z.enum([
  'noColumn',
  'notUnified',
  'waiting',
  'noProfile',
  'notLinkedYet',
  'failed',
  'acrossUnits',
  'orphan',
  'notVisible',
]);
export type UnlinkedReason = z.infer<typeof unlinkedReasonSchema>;

export const measureSchema = z.object({
  /** Name of the measure; of one with a table of its own, the table's name and the calculation's: `lifetimevalue.totalamount`. */
  name: z.string(),
  value: singleValueSchema,
  /** Logical name of the table it stands in. */
  table: z.string(),
});
export type Measure = z.infer<typeof measureSchema>;

export const segmentSchema = z.object({ name: z.string(), provider: z.string().nullable() });
export type Segment = z.infer<typeof segmentSchema>;

export const predictionSchema = z.object({
  model: z.string(),
  provider: z.string().nullable(),
  /** Nested values stand under names joined with a dot. */
  values: z.record(z.string(), singleValueSchema),
});
export type Prediction = z.infer<typeof predictionSchema>;

export const activitySchema = z.object({
  id: z.string(),
  type: z.string().nullable(),
  title: z.string().nullable(),
  time: z.string().nullable(),
});
export type Activity = z.infer<typeof activitySchema>;

/** Parts of a profile that stand in tables of their own. */
export const profilePartSchema = z.enum(['measures', 'segments', 'predictions', 'activities']);
export type ProfilePart = z.infer<typeof profilePartSchema>;

/** What is known of the customer that a row belongs to. */
export const customerProfileSchema = z.object({
  /** Id of the profile row. */
  id: z.string(),
  customerId: z.string(),
  /** By logical name of the profile's column, such as `msdynci_loyaltytier`. */
  attributes: z.record(z.string(), singleValueSchema),
  measures: z.array(measureSchema),
  segments: z.array(segmentSchema),
  predictions: z.array(predictionSchema),
  /** The latest first. */
  activities: z.array(activitySchema),
  /** Parts that are empty or incomplete because whoever asks lacks the right to read a table of theirs. */
  withheld: z.array(profilePartSchema),
  /** Parts of which more is stored than is shown, or something that is no JSON: hundreds of values, or nested deeper than anything is shown. */
  incomplete: z.array(profilePartSchema),
});
export type CustomerProfile = z.infer<typeof customerProfileSchema>;

/** The profile behind a row, or why there is none. */
export const profileAnswerSchema = z.discriminatedUnion('linked', [
  z.object({ linked: z.literal(true), table: z.string(), id: z.string(), profile: customerProfileSchema }),
  z.object({
    linked: z.literal(false),
    table: z.string(),
    id: z.string(),
    reason: unlinkedReasonSchema,
    /** The reason in words, with the remedy where there is one. */
    explanation: z.string(),
  }),
]);
export type ProfileAnswer = z.infer<typeof profileAnswerSchema>;
