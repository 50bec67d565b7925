import type { Status } from '../shared/contracts/status.ts';

/** What a script can rely on. */
export const exitCodes = {
  /** Done, and all is well. */
  ok: 0,
  /** The app refused, or does not answer. */
  refused: 1,
  /** The words of the command cannot be followed. */
  usage: 2,
  /** A run that was asked about failed or was canceled, or the doctor found a fault. */
  bad: 3,
  /** A run ended with warnings, or the doctor has some. */
  warnings: 4,
  /** The time given with --timeout was over before the run. */
  timeout: 5,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** How a run's status ends a command that waited for it or showed it; one that still goes is no fault. */
export function exitCodeOf(status: Status): ExitCode {
  if (status === 'Failed' || status === 'Canceled') return exitCodes.bad;
  return status === 'Completed with warnings' ? exitCodes.warnings : exitCodes.ok;
}
