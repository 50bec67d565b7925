import { z } from 'zod';
import { unificationSetupSchema } from './unification-setup.ts';

export const discoveredSourceSchema = z.object({
  dataSource: z.string(),
  entity: z.string(),
  /** Logical name of the table it is; absent where none was found. */
  table: z.string().optional(),
  certainty: z.enum(['certain', 'guessed', 'skipped']),
  reason: z.string(),
});
export type DiscoveredSource = z.infer<typeof discoveredSourceSchema>;

/** What would become of a table of the set-up that runs. */
export const setupChangeSchema = z.object({
  table: z.string(),
  /** `kept`: the map proves nothing of it, and it stays as it is. */
  kind: z.enum(['added', 'changed', 'kept']),
  finding: z.string(),
});
export type SetupChange = z.infer<typeof setupChangeSchema>;

export const discoverySchema = z.object({
  /** Ready for the setting BACKSTAMP_UNIFICATION; absent where no source table was found. */
  setup: unificationSetupSchema.optional(),
  sources: z.array(discoveredSourceSchema),
  /** What the set-up that runs would become, table by table; tables that stay as they are, are not told. */
  changes: z.array(setupChangeSchema),
  /** What of the map is not among the sources, and why. */
  leftOut: z.array(z.string()),
  /** What no data tells and was assumed; to be read before the set-up is used. */
  assumptions: z.array(z.string()),
});
export type Discovery = z.infer<typeof discoverySchema>;
