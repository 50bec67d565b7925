import { describe, expect, it } from 'vitest';
import {
  confirmOwners,
  creatorId,
  followerId,
  followerTables,
  ownedOrganisation,
  ownersOf,
  putFollower,
  putProfile,
} from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { guidOf } from '../support/small-organisation.ts';
import { recordsOf, redundantWrites, taskOf } from '../support/state-of.ts';

const [activities = '', memberships = '', measures = ''] = followerTables;
const profiles = 'msdynci_customerprofile';

/** Nine profiles of three units, the root unit among them; each has one row in every table that follows. */
function organisation(): Simulation {
  const simulation = ownedOrganisation();
  for (let number = 1; number <= 9; number++) {
    putProfile(simulation, number, number % 3);
    for (const table of followerTables)
      putFollower(simulation, table, { number, profile: number, byCustomer: number === 2 });
  }
  return simulation;
}

const expectedOwners = (unitOf: (number: number) => number | string, idOf: (number: number) => string) =>
  new Map(Array.from({ length: 9 }, (_, index) => [idOf(index + 1), unitOf(index + 1)]));

describe('owners', () => {
  it('I3 are written where they differ, once rehearsed and confirmed, profiles first', async () => {
    const simulation = organisation();

    await confirmOwners(simulation);

    expect(simulation.errors).toEqual([]);
    const unitOf = (number: number) => number % 3;
    expect(ownersOf(simulation, profiles)).toEqual(expectedOwners(unitOf, (number) => guidOf('p', number)));
    for (const table of followerTables) {
      expect(ownersOf(simulation, table)).toEqual(expectedOwners(unitOf, (number) => followerId(table, number)));
    }
    const { writes } = simulation.organisation;
    expect(writes).toHaveLength(36);
    expect(new Set(writes.flatMap(({ columns }) => columns))).toEqual(new Set(['ownerid']));
    expect(redundantWrites(simulation)).toBe(0);
    expect(writes.findLastIndex(({ table }) => table === profiles)).toBeLessThan(
      writes.findIndex(({ table }) => table !== profiles),
    );
    expect(recordsOf(simulation).tasks.map(({ kind, status }) => `${kind} ${status}`)).toEqual(
      Array(8).fill('ownership Successful'),
    );
  });

  it('follow a profile that moves, though its rows did not change', async () => {
    const simulation = organisation();
    await confirmOwners(simulation);
    const before = simulation.organisation.writes.length;
    simulation.clock.advance(3_600_000);

    putProfile(simulation, 2, 1);
    putProfile(simulation, 3, 1);
    const runId = simulation.post({ eventId: 'moved' });
    await simulation.run();

    const written = simulation.organisation.writes.slice(before).map(({ id }) => id);
    expect(written.sort()).toEqual(
      [2, 3].flatMap((number) => [guidOf('p', number), ...followerTables.map((t) => followerId(t, number))]).sort(),
    );
    expect(ownersOf(simulation, activities).get(followerId(activities, 3))).toBe(1);
    expect(taskOf(simulation, runId, profiles).counters).toMatchObject({ assigned: 2, failed: 0 });
    expect(taskOf(simulation, runId, memberships).counters).toMatchObject({ assigned: 2, waiting: 0 });
  });

  it('of rows whose profile has not arrived wait for it', async () => {
    const simulation = organisation();
    await confirmOwners(simulation);
    simulation.clock.advance(3_600_000);

    putFollower(simulation, measures, { number: 20, profile: 20 });
    simulation.post({ eventId: 'early' });
    simulation.clock.after(17 * 60_000, () => putProfile(simulation, 20, 2));
    await simulation.run();
    simulation.clock.advance(3_600_000);
    simulation.post({ eventId: 'later' });
    await simulation.run();

    expect(ownersOf(simulation, measures).get(followerId(measures, 20))).toBe(2);
  });

  it('are left alone until a rehearsal and a confirmation after it', async () => {
    const simulation = organisation();
    const post = async (eventId: string, more: object = {}) => {
      const runId = simulation.post({ eventId, tables: [profiles, activities], ...more });
      await simulation.run();
      simulation.clock.advance(60_000);
      return [profiles, activities].map((table) => {
        const { status, findings } = taskOf(simulation, runId, table);
        return [status, ...findings.map(({ code }) => code)].join(' ');
      });
    };

    expect(await post('too soon', { giveOwners: true })).toEqual(['Skipped rehearse-owners', 'Skipped profiles-first']);
    expect(await post('rehearsal', { mode: 'rehearsal' })).toEqual(['Successful', 'Successful']);
    expect(await post('not confirmed')).toEqual(['Skipped confirm-owners', 'Skipped profiles-first']);
    expect(simulation.organisation.writes).toEqual([]);
    expect(ownersOf(simulation, profiles).get(guidOf('p', 1))).toBe(creatorId);
    expect(await post('confirmed', { giveOwners: true })).toEqual(['Successful', 'Successful']);
    expect(await post('event')).toEqual(['Successful', 'Successful']);
    expect(simulation.organisation.writes).toHaveLength(18);
  });

  it('are not confirmed by a run that came before the rehearsal had ended', async () => {
    const simulation = organisation();
    simulation.post({ eventId: 'rehearsal', mode: 'rehearsal' });
    const runId = simulation.post({ eventId: 'hasty', giveOwners: true, tables: [profiles] });
    await simulation.run();

    expect(taskOf(simulation, runId, profiles).findings.map(({ code }) => code)).toEqual([
      expect.stringMatching(/^(rehearse|confirm)-owners$/),
    ]);
    expect(simulation.organisation.writes).toEqual([]);
  });

  it('are rehearsed with numbers per team, and nothing is written', async () => {
    const simulation = organisation();
    const runId = simulation.post({ eventId: 'rehearsal', mode: 'rehearsal' });
    await simulation.run();

    expect(taskOf(simulation, runId, profiles).details).toEqual(
      expect.arrayContaining([
        'Rehearsal, nothing was written: a run now would give 9 rows another owner.',
        'North customers of North: 3 rows, 3 of them new.',
        'South customers of South: 3 rows, 3 of them new.',
        'Root of Root: 3 rows, 3 of them new.',
      ]),
    );
    expect(taskOf(simulation, runId, activities).details).toContain('North customers of North: 3 rows, 3 of them new.');
    expect(simulation.organisation.writes).toEqual([]);
  });
});
