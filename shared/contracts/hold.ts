import { z } from 'zod';
import { logicalNameSchema } from './unification-setup.ts';

/** What a brake holds back: moves to other profiles, clears, or moves that end on one profile. */
export const holdKindSchema = z.enum(['move', 'clear', 'oneProfile']);
export type HoldKind = z.infer<typeof holdKindSchema>;

/** Names a hold; derived from the very changes that are held. */
export const holdIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hexadecimal digits');

/** Changes that a pass found and did not make, since they are more than may be made unasked. */
export const holdSchema = z.object({
  /** Others make another hold. */
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

/** A hold of a table, as the API shows it. */
export const tableHoldSchema = holdSchema.extend({ table: logicalNameSchema });
export type TableHold = z.infer<typeof tableHoldSchema>;

export const holdListSchema = z.object({ holds: z.array(tableHoldSchema) });
