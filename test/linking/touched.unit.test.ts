import { describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { linkStateOf, pendingOf, taskOf } from '../support/state-of.ts';

const link = '_msdynci_lookupfield_customerprofile_value';

async function linkedContacts(count: number): Promise<Simulation> {
  const simulation = smallOrganisation({ contacts: count + 1, leads: 0 }, { pageSize: 1_000, sliceMs: 60_000 });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
  }
  await play(simulation, 'first');
  return simulation;
}

async function play(simulation: Simulation, eventId: string, afterMs = 3_600_000) {
  simulation.clock.advance(afterMs);
  const before = simulation.organisation.requests;
  const runId = simulation.post({ eventId, tables: ['contact'], source: 'operator' });
  await simulation.run();
  return { ...taskOf(simulation, runId, 'contact'), requests: simulation.organisation.requests - before };
}

describe('a link that somebody else touched', () => {
  it.each([
    ['emptied', 1, null, guidOf('p', 1)],
    ['set to another profile', 2, guidOf('p', 5), guidOf('p', 2)],
    ['set to a profile that does not exist', 3, guidOf('p', 99), guidOf('p', 3)],
  ])('I13 is put right by the next run where it was %s', async (_what, number, value, right) => {
    const simulation = await linkedContacts(6);
    simulation.organisation.put('contact', guidOf('c', number), { [link]: value });
    expect((await play(simulation, 'second')).status).toBe('Successful');
    expect(simulation.organisation.links('contact').get(guidOf('c', number))).toBe(right);
  });

  it('I13 is cleared where the map gives the row none', async () => {
    const simulation = await linkedContacts(6);
    simulation.organisation.put('contact', guidOf('c', 7), { [link]: guidOf('p', 1) });
    expect((await play(simulation, 'second')).counters.cleared).toBe(1);
    expect(simulation.organisation.links('contact').has(guidOf('c', 7))).toBe(false);
  });

  it('I13 is made anew where the row was gone and came back', async () => {
    const simulation = await linkedContacts(6);
    simulation.organisation.remove('contact', guidOf('c', 4));
    simulation.organisation.put('contact', guidOf('c', 4), {});
    expect((await play(simulation, 'second')).counters.linked).toBe(1);
  });

  it.each(['changeTracking', 'modified'] as const)(
    'I13 goes back to the older map row when its profile is deleted, with the map read by %s',
    async (feed) => {
      const simulation = await linkedContacts(12);
      if (feed === 'modified') simulation.organisation.alterTable('msdynci_alternatekey', { changeTracking: false });
      mapTo(simulation, { kind: 'c', source: 3, mapRow: 103, profile: 5, spelling: 0 });
      await play(simulation, 'second');
      simulation.organisation.remove('msdynci_customerprofile', guidOf('p', 5));
      expect((await play(simulation, 'third')).counters.relinked).toBe(1);
      expect(simulation.organisation.links('contact').get(guidOf('c', 3))).toBe(guidOf('p', 3));
      expect(pendingOf(simulation, 'contact').map(({ id }) => id)).toEqual([guidOf('c', 3), guidOf('c', 5)]);
    },
  );

  it('I13 is looked for on all rows where the deleted profiles are not told any more', async () => {
    const simulation = await linkedContacts(6);
    mapTo(simulation, { kind: 'c', source: 3, mapRow: 103, profile: 5, spelling: 0 });
    await play(simulation, 'second');
    simulation.organisation.remove('msdynci_customerprofile', guidOf('p', 5));
    simulation.organisation.forgetChanges('msdynci_customerprofile');
    const { counters, details } = await play(simulation, 'third');
    expect(counters.relinked).toBe(1);
    expect(details.join()).toContain('the list of profiles expired');
  });

  it('I13 is looked for on all rows where every list of profiles expires while it is read, and the run ends', async () => {
    const simulation = await linkedContacts(6);
    const { organisation } = simulation;
    for (let number = 100; number < 5_200; number++) addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: 3, mapRow: 103, profile: 5, spelling: 0 });
    await play(simulation, 'second');
    organisation.remove('msdynci_customerprofile', guidOf('p', 5));
    for (let number = 100; number < 5_200; number++) addProfile(simulation, number);
    let refused = 0;
    simulation.world.faultAt = (_step, what) => {
      const { pass } = linkStateOf(simulation, 'contact') as { pass?: { phase: string; cursor?: string } };
      if (what !== 'dataverse read' || pass?.phase !== 'profiles' || pass.cursor === undefined) return undefined;
      // Before the next page is read, its link is worth nothing any more.
      addProfile(simulation, 1);
      organisation.forgetChanges('msdynci_customerprofile');
      return ++refused > 100 ? { kind: 'die before' } : undefined;
    };
    const { counters, details } = await play(simulation, 'third');
    expect(refused).toBeLessThan(100);
    expect(counters.relinked).toBe(1);
    expect(details.join()).toContain('the list of profiles expired');
    simulation.world.faultAt = () => undefined;
    mapTo(simulation, { kind: 'c', source: 4, mapRow: 104, profile: 6, spelling: 0 });
    await play(simulation, 'fourth');
    organisation.remove('msdynci_customerprofile', guidOf('p', 6));
    expect((await play(simulation, 'fifth')).counters.relinked).toBe(1);
  });

  it('is held against the map by slices that end in time, however many rows a profile had that is gone', async () => {
    const sliceMs = 15_000;
    const simulation = smallOrganisation(
      { contacts: 2_500, leads: 0 },
      { pageSize: 1_000, sliceMs: 600_000, settlingLimitMs: 60_000 },
    );
    addProfile(simulation, 1);
    addProfile(simulation, 2);
    for (let number = 1; number <= 2_500; number++) {
      mapTo(simulation, { kind: 'c', source: number, profile: number === 1 ? 2 : 1, spelling: 0 });
    }
    await play(simulation, 'first');
    Object.assign(simulation.options, { sliceMs });
    simulation.organisation.remove('msdynci_customerprofile', guidOf('p', 1));
    let slice = { startedAt: '', begunAt: 0 };
    let longest = 0;
    simulation.world.faultAt = () => {
      const { pass } = linkStateOf(simulation, 'contact');
      const startedAt = pass?.sliceStartedAt ?? '';
      if (startedAt !== slice.startedAt) slice = { startedAt, begunAt: simulation.clock.now() };
      if (pass?.phase === 'profiles') longest = Math.max(longest, simulation.clock.now() - slice.begunAt);
      return undefined;
    };
    const task = await play(simulation, 'second');
    expect(task.counters.waiting).toBe(2_499);
    expect(longest).toBeLessThan(2 * sliceMs);
  });

  it('is as it was where all profiles go and come back with their ids, whether or not a run comes in between', async () => {
    const simulation = await linkedContacts(30);
    const { organisation } = simulation;
    const before = organisation.links('contact');
    const writes = organisation.writes.length;
    for (const meanwhile of ['between', 'after'] as const) {
      for (let number = 1; number <= 30; number++) organisation.remove('msdynci_customerprofile', guidOf('p', number));
      if (meanwhile === 'between') await play(simulation, 'without profiles');
      for (let number = 1; number <= 30; number++) addProfile(simulation, number);
      expect((await play(simulation, `profiles again, ${meanwhile}`)).status).toBe('Successful');
    }
    expect(organisation.links('contact')).toEqual(before);
    expect(organisation.writes).toHaveLength(writes);
    expect(pendingOf(simulation, 'contact')).toEqual([]);
  });

  it('I13 is cleared where the map row behind it left before any pass had drained it', async () => {
    const simulation = await linkedContacts(6);
    simulation.organisation.put('contact', guidOf('c', 7), {});
    let isMapped = false;
    simulation.world.faultAt = () => {
      if (isMapped || linkStateOf(simulation, 'contact').pass?.phase !== 'touched') return undefined;
      isMapped = true;
      return { kind: 'meanwhile', action: () => mapTo(simulation, { kind: 'c', source: 7, profile: 1, spelling: 0 }) };
    };
    expect((await play(simulation, 'second')).counters.linked).toBe(1);
    unmap(simulation, { kind: 'c', source: 7 });
    expect((await play(simulation, 'third')).counters.cleared).toBe(1);
  });

  it('costs one request where nobody touched any, and three for the first thousand', async () => {
    const simulation = await linkedContacts(1_000);
    simulation.clock.advance(3_600_000);
    const quiet = (await play(simulation, 'quiet')).requests;
    for (let number = 1; number <= 1_000; number++) simulation.organisation.put('contact', guidOf('c', number), {});
    const busy = (await play(simulation, 'busy')).requests;
    expect(busy - quiet).toBeLessThanOrEqual(2);
    expect(quiet).toBeLessThanOrEqual(6);
  });

  it('that was changed in a great number right before a pass is not looked up again by the next, unless something is new', async () => {
    const simulation = await linkedContacts(2_500);
    const { organisation } = simulation;
    const quiet = (await play(simulation, 'quiet')).requests;
    for (let number = 1; number <= 2_500; number++) organisation.put('contact', guidOf('c', number), {});
    const minute = organisation.row('contact', guidOf('c', 1))?.modifiedon;
    const busy = (await play(simulation, 'busy', 60_000)).requests;
    // Their ids and times come in three pages.
    const again = (await play(simulation, 'again', 60_000)).requests;
    expect(again - quiet).toBeLessThanOrEqual(3);
    expect(busy - quiet).toBeGreaterThan(5);

    // One that was stamped together with them appears now.
    organisation.put('contact', guidOf('c', 7), { [link]: null });
    Object.assign(organisation.row('contact', guidOf('c', 7)) ?? {}, { modifiedon: minute });
    expect((await play(simulation, 'late', 60_000)).counters.linked).toBe(1);
    // It is among them no more, since the app wrote it last: they are looked up once more.
    await play(simulation, 'after', 60_000);
    expect((await play(simulation, 'again after', 60_000)).requests - quiet).toBeLessThanOrEqual(3);
  });
});
