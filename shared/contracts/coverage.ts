import { z } from 'zod';

const count = z.number().int().nonnegative();

/** How a table's rows stand after a pass; each count is in rows. */
export const coverageSchema = z.object({
  /** Rows of the table, as Dataverse counted them last: up to a day old. */
  rows: count,
  /** Rows with the link that the map gives them. */
  linked: count,
  /** The others, by reason. */
  notLinked: z.object({
    /** No map row names them: they take no part in unification. */
    notInMap: count,
    /** Their profile has not arrived in Dataverse yet. */
    waiting: count,
    /** Dataverse refused to write them. */
    failed: count,
    /** They have another link, and the change is held back until somebody confirms it. */
    held: count,
    /** Their profile belongs to another business unit. */
    acrossUnits: count,
    /** A map row names no usable key; which row it is about is not known. */
    keyUnusable: count,
  }),
});
export type Coverage = z.infer<typeof coverageSchema>;
