import { describe, expect, it } from 'vitest';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { recordsOf, taskOf } from '../support/state-of.ts';

const minute = 60_000;

function linkedContacts() {
  const simulation = smallOrganisation({ contacts: 8, leads: 1 });
  for (let number = 1; number <= 8; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return simulation;
}

/** Steps of processes that asked Dataverse something. */
function countRequests(simulation: ReturnType<typeof linkedContacts>): () => number {
  let requests = 0;
  simulation.world.faultAt = (_step, what) => {
    if (what.startsWith('dataverse')) requests++;
    return undefined;
  };
  return () => requests;
}

describe('runs that wait for one table', () => {
  it('are joined into one pass, so that a flood of events costs time and not requests', async () => {
    const costs: number[] = [];
    for (const events of [1, 200]) {
      const simulation = linkedContacts();
      simulation.post({ eventId: 'first', tables: ['contact'] });
      await simulation.run();
      simulation.clock.advance(60 * minute);
      const requests = countRequests(simulation);
      for (let number = 1; number <= events; number++)
        simulation.post({ eventId: `event ${number}`, tables: ['contact'] });
      await simulation.run();
      costs.push(requests());
      const runs = recordsOf(simulation).runs;
      expect(runs).toHaveLength(events + 1);
      for (const { status } of runs) expect(status).toBe('Successful');
    }
    const [one = 0, many = 0] = costs;
    // The first event is answered while the others are recorded; then one pass answers the rest, and one looks again.
    expect(many).toBeLessThanOrEqual(5 * one);
  });

  it('are joined only where the pass began after the event, so that no change is missed', async () => {
    const simulation = linkedContacts();
    const first = simulation.post({ eventId: 'first', tables: ['contact'] });
    let second = '';
    simulation.world.faultAt = (step, what) => {
      if (second !== '' || what !== 'dataverse write' || step < 20) return undefined;
      return {
        kind: 'meanwhile',
        action: () => {
          mapTo(simulation, { kind: 'c', source: 1, profile: 5 });
          second = simulation.post({ eventId: 'second', tables: ['contact'] });
        },
      };
    };
    await simulation.run();
    expect(second).not.toBe('');
    expect(taskOf(simulation, first, 'contact').status).toBe('Successful');
    expect(taskOf(simulation, second, 'contact').status).toBe('Successful');
    expect(simulation.organisation.links('contact').get(guidOf('c', 1))).toBe(guidOf('p', 5));
  });

  it('look again after their own settling interval, joined or not', async () => {
    const simulation = linkedContacts();
    simulation.post({ eventId: 'before', tables: ['contact'] });
    await simulation.run();
    simulation.clock.advance(60 * minute);
    const runs = [1, 2, 3].map((number) => simulation.post({ eventId: `event ${number}`, tables: ['contact'] }));
    // What the unification changed reaches the map late.
    simulation.clock.after(4.9 * minute, () => mapTo(simulation, { kind: 'c', source: 2, profile: 7 }));
    await simulation.run();
    for (const runId of runs) {
      const run = recordsOf(simulation).runs.find((candidate) => candidate.runId === runId);
      expect(Date.parse(run?.endedAt ?? '') - Date.parse(run?.receivedAt ?? '')).toBeGreaterThanOrEqual(5 * minute);
    }
    expect(simulation.organisation.links('contact').get(guidOf('c', 2))).toBe(guidOf('p', 7));
    expect(
      simulation.tables.runs
        .documents(runs[2] ?? '')
        .map(({ document }) => JSON.stringify(document))
        .join(),
    ).toContain('did its work too');
  });

  it('are not joined to what an operator asked for, nor an operator to them', async () => {
    const simulation = linkedContacts();
    simulation.post({ eventId: 'event', tables: ['contact'] });
    const full = simulation.post({ eventId: 'full', mode: 'full', tables: ['contact'] });
    const asked = simulation.post({ eventId: 'asked', source: 'operator', tables: ['contact'] });
    await simulation.run();
    for (const runId of [full, asked]) {
      expect(taskOf(simulation, runId, 'contact').details.join()).not.toContain('did its work too');
    }
  });
});
