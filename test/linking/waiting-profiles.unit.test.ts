import { describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { pendingOf, taskOf } from '../support/state-of.ts';

const minute = 60_000;

/** Three contacts; the profile of the third has not arrived when the event comes. */
function threeContacts(): { simulation: Simulation; runId: string } {
  const simulation = smallOrganisation({ contacts: 3, leads: 0 });
  for (const number of [1, 2, 3]) mapTo(simulation, { kind: 'c', source: number, profile: number });
  for (const number of [1, 2]) addProfile(simulation, number);
  return { simulation, runId: simulation.post({ eventId: 'event', tables: ['contact'] }) };
}

describe('a row whose profile has not arrived', () => {
  it('I1 I6 waits, with its reason, and is linked by a follow-up', async () => {
    const { simulation, runId } = threeContacts();
    await simulation.run(simulation.clock.now() + minute);
    expect(pendingOf(simulation, 'contact')).toMatchObject([
      { id: guidOf('c', 3), cause: 'waiting', reason: 'The profile has not arrived in Dataverse yet.' },
    ]);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Refreshing', passes: 1 });
    expect(taskOf(simulation, runId, 'contact').details.at(-1)).toMatch(
      /^Looking again after .*: 1 row waits for its profile/,
    );

    addProfile(simulation, 3);
    await simulation.run();
    expect(simulation.organisation.links('contact').get(guidOf('c', 3))).toBe(guidOf('p', 3));
    expect(pendingOf(simulation, 'contact')).toEqual([]);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({
      status: 'Successful',
      counters: { linked: 3, waiting: 0, failed: 0 },
    });
    expect(taskOf(simulation, runId, 'contact').details.join()).not.toContain('Looking again');
    // What this run had said of the row is so no longer.
    expect(simulation.tables.rowOutcomes.documents(`${runId}|contact`)).toEqual([]);
  });

  it('I5 is not looked for without a pause by a process whose clock is behind the broker’s', async () => {
    const { simulation, runId } = threeContacts();
    // Each follow-up is due when it is sent: it would be taken at once, for as many minutes as the clock is behind.
    simulation.skewMs = -20 * minute;
    await simulation.run(simulation.clock.now() + minute);
    const { settlingIntervalMs, settlingLimitMs } = simulation.options;
    expect(taskOf(simulation, runId, 'contact').passes).toBeLessThanOrEqual(settlingLimitMs / settlingIntervalMs + 1);
  });

  it('I5 ends as a warning with its number and an example when the settling time is over', async () => {
    const { simulation, runId } = threeContacts();
    const begun = simulation.clock.now();
    await simulation.run();
    const task = taskOf(simulation, runId, 'contact');
    expect(task.status).toBe('Completed with warnings');
    expect(task.counters).toMatchObject({ linked: 2, waiting: 1 });
    expect(task.details[0]).toBe(
      `1 row still waits for its profile; every later run tries it again, for example ${guidOf('c', 3)}.`,
    );
    expect(simulation.clock.now() - begun).toBeGreaterThanOrEqual(simulation.options.settlingLimitMs);
  });

  it('I5 does not make the runs after it last as long again', async () => {
    const { simulation } = threeContacts();
    await simulation.run();
    simulation.clock.advance(24 * 60 * minute);
    const begun = simulation.clock.now();
    const runId = simulation.post({ eventId: 'next day', tables: ['contact'] });
    await simulation.run();
    expect(simulation.clock.now() - begun).toBeLessThan(15 * minute);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({
      status: 'Completed with warnings',
      counters: { waiting: 1 },
    });
  });

  it('I1 I6 is linked by a later run, which nothing in the map has called', async () => {
    const { simulation } = threeContacts();
    await simulation.run();
    addProfile(simulation, 3);
    const runId = simulation.post({ eventId: 'next', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { linked: 1 } });
    expect(simulation.organisation.links('contact').size).toBe(3);
  });

  it('I1 is looked for by the last follow-up too, which comes when the settling time is over', async () => {
    const { simulation, runId } = threeContacts();
    Object.assign(simulation.options, { settlingLimitMs: 12 * minute });
    // Looked for after 0, 5 and 10 minutes; the follow-up after 15 is on its way when the limit passes.
    simulation.clock.after(13 * minute, () => addProfile(simulation, 3));
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { linked: 3 } });
  });

  it('keeps the time of its first try', async () => {
    const { simulation } = threeContacts();
    await simulation.run(simulation.clock.now() + minute);
    const [first] = pendingOf(simulation, 'contact');
    await simulation.run(simulation.clock.now() + 30 * minute);
    const [later] = pendingOf(simulation, 'contact');
    expect(later?.firstTriedAt).toBe(first?.firstTriedAt);
    expect(Date.parse(later?.lastTriedAt ?? '')).toBeGreaterThan(Date.parse(first?.lastTriedAt ?? ''));
  });

  it('is let go of when it is deleted', async () => {
    const { simulation, runId } = threeContacts();
    await simulation.run(simulation.clock.now() + minute);
    simulation.organisation.remove('contact', guidOf('c', 3));
    await simulation.run();
    expect(pendingOf(simulation, 'contact')).toEqual([]);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { gone: 1 } });
  });

  it('keeps the link it has meanwhile', async () => {
    const { simulation } = threeContacts();
    addProfile(simulation, 3);
    await simulation.run();
    mapTo(simulation, { kind: 'c', source: 1, profile: 9 });
    simulation.post({ eventId: 'next', tables: ['contact'] });
    await simulation.run(simulation.clock.now() + minute);
    expect(simulation.organisation.links('contact').get(guidOf('c', 1))).toBe(guidOf('p', 1));
    addProfile(simulation, 9);
    await simulation.run();
    expect(simulation.organisation.links('contact').get(guidOf('c', 1))).toBe(guidOf('p', 9));
  });

  it('I6 stays pending for a newer map row while an older one gives it a link', async () => {
    const { simulation } = threeContacts();
    addProfile(simulation, 3);
    await simulation.run();
    mapTo(simulation, { kind: 'c', source: 1, profile: 8, mapRow: 101 });
    simulation.post({ eventId: 'next', tables: ['contact'] });
    simulation.post({ eventId: 'walk', tables: ['contact'], mode: 'reconcile' });
    simulation.clock.after(20 * minute, () => addProfile(simulation, 8));
    await simulation.run();
    expect(simulation.organisation.links('contact').get(guidOf('c', 1))).toBe(guidOf('p', 8));
  });
});

describe('an event that comes before hydration has begun', () => {
  /** A contact that is linked, and an event of which the map shows nothing yet. */
  async function quietMap(
    event: Parameters<Simulation['post']>[0],
  ): Promise<{ simulation: Simulation; runId: string }> {
    const simulation = smallOrganisation({ contacts: 2, leads: 0 });
    for (const number of [1, 2]) addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: 1, profile: 1 });
    simulation.post({ eventId: 'before', tables: ['contact'] });
    await simulation.run();
    simulation.clock.advance(60 * minute);
    return { simulation, runId: simulation.post({ tables: ['contact'], ...event }) };
  }

  it('I1 links what reaches the map within a settling interval, and has not ended before', async () => {
    const { simulation, runId } = await quietMap({ eventId: 'early' });
    await simulation.run(simulation.clock.now() + minute);
    const task = taskOf(simulation, runId, 'contact');
    expect(task).toMatchObject({ status: 'Refreshing', passes: 1 });
    expect(task.details.at(-1)).toMatch(/^Looking again after .*: what the unification changed may not have reached/);

    simulation.clock.advance(3 * minute);
    mapTo(simulation, { kind: 'c', source: 2, profile: 2 });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { linked: 1 } });
    expect(simulation.organisation.links('contact').size).toBe(2);
  });

  it('ends with the first look that comes a settling interval after it, where nothing comes', async () => {
    const { simulation, runId } = await quietMap({ eventId: 'early' });
    const posted = simulation.clock.now();
    await simulation.run();
    const { status, passes, endedAt, workedMs } = taskOf(simulation, runId, 'contact');
    expect(workedMs).toBeLessThan(minute);
    expect({ status, passes }).toEqual({ status: 'Successful', passes: 2 });
    const took = Date.parse(endedAt ?? '') - posted;
    expect(took).toBeGreaterThanOrEqual(5 * minute);
    expect(took).toBeLessThan(6 * minute);
  });

  it.each([
    ['an operator asked for it', { source: 'operator' }],
    ['it was held up for longer on its way', { occurredAt: '2026-01-01T00:00:00.000Z' }],
  ])('ends with its first pass where %s', async (_, event) => {
    const { simulation, runId } = await quietMap({ eventId: 'late', ...event });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', passes: 1 });
  });

  it('I5 is looked back to once only, though the clock of the process is behind', async () => {
    const { simulation, runId } = await quietMap({ eventId: 'early' });
    simulation.skewMs = -20 * minute;
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', passes: 2 });
  });
});

describe('a map that still grows', () => {
  it('I1 is looked at again until it is quiet', async () => {
    const simulation = smallOrganisation({ contacts: 4, leads: 0 });
    for (const number of [1, 2, 3, 4]) addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: 1, profile: 1 });
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    for (const number of [2, 3, 4]) {
      simulation.clock.after((number - 1) * 3 * minute, () =>
        mapTo(simulation, { kind: 'c', source: number, profile: number }),
      );
    }
    await simulation.run();
    expect(simulation.organisation.links('contact').size).toBe(4);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { linked: 4 } });
  });
});
