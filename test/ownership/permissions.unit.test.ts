import { beforeEach, describe, expect, it } from 'vitest';
import { newRun } from '../../shared/runs/orchestrate-run.ts';
import { memoryParts } from '../api/memory-parts.ts';
import { ownedOrganisation, ownersOf, putProfile, teamId } from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, unmap } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

const profiles = 'msdynci_customerprofile';
const linked = 20;

/** Twenty linked contacts; owners are rehearsed; then 11 contacts leave the map. */
async function rehearsedThenUnmapped(): Promise<Simulation> {
  const simulation = ownedOrganisation({ orphanLimitPercent: 20 });
  const { organisation } = simulation;
  for (let number = 1; number <= linked; number++) {
    organisation.put('contact', guidOf('c', number), {});
    addProfile(simulation, number);
    putProfile(simulation, number, 1 + (number % 2));
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  await play(simulation, { eventId: 'first', tables: ['contact'] });
  await play(simulation, { eventId: 'rehearsal', mode: 'rehearsal' });
  for (let number = 1; number <= 11; number++) unmap(simulation, { kind: 'c', source: number });
  await play(simulation, { eventId: 'unification' });
  expect(organisation.links('contact').size).toBe(linked);
  return simulation;
}

async function play(simulation: Simulation, event: Parameters<Simulation['post']>[0]): Promise<string> {
  const runId = simulation.post(event);
  await simulation.run();
  simulation.clock.advance(3_600_000);
  return runId;
}

const hasOwners = (simulation: Simulation) => ownersOf(simulation, profiles).get(guidOf('p', 12)) === 1;

describe('what an operator permits', () => {
  let simulation: Simulation;
  beforeEach(async () => {
    simulation = await rehearsedThenUnmapped();
  });

  it('is giving owners, and no link is cleared beyond the limit', async () => {
    const runId = await play(simulation, { eventId: 'owners', giveOwners: true });

    expect(hasOwners(simulation)).toBe(true);
    expect(simulation.organisation.links('contact').size).toBe(linked);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Completed with warnings' });
  });

  it('is clearing links beyond the limit, and no owner is given', async () => {
    const runId = await play(simulation, { eventId: 'links', mode: 'full', beyondLimits: true });

    expect(simulation.organisation.links('contact').size).toBe(linked - 11);
    expect(hasOwners(simulation)).toBe(false);
    expect(taskOf(simulation, runId, profiles).findings.map(({ code }) => code)).toEqual(['confirm-owners']);
  });

  it('is neither where a message of the version before says confirm, which meant both', async () => {
    await play(simulation, { eventId: 'both', confirm: true });

    expect(hasOwners(simulation)).toBe(false);
    expect(simulation.organisation.links('contact').size).toBe(linked);
    expect(simulation.organisation.writes.some(({ to }) => to === teamId(1))).toBe(false);
  });
});

describe('a message of the version before', () => {
  const runFor = (mode: 'reconcile' | 'full') =>
    newRun(memoryParts().parts, {
      schema: 'backstamp.unification-event/1',
      eventId: 'e',
      source: 'operator',
      occurredAt: '2026-11-27T00:00:00Z',
      mode,
      confirm: true,
    });

  it('permits clearing where it asks for orphans, since nothing else was meant', () => {
    expect(runFor('reconcile')).toMatchObject({ beyondLimits: true, giveOwners: false, confirm: false });
    expect(runFor('full')).toMatchObject({ beyondLimits: false, giveOwners: false, confirm: false });
  });
});
