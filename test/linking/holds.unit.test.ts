import { describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { linkStateOf, taskOf } from '../support/state-of.ts';

const contacts = 30;

/** Thirty contacts, each linked to a profile of its own; one more has no place in the map. */
async function linkedContacts(): Promise<Simulation> {
  const simulation = smallOrganisation({ contacts: contacts + 1, leads: 0 }, { pageSize: 100, sliceMs: 60_000 });
  for (let number = 1; number <= contacts; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
  }
  await play(simulation, 'first');
  return simulation;
}

async function play(simulation: Simulation, eventId: string, more: object = {}) {
  simulation.clock.advance(3_600_000);
  const runId = simulation.post({ eventId, tables: ['contact'], ...more });
  await simulation.run();
  return taskOf(simulation, runId, 'contact');
}

/** One bad match rule gives so many contacts the first profile. */
function moveToFirst(simulation: Simulation, count: number): void {
  for (let number = 2; number <= count + 1; number++)
    mapTo(simulation, { kind: 'c', source: number, profile: 1, spelling: 0 });
}

const holdsIn = (simulation: Simulation) => linkStateOf(simulation, 'contact').linking?.holds ?? [];
const linksOnFirst = ({ organisation }: Simulation): number =>
  [...organisation.links('contact').values()].filter((profile) => profile === guidOf('p', 1)).length;

describe('moves beyond a brake', () => {
  it('I12 are held, and told with their number and a sample, while first links are made', async () => {
    const simulation = await linkedContacts();
    moveToFirst(simulation, 29);
    mapTo(simulation, { kind: 'c', source: 31, profile: 2, spelling: 0 });
    const task = await play(simulation, 'bad rule');
    expect(task).toMatchObject({ status: 'Completed with warnings', counters: { linked: 1, relinked: 0 } });
    expect(linksOnFirst(simulation)).toBe(1);
    expect(holdsIn(simulation)).toMatchObject([
      { kind: 'move', count: 29, linkedRows: 31 },
      { kind: 'oneProfile', count: 29, profileId: guidOf('p', 1) },
    ]);
    expect(task.details[0]).toContain('29 links (93.5 % of the linked rows) would be moved to another profile');
    expect(holdsIn(simulation)[0]?.sample[0]).toEqual({ id: guidOf('c', 2), from: guidOf('p', 2), to: guidOf('p', 1) });
  });

  it('I12 are held by later events too, since the first', async () => {
    const simulation = await linkedContacts();
    moveToFirst(simulation, 29);
    await play(simulation, 'bad rule');
    const [before] = holdsIn(simulation);
    const task = await play(simulation, 'next');
    expect(task.status).toBe('Completed with warnings');
    expect(linksOnFirst(simulation)).toBe(1);
    expect(holdsIn(simulation)[0]).toEqual(before);
  });

  it('I12 are forgotten when the map comes back to reason', async () => {
    const simulation = await linkedContacts();
    moveToFirst(simulation, 29);
    await play(simulation, 'bad rule');
    for (let number = 2; number <= contacts; number++)
      mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
    const task = await play(simulation, 'mended');
    expect(task).toMatchObject({ status: 'Successful', counters: { relinked: 0 } });
    expect(holdsIn(simulation)).toEqual([]);
    expect(linksOnFirst(simulation)).toBe(1);
  });

  it('I12 are made when the holds that showed them are named, and by nothing else', async () => {
    const simulation = await linkedContacts();
    moveToFirst(simulation, 29);
    await play(simulation, 'bad rule');
    const ids = holdsIn(simulation).map(({ id }) => id);
    expect((await play(simulation, 'another', { holds: ['0123456789abcdef'] })).counters.relinked).toBe(0);
    const task = await play(simulation, 'confirmed', { holds: ids });
    expect(task).toMatchObject({ status: 'Successful', counters: { relinked: 29 } });
    expect(holdsIn(simulation)).toEqual([]);
  });

  it('I12 are held anew where the map moved on since they were shown', async () => {
    const simulation = await linkedContacts();
    moveToFirst(simulation, 25);
    await play(simulation, 'bad rule');
    const ids = holdsIn(simulation).map(({ id }) => id);
    moveToFirst(simulation, 29);
    const task = await play(simulation, 'confirmed too late', { holds: ids });
    expect(task.counters.relinked).toBe(0);
    expect(holdsIn(simulation).some(({ id }) => ids.includes(id))).toBe(false);
  });

  it('I12 may be permitted by a run only if they were shown before it', async () => {
    const simulation = await linkedContacts();
    moveToFirst(simulation, 29);
    expect((await play(simulation, 'blindly', { beyondLimits: true })).counters.relinked).toBe(0);
    expect((await play(simulation, 'knowingly', { beyondLimits: true })).counters.relinked).toBe(29);
  });

  it('I7 I12 are shown by a rehearsal, each row once', async () => {
    const simulation = await linkedContacts();
    moveToFirst(simulation, 29);
    Object.assign(simulation.options, { reconcileIntervalMs: 1 });
    const task = await play(simulation, 'rehearsal', { mode: 'rehearsal' });
    expect(task.details.join(' ')).toContain('move 29, clear 0');
    expect(task.details.join(' ')).toContain('would be moved to another profile');
    expect(simulation.tables.foundChanges.partitions).toEqual([]);
    expect(holdsIn(simulation)).toEqual([]);
  });
});
