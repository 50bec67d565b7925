import { describe, expect, it } from 'vitest';
import { TerminalError } from '../../shared/errors.ts';
import { cancelRun } from '../../shared/runs/cancel-run.ts';
import {
  confirmOwners,
  followerId,
  followerTables,
  ownedOrganisation,
  ownersOf,
  putFollower,
  putProfile,
} from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { taskOf } from '../support/state-of.ts';

const profiles = 'msdynci_customerprofile';
const [activities = ''] = followerTables;
const hour = 3_600_000;

async function confirmed(): Promise<Simulation> {
  const simulation = ownedOrganisation();
  for (const number of [1, 2, 3, 4]) {
    putProfile(simulation, number, number % 3);
    putFollower(simulation, activities, { number, profile: number });
  }
  await confirmOwners(simulation);
  simulation.clock.advance(hour);
  putProfile(simulation, 1, 2);
  return simulation;
}

describe('tasks that follow the profiles', () => {
  it('I5 are skipped with the reason where the profiles fail, and catch up with the next run', async () => {
    const simulation = await confirmed();
    const error = new TerminalError('The profiles cannot be read.');
    let isBroken = true;
    simulation.world.faultAt = (_, what) =>
      isBroken && what === 'dataverse read' ? { kind: 'error before', error } : undefined;
    const runId = simulation.post({ eventId: 'failing' });
    await simulation.run();
    isBroken = false;

    expect(taskOf(simulation, runId, profiles)).toMatchObject({ status: 'Failed', details: [error.message] });
    for (const table of followerTables) {
      const { status, findings } = taskOf(simulation, runId, table);
      expect([status, ...findings.map(({ code }) => code)]).toEqual(['Skipped', 'profiles-first']);
    }

    simulation.clock.advance(hour);
    simulation.post({ eventId: 'next' });
    await simulation.run();
    expect(ownersOf(simulation, activities).get(followerId(activities, 1))).toBe(2);
  });

  it('I4 are sent on their way by watch-runs where that was lost', async () => {
    const simulation = await confirmed();
    const runId = simulation.post({ eventId: 'lost' });
    let isLost = false;
    simulation.choose = ([first]) => {
      const { messages } = simulation.broker;
      const lost = messages.findIndex(({ sessionId }) => sessionId === activities);
      if (lost >= 0 && !isLost) {
        isLost = true;
        messages.splice(lost, 1);
      }
      return simulation.broker.available()[0] ?? first;
    };
    await simulation.run();

    expect(isLost).toBe(true);
    expect(simulation.watches).toBeGreaterThan(0);
    expect(taskOf(simulation, runId, activities).status).toBe('Successful');
    expect(ownersOf(simulation, activities).get(followerId(activities, 1))).toBe(2);
  });

  it('are no stalled tasks, however long the profiles take', async () => {
    const simulation = await confirmed();
    const runId = simulation.post({ eventId: 'slow' });
    // As long as profiles arrive, their task looks again.
    for (let minute = 1; minute < 60; minute += 2) {
      simulation.clock.after(minute * 60_000, () => putProfile(simulation, 100 + minute, 1));
    }
    await simulation.run();

    const { status, details, endedAt } = taskOf(simulation, runId, activities);
    expect(Date.parse(endedAt ?? '') - Date.parse(taskOf(simulation, runId, profiles).queuedAt)).toBeGreaterThan(
      50 * 60_000,
    );
    expect(status).toBe('Successful');
    expect(details.filter((line) => line.startsWith('No sign of life'))).toEqual([]);
  });

  it('I5 are canceled with their run', async () => {
    const simulation = await confirmed();
    const runId = simulation.post({ eventId: 'canceled' });
    let steps = 0;
    let canceling: Promise<unknown> | undefined;
    simulation.world.faultAt = (_, what) => {
      if (what !== 'dataverse write' || steps++ > 0) return undefined;
      return {
        kind: 'meanwhile',
        action: () => {
          canceling = cancelRun(simulation.connect(), runId);
        },
      };
    };
    await simulation.run();
    await canceling;
    await simulation.run();

    for (const table of [profiles, ...followerTables]) {
      expect(taskOf(simulation, runId, table).status, table).toBe('Canceled');
    }
    simulation.clock.advance(hour);
    simulation.post({ eventId: 'next' });
    await simulation.run();
    expect(ownersOf(simulation, activities).get(followerId(activities, 1))).toBe(2);
  });

  it('go by the owners that profiles have, where a run names them alone', async () => {
    const simulation = await confirmed();
    putFollower(simulation, activities, { number: 9, profile: 2 });
    const runId = simulation.post({ eventId: 'alone', tables: [activities] });
    await simulation.run();

    expect(taskOf(simulation, runId, activities).status).toBe('Successful');
    expect(ownersOf(simulation, activities).get(followerId(activities, 9))).toBe(2);
    expect(ownersOf(simulation, activities).get(followerId(activities, 1))).toBe(1);
  });

  it('have nothing to do in mode reconcile', async () => {
    const simulation = await confirmed();
    const named = simulation.post({ eventId: 'named', mode: 'reconcile', tables: [activities] });
    const all = simulation.post({ eventId: 'all', mode: 'reconcile' });
    await simulation.run();

    expect(taskOf(simulation, named, activities).findings.map(({ code }) => code)).toEqual(['nothing-to-reconcile']);
    expect(() => taskOf(simulation, all, activities)).toThrow('There is no task');
  });
});
