import { z } from 'zod';

/**
 * How a check ended. `fault`: the app cannot do its work until it is mended. `warning`: it works, and something will
 * surprise. `note`: worth knowing, or not to be checked from here. `good`: as it must be.
 */
export const levelSchema = z.enum(['fault', 'warning', 'note', 'good']);
export type Level = z.infer<typeof levelSchema>;

export const checkSchema = z.object({
  code: z.string(),
  level: levelSchema,
  /** A table, an identity, or a part of the app. */
  subject: z.string(),
  finding: z.string(),
  /** What to do; absent where there is nothing to do. */
  remedy: z.string().optional(),
});
/** A check as the app makes it. Callers may meet codes of a later version, each part of the app makes its own only. */
export type Check<Code extends string = string> = z.infer<typeof checkSchema> & { readonly code: Code };

export const doctorReportSchema = z.object({
  checkedAt: z.iso.datetime(),
  /** Faults first. */
  checks: z.array(checkSchema),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;
