/** What somebody would write who generated a client from the document; compiled in a test, never run. */
import type { components, operations, paths } from './generated.ts';

type Schemas = components['schemas'];
type Runs = operations['list-runs'];

export const wanted: Schemas['StartRun'] = { mode: 'full', tables: ['contact'] };

export const filter: Runs['parameters']['query'] = { status: 'Failed,Canceled', table: 'contact', pageSize: 5 };

export function whoStarted(run: Schemas['RunWithTasks']): string {
  const actor: Schemas['Actor'] | undefined = run.startedBy;
  const failed = run.tasks.filter((task: Schemas['Task']) => task.status === 'Failed');
  return `${actor?.name ?? 'nobody'}: ${failed.map(({ table, counters }) => `${table} ${counters.failed}`).join(', ')}`;
}

export const profileOf = (answer: Schemas['ProfileAnswer']): string =>
  answer.linked ? answer.profile.customerId : `${answer.reason}: ${answer.explanation}`;

export type Refusal = paths['/runs']['post']['responses'][409]['content']['application/problem+json']['errors'];

// @ts-expect-error A mode that there is not.
export const wrong: Schemas['StartRun'] = { mode: 'sometimes' };
