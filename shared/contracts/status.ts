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

/** The status of a run whose tasks have all ended: the worst of theirs; Skipped only where every task was skipped. */
export const worstOf = (statuses: readonly Status[]): Status =>
  statuses.reduce<Status>(
    (worst, status) => (badness.indexOf(status) > badness.indexOf(worst) ? status : worst),
    'Skipped',
  );

/** How a run treats its tables. */
export const modeSchema = z.enum(['incremental', 'full', 'orphans', 'rehearsal']);
export type Mode = z.infer<typeof modeSchema>;

/** What a task does: it links a source table's rows, or gives the rows of one of Customer Insights' own tables their owners. */
export const taskKindSchema = z.enum(['linking', 'ownership']);
export type TaskKind = z.infer<typeof taskKindSchema>;

/** The group and the name under which the original lists the task. */
export const taskGroup = 'Dataverse Hydration';
export const taskName = 'CustomerId Backstamping Hydration';
export const ownershipTaskName = 'Business Unit Ownership Hydration';

/** The name under which a task is listed. */
export const taskNameOf = ({ kind }: { readonly kind?: TaskKind | undefined }): string =>
  kind === 'ownership' ? ownershipTaskName : taskName;
