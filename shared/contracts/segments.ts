import { z } from 'zod';

const count = z.number().int().nonnegative();

/** A business unit; `id` is null where nobody knows the unit, `name` where the app may not read it. */
export const unitSchema = z.object({ id: z.string().nullable(), name: z.string().nullable() });
export type Unit = z.infer<typeof unitSchema>;

/** A segment, and whether Dynamics 365 Marketing processes it where business units are kept apart. */
export const segmentReadinessSchema = z.object({
  name: z.string(),
  provider: z.string().nullable(),
  members: count,
  /** Where its members belong, most members first; a member belongs where its profile does. */
  units: z.array(unitSchema.extend({ members: count })),
  /** The unit of the segment's owner; null where it cannot be told, for which `reasons` says why. */
  owner: unitSchema.nullable(),
  /** `unknown`: all members belong to one unit, but whether the owner does cannot be told. */
  ready: z.enum(['yes', 'no', 'unknown']),
  /** Why it is not ready, or cannot be known to be. */
  reasons: z.array(z.string()),
  /** Members of other units than the owner's; than most members', where the owner's cannot be told. */
  inTheWay: z.object({
    members: count,
    /** Some of them. */
    sample: z.array(z.object({ customerId: z.string(), unit: unitSchema })),
  }),
});
export type SegmentReadiness = z.infer<typeof segmentReadinessSchema>;

/** How far the counting of segments is. */
export const segmentReadingSchema = z.object({
  /** The moment that the counts stand for; null before they were ever complete. */
  countedAt: z.iso.datetime().nullable(),
  /** False while memberships are being read: until it is over, the counts are of several moments. */
  complete: z.boolean(),
  /** The reading under way, if any. */
  reading: z
    .object({
      startedAt: z.iso.datetime(),
      /** All memberships are read, not only what changed; and why. */
      allBecause: z.string().optional(),
      /** Rows read so far. */
      rows: count,
    })
    .optional(),
});
export type SegmentReading = z.infer<typeof segmentReadingSchema>;
