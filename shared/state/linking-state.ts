import { z } from 'zod';

/** What a brake holds back: moves to other profiles, clears, or moves that end on one profile. */
export const holdKindSchema = z.enum(['move', 'clear', 'oneProfile']);
export type HoldKind = z.infer<typeof holdKindSchema>;

/** Changes that a pass found and did not make, since they are more than may be made unasked. */
export const holdSchema = z.object({
  /** Derived from the very changes: others make another hold. */
  id: z.string(),
  kind: holdKindSchema,
  /** Rows that are held. */
  count: z.number().int().nonnegative(),
  /** Linked rows of the table, of which these are a share. */
  linkedRows: z.number().int().nonnegative(),
  /** The brake's setting, in percent of the linked rows. */
  limitPercent: z.number(),
  /** The profile that the rows would end on, where it is one. */
  profileId: z.string().optional(),
  /** When the kind was first held; a hold that follows another keeps its time. */
  since: z.iso.datetime(),
  /** When this very hold was first found: a confirmation has to be later. */
  shownAt: z.iso.datetime(),
  /** Some of the rows, with the profile each has and would have. */
  sample: z.array(z.object({ id: z.string(), from: z.string().optional(), to: z.string().optional() })),
});
export type Hold = z.infer<typeof holdSchema>;

/** What linking knows of a table between two passes. */
export const linkingStateSchema = z.object({
  /** Rows that have a link, as the last walk counted them and passes since have changed it. */
  linkedRows: z.number().int().nonnegative(),
  holds: z.array(holdSchema),
  /** Ids of holds that were confirmed, as long as their changes are not all made. */
  confirmed: z.array(z.string()),
});
export type LinkingState = z.infer<typeof linkingStateSchema>;

/** The changes that a pass has found, counted before any of them is made. */
export const tallySchema = z.object({
  links: z.number().int().nonnegative(),
  moves: z.number().int().nonnegative(),
  clears: z.number().int().nonnegative(),
  /** Tell one set of moves, or of clears, from another. */
  moveDigest: z.string(),
  clearDigest: z.string(),
  /** Profiles that rows are to be moved to, the most frequent ones, with at least so many rows. */
  targets: z.record(z.string(), z.number().int().positive()),
  moveSample: holdSchema.shape.sample,
  clearSample: holdSchema.shape.sample,
});
export type Tally = z.infer<typeof tallySchema>;
