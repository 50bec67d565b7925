import { describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { linkStateOf, taskOf } from '../support/state-of.ts';

const map = 'msdynci_alternatekey';

const feeds = {
  changeTracking: {},
  modified: { changeTracking: false },
  scan: { changeTracking: false, tableType: 'Virtual' },
} as const;

function sixContacts(feed: keyof typeof feeds): Simulation {
  const simulation = smallOrganisation({ contacts: 6, leads: 0 });
  simulation.organisation.alterTable(map, feeds[feed]);
  for (let number = 1; number <= 6; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return simulation;
}

async function play(simulation: Simulation, eventId: string, more: object = {}) {
  const runId = simulation.post({ eventId, tables: ['contact'], ...more });
  await simulation.run();
  simulation.clock.advance(3_600_000);
  return taskOf(simulation, runId, 'contact');
}

describe.each(Object.keys(feeds) as (keyof typeof feeds)[])('the feed "%s"', (feed) => {
  it('is chosen from metadata, recorded, and links a first pass', async () => {
    const simulation = sixContacts(feed);
    const task = await play(simulation, 'first');
    expect(task).toMatchObject({ status: 'Successful', counters: { linked: 6 } });
    expect(task.details).toContain('Full pass: the first run on this table.');
    expect(linkStateOf(simulation, 'contact').watermark?.feed).toBe(feed);
  });

  it('I1 I3 brings up every later change, and nothing is written but that', async () => {
    const simulation = sixContacts(feed);
    await play(simulation, 'first');
    const before = simulation.organisation.writes.length;
    mapTo(simulation, { kind: 'c', source: 2, profile: 1 });
    expect((await play(simulation, 'second')).counters).toMatchObject({ linked: 0, relinked: 1 });
    expect(simulation.organisation.writes.slice(before)).toMatchObject([{ id: guidOf('c', 2), to: guidOf('p', 1) }]);
  });

  it('P8 never takes a first link from a newer map row to give it to an older one', async () => {
    const simulation = smallOrganisation({ contacts: 6, leads: 0 }, { pageSize: 1, sliceMs: 60_000 });
    simulation.organisation.alterTable(map, feeds[feed]);
    for (const number of [1, 2]) addProfile(simulation, number);
    // By the order of their ids, the newer one comes first.
    mapTo(simulation, { kind: 'c', source: 1, profile: 1, mapRow: 11 });
    mapTo(simulation, { kind: 'c', source: 1, profile: 2, mapRow: 10 });
    await play(simulation, 'first');
    const given = simulation.organisation.writes.map(({ to }) => to);
    expect(given.at(-1)).toBe(guidOf('p', 2));
    expect(given.indexOf(guidOf('p', 2))).toBe(given.length - 1);
  });

  it('finds nothing to do where nothing has changed: its own writes do not come back as work', async () => {
    const simulation = sixContacts(feed);
    await play(simulation, 'first');
    const task = await play(simulation, 'second', { source: 'operator' });
    expect(task.counters).toMatchObject({ linked: 0, relinked: 0, read: feed === 'changeTracking' ? 0 : 6 });
    expect(task.passes).toBe(1);
  });
});

describe('the feed "modified"', () => {
  it('P8 gives a row its newest profile where an older map row stands on the next page', async () => {
    const simulation = smallOrganisation({ contacts: 6, leads: 0 }, { pageSize: 1, sliceMs: 60_000 });
    simulation.organisation.alterTable(map, feeds.modified);
    for (const number of [1, 2, 3]) addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: 3, profile: 3 });
    await play(simulation, 'first');
    mapTo(simulation, { kind: 'c', source: 1, profile: 1, mapRow: 11 });
    mapTo(simulation, { kind: 'c', source: 1, profile: 2, mapRow: 10 });
    await play(simulation, 'second');
    expect(simulation.organisation.links('contact').get(guidOf('c', 1))).toBe(guidOf('p', 2));
    expect(simulation.organisation.writes.filter(({ id }) => id === guidOf('c', 1))).toHaveLength(1);
  });

  it('I1 reaches back behind its watermark for rows that were stamped earlier and appeared later', async () => {
    const simulation = sixContacts('modified');
    await play(simulation, 'first');
    // Without a list of changes, the run after a first one walks over every row, and would find what was missed.
    await play(simulation, 'quiet');
    const token = Date.parse(linkStateOf(simulation, 'contact').watermark?.token ?? '');
    const late = new Date(token - 5 * 60_000).toISOString();
    mapTo(simulation, { kind: 'c', source: 3, profile: 1 });
    Object.assign(simulation.organisation.row(map, guidOf('m', 3)) ?? {}, { modifiedon: late });
    await play(simulation, 'second');
    expect(simulation.organisation.links('contact').get(guidOf('c', 3))).toBe(guidOf('p', 1));
  });

  it('I1 keeps its watermark where the newest row of the map was deleted', async () => {
    const simulation = sixContacts('modified');
    mapTo(simulation, { kind: 'c', source: 6, profile: 6 });
    await play(simulation, 'first');
    const before = linkStateOf(simulation, 'contact').watermark?.token;
    // The others stay: of a map that names the table no more, there is no watermark at all.
    unmap(simulation, { kind: 'c', source: 6 });
    await play(simulation, 'second');
    expect(linkStateOf(simulation, 'contact').watermark?.token).toBe(before);
  });
});

describe('a list of changes whose token stands for its last page', () => {
  /** Lets something happen once the first pages of the map were dealt with. */
  function amidReading(simulation: Simulation, happen: () => void): void {
    simulation.organisation.hasLateDeltaLinks = true;
    Object.assign(simulation.options, { pageSize: 2 });
    let hasHappened = false;
    simulation.tables.linkStates.onWrite = (_partition, _row, state) => {
      const { pass } = state as { pass?: { cursor?: string; phase: string } };
      if (pass?.phase !== 'map' || pass.cursor === undefined || hasHappened) return;
      hasHappened = true;
      simulation.clock.advance(60_000);
      happen();
    };
  }

  it('I1 loses no change that was made while it was read', async () => {
    const simulation = sixContacts('changeTracking');
    amidReading(simulation, () => mapTo(simulation, { kind: 'c', source: 1, profile: 2 }));
    await play(simulation, 'first');
    await play(simulation, 'second');
    expect(simulation.organisation.links('contact').get(guidOf('c', 1))).toBe(guidOf('p', 2));
  });

  it('I1 loses no deletion either', async () => {
    const simulation = sixContacts('changeTracking');
    amidReading(simulation, () => unmap(simulation, { kind: 'c', source: 1 }));
    await play(simulation, 'first');
    await play(simulation, 'second');
    expect(simulation.organisation.links('contact').has(guidOf('c', 1))).toBe(false);
  });
});

describe('a full pass', () => {
  it.each([
    [
      'the token expired',
      'The watermark expired: this is a full pass.',
      ({ organisation }: Simulation) => {
        organisation.put(map, guidOf('m', 1), {});
        organisation.forgetChanges(map);
      },
    ],
    [
      'the columns of the profile changed',
      'Full pass: the columns of the customer profile table changed.',
      ({ organisation }: Simulation) =>
        organisation.alterTable('msdynci_customerprofile', { columns: new Map([['msdynci_email', 'String']]) }),
    ],
    [
      'the lookup column had been removed',
      'Full pass: the lookup column had been removed.',
      ({ organisation }: Simulation) => organisation.alterTable('contact', { lookups: [], columns: new Map() }),
    ],
    [
      'another feed reads the map now',
      'Full pass: the map is now read by modified, before by changeTracking.',
      ({ organisation }: Simulation) => organisation.alterTable(map, { changeTracking: false }),
    ],
  ])('I1 is done, and said in the details, where %s', async (_, detail, happen) => {
    const simulation = sixContacts('changeTracking');
    await play(simulation, 'first');
    happen(simulation);
    const task = await play(simulation, 'second');
    expect(task.details).toContain(detail);
    expect(task.counters.read).toBeGreaterThanOrEqual(6);
    expect(task.status).toBe('Successful');
  });

  it('I4 is done where the process dies right after it made the removed column anew', async () => {
    const simulation = sixContacts('changeTracking');
    await play(simulation, 'first');
    const { organisation } = simulation;
    organisation.alterTable('contact', { lookups: [], columns: new Map() });
    for (const id of organisation.ids('contact')) {
      Object.assign(organisation.row('contact', id) ?? {}, { _msdynci_lookupfield_customerprofile_value: null });
    }
    let isDead = false;
    simulation.world.faultAt = (_step, what) => {
      if (isDead || what !== 'dataverse write') return undefined;
      isDead = true;
      return { kind: 'die after' };
    };
    expect((await play(simulation, 'second')).status).toBe('Successful');
    expect(organisation.links('contact').size).toBe(6);
  });

  it('I3 writes nothing that is right already', async () => {
    const simulation = sixContacts('changeTracking');
    await play(simulation, 'first');
    const before = simulation.organisation.writes.length;
    const task = await play(simulation, 'full', { mode: 'full' });
    expect(task.details).toContain('Full pass: asked for.');
    expect(task.counters).toMatchObject({ read: 6, unchanged: 6, linked: 0, relinked: 0 });
    expect(simulation.organisation.writes.length).toBe(before);
  });

  it('I1 begins anew where the list of changes expires in its midst', async () => {
    const simulation = sixContacts('changeTracking');
    Object.assign(simulation.options, { pageSize: 2 });
    let pages = 0;
    simulation.tables.linkStates.onWrite = (_partition, _row, state) => {
      const { pass } = state as { pass?: { cursor?: string; phase: string } };
      if (pass?.phase === 'map' && pass.cursor !== undefined && ++pages === 1) {
        simulation.organisation.put(map, guidOf('m', 1), {});
        simulation.organisation.forgetChanges(map);
      }
    };
    const task = await play(simulation, 'first');
    expect(task.details).toContain('The list of changes expired while it was being read: reading starts over.');
    expect(task.status).toBe('Successful');
    expect(simulation.organisation.links('contact').size).toBe(6);
  });
});
