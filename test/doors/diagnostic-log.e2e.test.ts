import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunWithTasks, runWithTasksSchema } from '../../shared/contracts/run.ts';
import { runIdOf } from '../../shared/contracts/unification-event.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const setup = {
  environmentKind: 'individual',
  output: 'dataverse',
  tables: [{ table: 'contact', dataSource: 'crm', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' }],
};

const completion = {
  time: '2026-03-01T02:31:07.12345Z',
  operationName: 'Merge.TaskCompleted',
  category: 'Operational',
  resultType: 'Successful',
  properties: JSON.stringify({ eventType: 'WorkflowEvent', workflowJobId: 'job-1', identifier: 'task-7' }),
};

describe('the diagnostic log door', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify(setup),
        DiagnosticLogConnection__fullyQualifiedNamespace: 'nowhere.servicebus.windows.net',
      },
    });
  });
  afterAll(() => stack?.stop());

  it('starts one run for a completed merge, however often the log repeats it', async () => {
    const input = JSON.stringify([{ records: [completion, { ...completion, operationName: 'Match.TaskCompleted' }] }]);
    for (let time = 0; time < 2; time++) {
      const response = await fetch(`${stack.hostUrl}/admin/functions/read-diagnostic-log`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-functions-key': stack.masterKey },
        body: JSON.stringify({ input }),
      });
      expect(response.status).toBe(202);
    }

    const runId = runIdOf({ source: 'diagnostic-log', eventId: 'job-1.task-7' });
    let run: RunWithTasks | undefined;
    for (let tries = 0; tries < 100 && run?.endedAt === undefined; tries++) {
      await sleep(100);
      const response = await stack.call(`/api/runs/${runId}`);
      if (response.status === 200) run = runWithTasksSchema.parse(await response.json());
    }
    // The organisation is empty: how the run ends is not this door's affair, that there is one is.
    expect(run).toMatchObject({
      runId,
      source: 'diagnostic-log',
      tasks: [{ table: 'contact' }],
    });
    const { runs } = (await (await stack.call('/api/runs')).json()) as { runs: unknown[] };
    expect(runs).toHaveLength(1);
  });
});
