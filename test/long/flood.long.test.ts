import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptedSchema } from '../../shared/api/schemas.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { endOf, post, startRun } from '../operate/sample-stack.ts';

const events = 200;

describe('a flood of events', () => {
  let app: SampleApp;
  beforeAll(async () => {
    app = await startSampleApp({ rows: 300 });
    await endOf(app.stack, (await startRun(app.stack, { mode: 'incremental' })).runId);
  });
  afterAll(() => app?.stack.stop());

  const requests = async (): Promise<number> => {
    const response = await fetch(`${app.stack.dataverseUrl}/__control/stats`);
    const stats = (await response.json()) as { requests: { total: number } };
    return stats.requests.total;
  };
  const send = async (eventId: string): Promise<string> => {
    const answer = await post(app.stack, '/api/unification-events', { eventId, source: 'flood' });
    return acceptedSchema.parse(await answer.json()).runId;
  };

  it('costs Dataverse few requests for each event, and does not keep the real one from its work', async () => {
    const row = [...app.organisation.truth('lead')].find(({ profileId }) => profileId !== null);
    const before = await requests();
    const runIds = await Promise.all(Array.from({ length: events }, (_, number) => send(`flood-${number}`)));
    await app.control('POST', 'rows/lead', { leadid: row?.id, msdynci_lookupfield_customerprofile: null });
    const real = await endOf(app.stack, await send('the real one'));
    const runs: RunWithTasks[] = [];
    for (const runId of runIds) runs.push(await endOf(app.stack, runId));
    const cost = (await requests()) - before;
    console.log(`${events} events cost ${cost} requests`);

    expect(new Set(runIds).size).toBe(events);
    expect(runs.map(({ status }) => status)).toEqual(Array(events).fill('Successful'));
    expect(real.status).toBe('Successful');
    expect(cost).toBeLessThan(2 * events);
  });
});
