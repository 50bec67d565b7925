import { z } from 'zod';
import type { Finding } from '../contracts/run.ts';
import type { RequirementCode } from '../linking/requirements.ts';

/**
 * How a check ended. `fault`: linking cannot work until it is mended. `warning`: it works, and something will surprise.
 * `note`: worth knowing, or not to be checked from here. `good`: as it must be.
 */
export const levelSchema = z.enum(['fault', 'warning', 'note', 'good']);
export type Level = z.infer<typeof levelSchema>;

/** What a check may find, good or bad, beyond the requirements of a table. */
type CheckOnlyCode =
  | 'state'
  | 'queues'
  | 'dataverse'
  | 'identity'
  | 'requirements'
  | 'map-virtual'
  | 'change-tracking'
  | 'change-tracking-off'
  | 'privileges'
  | 'privileges-unknown'
  | 'logic'
  | 'logic-unknown'
  | `fires-${'plug-in-step' | 'workflow' | 'flow'}`
  | 'bypass'
  | 'bypass-privilege-missing'
  | 'act-for-others'
  | 'units-unknown'
  | 'modernised-units'
  | 'one-team-per-unit'
  | 'unit-missing'
  | 'unit-disabled'
  | 'team'
  | 'team-missing'
  | 'team-kind'
  | 'team-role'
  | OwnershipCode;

/** What may keep owners from being written, or says that they can be. */
export type OwnershipCode =
  | 'root-unit'
  | 'table-missing'
  | 'no-owners'
  | 'unit-column'
  | 'no-profile'
  | 'may-not-assign'
  | 'team-may-not-own'
  | 'rehearse-owners'
  | 'confirm-owners'
  | 'owners';
export type CheckCode = RequirementCode | CheckOnlyCode;

/** A finding of a task that the doctor tells too. */
export type CodedFinding = Finding & { readonly code: CheckCode };

export const checkSchema = z.object({
  code: z.string(),
  level: levelSchema,
  /** A table, an identity, or a part of the app. */
  subject: z.string(),
  finding: z.string(),
  /** What to do; absent where there is nothing to do. */
  remedy: z.string().optional(),
});
/** A check as the app makes it: callers may meet codes of a later version, the app only makes these. */
export type Check = z.infer<typeof checkSchema> & { readonly code: CheckCode };

export const doctorReportSchema = z.object({
  checkedAt: z.iso.datetime(),
  /** Faults first. */
  checks: z.array(checkSchema),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;

const order: readonly Level[] = ['fault', 'warning', 'note', 'good'];

export const worstFirst = (checks: readonly Check[]): Check[] =>
  [...checks].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
