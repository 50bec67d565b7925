import type { Task } from '../shared/contracts/run.ts';
import type { Status } from '../shared/contracts/status.ts';

/** Numbers and times as people read them. */

const wholeNumbers = new Intl.NumberFormat('en');
export const numberText = (value: number): string => wholeNumbers.format(Math.round(value));

const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
export const timeText = (time: string): string => moments.format(new Date(time));

export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a status looks like; the word itself always stands beside it. */
export const toneOf: Readonly<Record<Status, 'calm' | 'busy' | 'good' | 'warn' | 'bad'>> = {
  Queued: 'calm',
  Refreshing: 'busy',
  Successful: 'good',
  'Completed with warnings': 'warn',
  Skipped: 'calm',
  Failed: 'bad',
  Canceled: 'calm',
};

interface Timed {
  readonly startedAt?: string | undefined;
  readonly receivedAt?: string | undefined;
  readonly endedAt?: string | undefined;
}

/** How long something took, or has taken so far, in milliseconds; undefined where it has not begun. */
export function durationMs({ startedAt, receivedAt, endedAt }: Timed, now: number): number | undefined {
  const begun = startedAt ?? receivedAt;
  return begun === undefined ? undefined : (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(begun);
}

/** How long a task was at work, without the waits between its passes, in milliseconds. */
export const workedMs = (task: Timed & { readonly workedMs?: number | undefined }, now: number): number | undefined =>
  task.workedMs ?? durationMs(task, now);

/** Rows that a run read per second, while the task that took longest was at work. */
export function runRowsPerSecond(tasks: readonly Task[], now: number): number {
  const read = tasks.reduce((sum, task) => sum + task.counters.read, 0);
  return rowsPerSecond(read, Math.max(0, ...tasks.map((task) => workedMs(task, now) ?? 0)));
}

/** Rows per second; 0 where nothing was read or no time has passed. */
export const rowsPerSecond = (rows: number, milliseconds: number | undefined): number =>
  milliseconds === undefined || milliseconds <= 0 ? 0 : rows / (milliseconds / 1000);
