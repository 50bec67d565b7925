import { beforeEach, describe, expect, it } from 'vitest';
import { pollMap } from '../../shared/runs/poll-map.ts';
import { PolledMap } from '../../shared/state/polled-map.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { recordsOf } from '../support/state-of.ts';
import { Worker } from '../support/worker.ts';

const minute = 60_000;

describe('the door that polls the map', () => {
  let simulation: Simulation;
  beforeEach(() => {
    simulation = smallOrganisation({ contacts: 6, leads: 1 });
    map(1, 1);
  });

  function map(source: number, profile: number): void {
    addProfile(simulation, profile);
    mapTo(simulation, { kind: 'c', source, profile });
  }
  const poll = () => {
    const worker = new Worker(simulation.world);
    const polledMap = new PolledMap(simulation.tables.linkStates.connect(worker));
    return pollMap({ ...simulation.connect(worker), polledMap });
  };
  const runs = () => recordsOf(simulation).runs.map(({ source }) => source);
  /** Time passes, and the map is polled every five minutes. */
  async function pass(minutes: number): Promise<void> {
    for (let at = 0; at < minutes; at += 5) {
      simulation.clock.advance(5 * minute);
      await poll();
      await simulation.run();
    }
  }

  it('starts nothing for what was there before the first look', async () => {
    await pass(60);
    expect(runs()).toEqual([]);
  });

  it('starts one run for a change that no event announced, once the map is quiet', async () => {
    await poll();
    simulation.clock.advance(10 * minute);
    map(2, 2);
    await poll();
    await simulation.run(simulation.clock.now() + minute);
    expect(runs()).toEqual([]);
    await pass(60);
    expect(runs()).toEqual(['poll']);
    expect(simulation.organisation.links('contact').get(guidOf('c', 2))).toBe(guidOf('p', 2));
  });

  it('starts nothing where an event has announced the change', async () => {
    await poll();
    simulation.clock.advance(10 * minute);
    map(2, 2);
    simulation.post({ eventId: 'event' });
    await simulation.run();
    await pass(60);
    expect(runs()).toEqual(['test']);
  });

  it('starts another for what comes after a run that was canceled, or a rehearsal', async () => {
    await poll();
    simulation.clock.advance(10 * minute);
    map(2, 2);
    simulation.post({ eventId: 'look', mode: 'rehearsal' });
    await simulation.run();
    await pass(30);
    expect(runs()).toEqual(['test', 'poll']);
  });

  it('is one event though two look at once', async () => {
    await poll();
    simulation.clock.advance(10 * minute);
    map(2, 2);
    simulation.clock.advance(10 * minute);
    await Promise.all([poll(), poll()]);
    await simulation.run();
    await pass(30);
    expect(runs()).toEqual(['poll']);
  });
});
