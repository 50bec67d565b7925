import type { Finding } from '../contracts/run.ts';
import type { CheckCode } from '../inspect/report.ts';

/** What may keep owners from being written, or says that they can be, beyond what the checks of units and teams find. */
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

/** What keeps owners from being written; tasks and the doctor tell the same. */
export type OwnershipFinding = Finding & { readonly code: OwnershipCode | CheckCode };
