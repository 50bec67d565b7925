import { setTimeout as sleep } from 'node:timers/promises';
import { type Accepted, acceptedSchema } from '../../shared/api/schemas.ts';
import { type RunWithTasks, runWithTasksSchema } from '../../shared/contracts/run.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** Set-up of two tables, for tests that need a running app more than an organisation. */
export const twoTables: UnificationSetup = {
  environmentKind: 'individual',
  output: 'dataverse',
  tables: ['contact', 'lead'].map((table) => ({
    table,
    dataSource: 'Dynamics',
    entity: table,
    connector: 'dataverse',
    primaryKey: `${table}id`,
  })),
};

/** The stack with a set-up; profiles are there at once, so nothing waits for minutes. */
export const startWith = (
  setup: UnificationSetup,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestStack> =>
  startTestStack({
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(setup),
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
      ...settings,
    },
  });

export const post = (stack: TestStack, path: string, body: unknown): Promise<Response> =>
  stack.call(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export async function startRun(stack: TestStack, body: unknown): Promise<Accepted> {
  const response = await post(stack, '/api/runs', body);
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
  return acceptedSchema.parse(await response.json());
}

/** Waits until a run has ended. */
export async function endOf(stack: TestStack, runId: string): Promise<RunWithTasks> {
  for (;;) {
    const response = await stack.call(`/api/runs/${runId}`);
    if (response.status === 200) {
      const run = runWithTasksSchema.parse(await response.json());
      if (run.endedAt !== undefined) return run;
    }
    await sleep(100);
  }
}
