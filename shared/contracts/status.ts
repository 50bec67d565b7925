import { z } from 'zod';

/** The status words of tasks and runs, as Customer Insights - Data itself shows them. */
export const statusSchema = z.enum([
  'Queued',
  'Refreshing',
  'Successful',
  'Completed with warnings',
  'Skipped',
  'Failed',
  'Canceled',
]);
export type Status = z.infer<typeof statusSchema>;

export { isFinal } from './is-final.ts';

/** Best to worst. Skipped comes first: a table that does not qualify is no fault of the run. */
const badness: readonly Status[] = ['Skipped', 'Successful', 'Completed with warnings', 'Canceled', 'Failed'];

/** Whether a status is worse than another. */
export const isWorse = (status: Status, than: Status): boolean => badness.indexOf(status) > badness.indexOf(than);

/** The status of a run whose tasks have all ended: the worst of theirs; Skipped only where every task was skipped. */
export const worstOf = (statuses: readonly Status[]): Status =>
  statuses.reduce<Status>((worst, status) => (isWorse(status, worst) ? status : worst), 'Skipped');

/** How a run treats its tables. */
export const modes = ['incremental', 'full', 'reconcile', 'rehearsal'] as const;
export type Mode = (typeof modes)[number];
const modeWord = z.enum(modes);
/** The word that stood for a mode until it did more than that; it is taken wherever a mode is read. */
const formerMode = 'orphans';
export const currentMode = (word: unknown): unknown => (word === formerMode ? 'reconcile' : word);
export const modeSchema = z.preprocess<unknown, typeof modeWord, Mode>(currentMode, modeWord);

/** The group under which the original lists its tasks. */
export const taskGroup = 'Dataverse Hydration';
