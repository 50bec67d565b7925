import { describe, expect, it } from 'vitest';
import { theApp } from '../support/memory-dataverse.ts';
import { assessScenario } from '../support/random-scenario.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { historyOf, linkStateOf, recordsOf } from '../support/state-of.ts';
import type { Step } from '../support/worker.ts';

const link = '_msdynci_lookupfield_customerprofile_value';
const row = `contact ${guidOf('c', 1)}`;

/** Contact 1 is linked to profile 1, and the map now says profile 2; the run that shall move it is under way. */
async function beforeTheMove(): Promise<Simulation> {
  const simulation = smallOrganisation({ contacts: 2, leads: 0 });
  for (const profile of [1, 2, 3]) addProfile(simulation, profile);
  mapTo(simulation, { kind: 'c', source: 1, profile: 1 });
  simulation.post({ eventId: 'first', tables: ['contact'] });
  await simulation.run();
  simulation.clock.advance(3_600_000);
  mapTo(simulation, { kind: 'c', source: 1, profile: 2 });
  simulation.post({ eventId: 'second', tables: ['contact'] });
  return simulation;
}

/** The step at which the row is written, when nothing happens. */
async function stepOfWrite(): Promise<number> {
  const simulation = await beforeTheMove();
  let found = 0;
  simulation.world.faultAt = (step: number, what: Step) => {
    if (what === 'dataverse write') found = step;
    return undefined;
  };
  await simulation.run();
  return found;
}

/** Holds a process up before a step, until it has lost its table; meanwhile the map changes once more. */
async function holdUpAt(held: number): Promise<Simulation> {
  const simulation = await beforeTheMove();
  simulation.world.faultAt = (step) => {
    if (step !== held) return undefined;
    mapTo(simulation, { kind: 'c', source: 1, profile: 3 });
    return { kind: 'freeze' };
  };
  await simulation.run();
  return simulation;
}

describe('a slice that was held up until its lock was lost', () => {
  it('I3 I4 writes nothing of what it decided before, however far it had come', async () => {
    const simulation = await holdUpAt((await stepOfWrite()) - 1);
    expect(historyOf(simulation).get(row)).toEqual([guidOf('p', 1), guidOf('p', 3)]);
    expect(recordsOf(simulation).tasks.map(({ status }) => status)).toEqual(['Successful', 'Successful']);
  });

  it('I4 is put right by the next pass where its write was under way already', async () => {
    const simulation = await holdUpAt(await stepOfWrite());
    expect(historyOf(simulation).get(row)).toEqual([1, 3, 2, 3].map((profile) => guidOf('p', profile)));
    expect(recordsOf(simulation).tasks.map(({ status }) => status)).toEqual(['Successful', 'Successful']);
  });
});

describe('a slice that was lost while it looked at rows whose profile is gone', () => {
  it('I4 is put right by the next pass, though the map was not being read yet', async () => {
    const simulation = smallOrganisation({ contacts: 2, leads: 0 });
    const { organisation } = simulation;
    for (const profile of [1, 2, 3]) addProfile(simulation, profile);
    mapTo(simulation, { kind: 'c', source: 1, profile: 1 });
    mapTo(simulation, { kind: 'c', source: 1, mapRow: 101, profile: 2 });
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    simulation.clock.advance(3_600_000);
    organisation.remove('msdynci_customerprofile', guidOf('p', 2));
    simulation.post({ eventId: 'second', tables: ['contact'] });
    let reads = 0;
    let isHeld = false;
    simulation.world.faultAt = (_step, what) => {
      if (linkStateOf(simulation, 'contact').pass?.phase !== 'profiles' || isHeld) return undefined;
      // Who empties the link between two looks at it lets it be made at once.
      if (what === 'dataverse read' && ++reads === 3) organisation.put('contact', guidOf('c', 1), { [link]: null });
      if (what !== 'dataverse write') return undefined;
      isHeld = true;
      mapTo(simulation, { kind: 'c', source: 1, profile: 3 });
      unmap(simulation, { kind: 'c', source: 1, mapRow: 101 });
      // The process is gone; what it had sent arrives when another one has compared the row.
      simulation.clock.after(150_000, () =>
        organisation.put('contact', guidOf('c', 1), { [link]: guidOf('p', 1), _modifiedby_value: theApp }),
      );
      return { kind: 'die before' };
    };
    await simulation.run();
    expect(isHeld).toBe(true);
    expect(organisation.links('contact').get(guidOf('c', 1))).toBe(guidOf('p', 3));
  });
});

describe('a pending row that such a slice kept late', () => {
  it('I6 is tried by the next pass all the same', async () => {
    for (let step = 1; step <= 60; step++) {
      await assessScenario({
        feed: 'changeTracking',
        pageSize: 2,
        sliceMs: 320,
        map: [4],
        late: [4],
        bad: undefined,
        changes: [{ kind: 'remove', source: 1 }],
        secondMode: 'incremental',
        isSecondAtOnce: true,
        faults: [{ step, what: { kind: 'freeze' } }],
        deliveries: [],
        isEventRepeated: true,
      });
    }
  });
});

describe('a row that is refused whenever it is tried', () => {
  it('I5 leaves time for what comes after it in its page, however short the slices are', async () => {
    await assessScenario({
      feed: 'changeTracking',
      pageSize: 2,
      sliceMs: 320,
      map: [1, 0],
      late: [],
      bad: 1,
      changes: [
        { kind: 'unmap', source: 1 },
        { kind: 'second map row', source: 1, profile: 1 },
      ],
      secondMode: 'incremental',
      isSecondAtOnce: false,
      faults: [],
      deliveries: [],
      isEventRepeated: false,
    });
  });
});
