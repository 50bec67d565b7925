import type { Level, Check as ReportedCheck } from '../contracts/doctor-report.ts';

/** What the checks of this folder may find, good or bad. */
export type CheckCode =
  | 'state'
  | 'queues'
  | 'dataverse'
  | 'identity'
  | 'privileges'
  | 'privileges-unknown'
  | 'privilege-missing'
  | 'privilege-depth'
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
  | 'unlisted-table'
  | 'table-not-linked'
  | 'other-writer'
  | 'profile-dependents'
  | 'elastic-partition'
  | 'language'
  | 'journeys';

export type Check = ReportedCheck<CheckCode>;

const order: readonly Level[] = ['fault', 'warning', 'note', 'good'];

export const worstFirst = (checks: readonly ReportedCheck[]): ReportedCheck[] =>
  [...checks].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
