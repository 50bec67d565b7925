import { TerminalError } from '../errors.ts';
import type { FailureClass } from './classify.ts';
import type { TableMetadata } from './dataverse.ts';
import { type ServiceFailure, unavailable } from './service-failure.ts';

/** Refusals that pass by themselves, even where every row meets them. */
const passingClasses: ReadonlySet<FailureClass> = new Set([
  'throttle',
  'transient',
  'customizationLock',
  'bulkRace',
  'tooLarge',
]);
/** Refusals whose own text tells the remedy. */
const saysRemedy: ReadonlySet<FailureClass> = new Set(['privilege', 'identityRefused', 'organisation', 'unauthorized']);

/** Why a table is given up of which rows from all over were refused alike, and none was taken. */
export function tableRefused(failure: ServiceFailure, { entitySetName }: TableMetadata): Error {
  const { refusal } = failure;
  const isInBetween = !refusal.isService && refusal.failureClass === 'organisation';
  if (passingClasses.has(refusal.failureClass) || isInBetween) return unavailable(refusal, `update ${entitySetName}`);
  if (saysRemedy.has(refusal.failureClass)) return failure;
  const remedy =
    ' Every row was refused alike: mend what refuses them (a plug-in or workflow, storage, a rule on the table). The next run begins with a few rows, and goes on when they are taken.';
  return new TerminalError(failure.message + remedy, { cause: failure, logText: (failure.logText ?? '') + remedy });
}
