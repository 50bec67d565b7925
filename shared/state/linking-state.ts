import { z } from 'zod';
import { holdSchema } from '../contracts/hold.ts';

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
