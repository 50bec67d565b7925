import { describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { linkStateOf, taskOf } from '../support/state-of.ts';

/** So many contacts, each linked to a profile of its own. */
async function linkedContacts(count: number, orphanLimitPercent = 20): Promise<Simulation> {
  const simulation = smallOrganisation({ contacts: count, leads: 0 }, { orphanLimitPercent });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
  }
  await play(simulation, 'first');
  simulation.clock.advance(3_600_000);
  return simulation;
}

async function play(simulation: Simulation, eventId: string, more: object = {}): Promise<string> {
  const runId = simulation.post({ eventId, tables: ['contact'], ...more });
  await simulation.run();
  return runId;
}

function unmapUpTo(simulation: Simulation, count: number): void {
  for (let number = 1; number <= count; number++) unmap(simulation, { kind: 'c', source: number });
}

describe('links that the map no longer gives', () => {
  it('I1 are cleared when the feed tells of deletions', async () => {
    const simulation = await linkedContacts(6);
    unmapUpTo(simulation, 2);
    const runId = await play(simulation, 'second');
    expect([...simulation.organisation.links('contact').keys()]).toEqual([3, 4, 5, 6].map((n) => guidOf('c', n)));
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { cleared: 2 } });
  });

  it('I1 are told with the profile they had', async () => {
    const simulation = await linkedContacts(3);
    unmapUpTo(simulation, 1);
    const runId = await play(simulation, 'second');
    expect(simulation.tables.rowOutcomes.documents(`${runId}|contact`).map(({ document }) => document)).toMatchObject([
      { id: guidOf('c', 1), outcome: 'cleared', previousProfileId: guidOf('p', 1) },
    ]);
  });

  it('I5 are left, with a warning, where they are more than the safety limit allows', async () => {
    const simulation = await linkedContacts(20);
    unmapUpTo(simulation, 11);
    const runId = await play(simulation, 'second');
    const { status, details, counters } = taskOf(simulation, runId, 'contact');
    expect(simulation.organisation.links('contact').size).toBe(20);
    expect(status).toBe('Completed with warnings');
    expect(details[0]).toContain('11 links (55.0 % of the linked rows)');
    expect(details[0]).toContain('beyondLimits');
    expect(counters.cleared).toBe(0);
  });

  it('I6 that were left come up again with the next run', async () => {
    const simulation = await linkedContacts(20);
    unmapUpTo(simulation, 11);
    await play(simulation, 'second');
    simulation.clock.advance(3_600_000);
    expect(taskOf(simulation, await play(simulation, 'third'), 'contact').status).toBe('Completed with warnings');
  });

  it('are cleared beyond the limit when an operator confirms it', async () => {
    const simulation = await linkedContacts(20);
    unmapUpTo(simulation, 11);
    await play(simulation, 'second');
    const runId = await play(simulation, 'confirmed', { mode: 'reconcile', beyondLimits: true });
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { cleared: 11 } });
    expect(simulation.organisation.links('contact').size).toBe(9);
  });

  it('I7 are counted by a rehearsal, and left', async () => {
    const simulation = await linkedContacts(6);
    unmapUpTo(simulation, 2);
    const before = simulation.organisation.writes.length;
    const runId = await play(simulation, 'rehearsal', { mode: 'rehearsal' });
    expect(taskOf(simulation, runId, 'contact').counters.cleared).toBe(2);
    expect(simulation.organisation.writes.length).toBe(before);
  });

  it('I6 are tried again by the next run where Dataverse refused to clear one', async () => {
    const simulation = await linkedContacts(6);
    unmapUpTo(simulation, 2);
    simulation.organisation.badRows.set(guidOf('c', 1), 'A plug-in refused it.');
    const runId = await play(simulation, 'second');
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({
      status: 'Completed with warnings',
      counters: { cleared: 1, failed: 1 },
    });
    simulation.organisation.badRows.clear();
    simulation.clock.advance(3_600_000);
    expect(taskOf(simulation, await play(simulation, 'third'), 'contact').counters.cleared).toBe(1);
    expect(simulation.organisation.links('contact').has(guidOf('c', 1))).toBe(false);
  });

  it.each([1, 4, 12])('are not cleared where the map rows come back after %i minutes', async (minutes) => {
    const simulation = await linkedContacts(6);
    const writes = simulation.organisation.writes.length;
    unmapUpTo(simulation, 2);
    simulation.clock.after(minutes * 60_000, () => {
      for (const number of [1, 2]) mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
    });
    const runId = await play(simulation, 'second');
    expect(simulation.organisation.writes.length).toBe(writes);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { cleared: 0 } });
  });
});

describe('a walk', () => {
  it('corrects links that the map gives differently', async () => {
    const simulation = await linkedContacts(6);
    simulation.organisation.put('contact', guidOf('c', 2), {
      _msdynci_lookupfield_customerprofile_value: guidOf('p', 5),
    });
    const runId = await play(simulation, 'walk', { mode: 'reconcile' });
    expect(simulation.organisation.links('contact').get(guidOf('c', 2))).toBe(guidOf('p', 2));
    expect(taskOf(simulation, runId, 'contact').counters).toMatchObject({ relinked: 1, cleared: 0 });
  });

  it.each(['reconcile', 'orphans'])('in mode %s links a row that lost its link and nobody told of', async (mode) => {
    const simulation = await linkedContacts(6);
    const { organisation } = simulation;
    // Not even its time of change tells of it.
    const row = organisation.row('contact', guidOf('c', 2)) ?? {};
    Object.assign(row, { _msdynci_lookupfield_customerprofile_value: null });
    await play(simulation, 'ordinary');
    expect(organisation.links('contact').get(guidOf('c', 2))).toBeUndefined();
    simulation.clock.advance(3_600_000);
    const runId = await play(simulation, 'walk', { mode });
    expect(organisation.links('contact').get(guidOf('c', 2))).toBe(guidOf('p', 2));
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({
      mode: 'reconcile',
      status: 'Successful',
      counters: { linked: 1, relinked: 0, cleared: 0 },
    });
  });

  it('is done with the first run after the interval, and once per run', async () => {
    const simulation = await linkedContacts(6);
    const walkedAt = linkStateOf(simulation, 'contact').lastWalkAt;
    await play(simulation, 'second');
    expect(linkStateOf(simulation, 'contact').lastWalkAt).toBe(walkedAt);
    simulation.clock.advance(simulation.options.reconcileIntervalMs);
    mapTo(simulation, { kind: 'c', source: 1, profile: 2, spelling: 0 });
    const runId = await play(simulation, 'third');
    const { details, passes } = taskOf(simulation, runId, 'contact');
    expect(passes).toBe(2);
    expect(details.filter((line) => line.startsWith('Walked'))).toEqual([
      'Walked 6 linked rows (the walk is due): 0 without a place in the map.',
    ]);
  });
});
