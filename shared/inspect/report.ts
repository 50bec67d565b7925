import { z } from 'zod';

/**
 * How a check ended. `fault`: linking cannot work until it is mended. `warning`: it works, and something will surprise.
 * `note`: worth knowing, or not to be checked from here. `good`: as it must be.
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
export type Check = z.infer<typeof checkSchema>;

export const doctorReportSchema = z.object({
  checkedAt: z.iso.datetime(),
  /** Faults first. */
  checks: z.array(checkSchema),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;

const order: readonly Level[] = ['fault', 'warning', 'note', 'good'];

export const worstFirst = (checks: readonly Check[]): Check[] =>
  [...checks].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
