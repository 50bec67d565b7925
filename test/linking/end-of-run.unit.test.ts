import { describe, expect, it } from 'vitest';
import { noRows } from '../../shared/contracts/counters.ts';
import { completedEvent } from '../../shared/runs/announce.ts';
import { recordsOf } from '../support/state-of.ts';
import { contacts } from './watched-runs.ts';

describe('the end of a run', () => {
  it('is not kept waiting by a topic that takes nothing, and is told when it does', async () => {
    const { simulation, runId } = contacts(2);
    let isAway = true;
    const connect = simulation.connect.bind(simulation);
    simulation.connect = (worker) => {
      const parts = connect(worker);
      const { publish } = parts.messenger;
      parts.messenger.publish = (event) => (isAway ? Promise.reject(new Error('refused for good')) : publish(event));
      return parts;
    };
    await simulation.run();
    const run = () => recordsOf(simulation).runs[0];
    expect(run()).toMatchObject({ status: 'Successful', unannounced: { tries: 1, reason: 'refused for good' } });
    await simulation.watch();
    expect(run()?.unannounced?.tries).toBe(2);
    isAway = false;
    await simulation.watch();
    expect(run()?.unannounced).toBeUndefined();
    expect(simulation.broker.published.map(({ data }) => data.runId)).toEqual([runId]);
    expect(simulation.tables.runs.documents('open').map(({ rowKey }) => rowKey)).toEqual(['names-all']);
  });

  it('is told in vain so often, and then left at that, which stays on the run', async () => {
    const { simulation } = contacts(2);
    const connect = simulation.connect.bind(simulation);
    simulation.connect = (worker) => {
      const parts = connect(worker);
      parts.messenger.publish = () => Promise.reject(new Error('refused for good'));
      return parts;
    };
    await simulation.run();
    for (let beat = 0; beat < 20; beat++) await simulation.watch();
    expect(recordsOf(simulation).runs[0]?.unannounced?.tries).toBe(12);
  });

  it('fits into a message whatever the number of its tables, the worst told first', () => {
    const { simulation, runId } = contacts(0);
    const tasks = Array.from({ length: 5_000 }, (_, number) => ({
      ...{
        runId,
        table: `new_${'x'.repeat(90)}${number}`,
        mode: 'incremental' as const,
        passes: 1,
        details: [],
        findings: [],
      },
      ...{ status: number === 4_999 ? ('Failed' as const) : ('Successful' as const), queuedAt: '', updatedAt: '' },
      counters: noRows,
    }));
    const run = {
      runId,
      eventId: 'e',
      source: 's',
      mode: 'incremental' as const,
      tables: [],
      confirm: false,
      beyondLimits: false,
      giveOwners: false,
      receivedAt: '',
      occurredAt: '',
    };
    const event = completedEvent(simulation.connect(), {
      ...run,
      status: 'Failed',
      endedAt: '2026-01-01T00:00:00Z',
      tasks,
    });
    expect(JSON.stringify(event).length).toBeLessThan(200_000);
    expect(event.data.tables[0]?.status).toBe('Failed');
    expect(event.data.tables.length + (event.data.tablesLeftOut ?? 0)).toBe(5_000);
  });

  it('is announced as its beginning was', async () => {
    const { simulation, runId } = contacts(2);
    await simulation.run();
    expect(simulation.broker.started).toMatchObject([
      { id: `${runId}/started`, type: 'Backstamp.LinkingStarted', data: { tables: 1 } },
    ]);
  });
});
