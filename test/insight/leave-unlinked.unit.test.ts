import { beforeAll, describe, expect, it } from 'vitest';
import { recordTableState } from '../../shared/runs/table-metrics.ts';
import type { RowOutcome } from '../../shared/state/row-outcomes.ts';
import { type Attributes, silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { guardLinkStates } from '../support/link-state-transitions.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, smallSetup, unmap } from '../support/small-organisation.ts';
import { linkStateOf, pendingOf, recordsOf, taskOf } from '../support/state-of.ts';
import { stepsTried } from '../support/steps-tried.ts';
import type { Fault } from '../support/worker.ts';

const [north, south] = ['d0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000002'];
const unit = '_owningbusinessunit_value';
const day = 86_400_000;
const contacts = 12;

const giveContact = ({ organisation }: Simulation, number: number, to: string | undefined) =>
  organisation.put('contact', guidOf('c', number), { [unit]: to });
const giveProfile = ({ organisation }: Simulation, number: number, to: string | undefined) =>
  organisation.put('msdynci_customerprofile', guidOf('p', number), { [unit]: to });

/** Contacts of two units; the profiles of 3, 4 and 9 belong to the other one. Profile 11 has not arrived. */
function beforeTheFirstRun(acrossUnits?: 'link' | 'leaveUnlinked'): Simulation {
  const businessUnits = acrossUnits === undefined ? {} : { acrossUnits };
  const simulation = smallOrganisation(
    { contacts: 0, leads: 0 },
    { setup: { ...smallSetup, tables: smallSetup.tables.slice(0, 1), businessUnits } },
  );
  const { organisation } = simulation;
  const owned = (logicalName: string, entitySetName: string, tableType: 'Standard' | 'Elastic') =>
    organisation.createTable({
      logicalName,
      entitySetName,
      primaryId: `${logicalName}id`,
      tableType,
      columns: new Map([
        [`${logicalName}id`, 'Uniqueidentifier'],
        ['owningbusinessunit', 'Lookup'],
        ...(tableType === 'Elastic' ? [['msdynci_customerid', 'String'] as const] : []),
      ]),
    });
  organisation.createTable({
    logicalName: 'businessunit',
    entitySetName: 'businessunits',
    primaryId: 'businessunitid',
  });
  organisation.put('businessunit', north, { name: 'North' });
  owned('contact', 'contacts', 'Standard');
  owned('msdynci_customerprofile', 'msdynci_customerprofiles', 'Elastic');
  for (let number = 1; number <= contacts; number++) {
    mapTo(simulation, { kind: 'c', source: number, profile: number });
    giveContact(simulation, number, number % 2 === 0 ? south : north);
    if (number === 11) continue;
    addProfile(simulation, number);
    const isAcross = [3, 4, 9].includes(number);
    giveProfile(simulation, number, (number % 2 === 0) === isAcross ? north : south);
  }
  return simulation;
}

/** The links that must stand at the end of every story: the map's, but none that leads to another unit. */
function linksThatHold({ organisation }: Simulation): [string, string][] {
  const links: [string, string][] = [];
  for (const id of organisation.ids('msdynci_alternatekey')) {
    const row = organisation.row('msdynci_alternatekey', id);
    const contact = guidOf('c', Number(id.slice(-3)));
    const profileId = String(row?._msdynci_lookupfield_customer_value);
    const profile = organisation.row('msdynci_customerprofile', profileId);
    const owner = organisation.row('contact', contact)?.[unit];
    if (profile !== undefined && profile[unit] === owner) links.push([contact, profileId]);
  }
  return links.sort();
}
const linksOf = ({ organisation }: Simulation) => [...organisation.links('contact')].sort();

const acrossIn = (simulation: Simulation, eventId: string): string[] => {
  const runId = recordsOf(simulation).runs.find((run) => run.eventId === eventId)?.runId;
  return simulation.tables.rowOutcomes
    .documents(`${runId}|contact`)
    .map(({ document }) => document as RowOutcome)
    .filter(({ outcome }) => outcome === 'acrossUnits')
    .map(({ id }) => id)
    .sort();
};
const contactsNumbered = (...numbers: number[]) => numbers.map((number) => guidOf('c', number)).sort();

/**
 * A first run; owners change on both sides, rows are mapped anew, a profile arrives; a second run; the walk a week
 * later finds what no feed tells: source rows that changed hands. The process that does step `at` dies there.
 */
async function play(at?: number, kind: 'die before' | 'die after' = 'die before'): Promise<Simulation> {
  const simulation = beforeTheFirstRun('leaveUnlinked');
  guardLinkStates(simulation);
  simulation.world.faultAt = (step): Fault | undefined => (step === at ? { kind } : undefined);
  simulation.post({ eventId: 'first' });
  simulation.clock.after(7 * 60_000, () => {
    addProfile(simulation, 11);
    giveProfile(simulation, 11, south);
  });
  await simulation.run();

  // Left unlinked and now of one unit: by the profile's owner (3), by the row's (4); then across: 1 and 2.
  giveProfile(simulation, 3, north);
  giveContact(simulation, 4, north);
  giveProfile(simulation, 1, south);
  giveContact(simulation, 2, north);
  mapTo(simulation, { kind: 'c', source: 5, profile: 6 });
  mapTo(simulation, { kind: 'c', source: 7, profile: 3 });
  simulation.clock.advance(3_600_000);
  simulation.post({ eventId: 'second' });
  await simulation.run();

  simulation.clock.advance(8 * day);
  unmap(simulation, { kind: 'c', source: 9 });
  simulation.post({ eventId: 'a week later' });
  await simulation.run();
  return simulation;
}

/** What the metric tells of pending rows, by reason. */
function pendingTold(simulation: Simulation): Record<string, number> {
  const told: Record<string, number> = {};
  const record = (metric: string, rows: number, { reason }: Attributes = {}) => {
    if (metric === 'backstamp.pending_rows') told[String(reason)] = rows;
  };
  const telemetry = { ...silentTelemetry, record };
  recordTableState({ telemetry, now: simulation.clock.now }, 'contact', linkStateOf(simulation, 'contact'));
  return told;
}

describe('rows whose profile belongs to another business unit, where they are left unlinked', () => {
  let undisturbed: Simulation;
  beforeAll(async () => {
    undisturbed = await play();
  });

  it('have no link, and every other row has its own', () => {
    expect(undisturbed.errors).toEqual([]);
    expect(linksOf(undisturbed)).toEqual(linksThatHold(undisturbed));
    expect(linksOf(undisturbed).length).toBe(7);
  });

  it('are told as such among the pending rows, and not as failed', () => {
    const { length } = pendingOf(undisturbed, 'contact');
    expect(length).toBeGreaterThan(0);
    expect(pendingTold(undisturbed)).toEqual({ waiting: 0, failed: 0, acrossUnits: length });
  });

  it('are reported by each run, with both units, and judged anew by the next', () => {
    expect(acrossIn(undisturbed, 'first')).toEqual(contactsNumbered(3, 4, 9, 11));
    // 3 and 4 are of one unit now; 5 was given to a profile of the other unit.
    expect(acrossIn(undisturbed, 'second')).toEqual(contactsNumbered(5, 9, 11));
    // What only the walk finds: a profile and a row that changed hands while they were linked. And 9 left the map.
    expect(acrossIn(undisturbed, 'a week later')).toEqual(contactsNumbered(1, 2, 5, 11));
    const first = recordsOf(undisturbed).runs.find(({ eventId }) => eventId === 'first')?.runId ?? '';
    const [outcome] = undisturbed.tables.rowOutcomes
      .documents(`${first}|contact`)
      .map(({ document }) => document as RowOutcome)
      .filter(({ id }) => id === guidOf('c', 3));
    expect(outcome?.reason).toBe(`The row belongs to business unit North, its profile to business unit ${south}.`);
  });

  it('are no failure, no warning, and nothing to wait for', () => {
    const { runs } = recordsOf(undisturbed);
    expect(runs.map(({ status }) => status)).toEqual(['Successful', 'Successful', 'Successful']);
    const { details, counters } = taskOf(undisturbed, runs.at(-1)?.runId ?? '', 'contact');
    expect(details.filter((line) => line.includes('left without a link'))).toEqual([
      '4 rows are left without a link, since their profile belongs to another business unit: listed as acrossUnits, and judged anew by every run.',
    ]);
    expect(counters).toMatchObject({ cleared: 2, linked: 0, waiting: 0, failed: 0 });
    expect(pendingOf(undisturbed, 'contact').map(({ cause }) => cause)).toEqual(Array(4).fill('acrossUnits'));
  });

  it('I3 are written once only, to take a link away', () => {
    const { writes } = undisturbed.organisation;
    expect(writes.filter(({ from, to }) => from === to)).toEqual([]);
    expect(
      writes
        .filter(({ to }) => to === null)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(contactsNumbered(1, 2, 5));
    for (const number of [9, 11]) expect(writes.filter(({ id }) => id === guidOf('c', number))).toEqual([]);
  });

  it.each([
    ['die before', 0],
    ['die after', 6],
  ] as const)(
    'I1 I4 I6 are the same in the end where a process should %s any one step',
    { timeout: 600_000 },
    async (kind, first) => {
      for (const step of stepsTried(undisturbed, first)) {
        const simulation = await play(step, kind);
        expect(linksOf(simulation), `step ${step}`).toEqual(linksOf(undisturbed));
        expect(acrossIn(simulation, 'a week later'), `step ${step}`).toEqual(contactsNumbered(1, 2, 5, 11));
        expect(
          pendingOf(simulation, 'contact').map(({ id }) => id),
          `step ${step}`,
        ).toEqual(contactsNumbered(1, 2, 5, 11));
        expect(simulation.errors, `step ${step}`).toEqual([]);
      }
    },
  );

  it('I7 are counted by a rehearsal, which writes nothing', async () => {
    const simulation = beforeTheFirstRun('leaveUnlinked');
    simulation.post({ eventId: 'rehearsal', mode: 'rehearsal' });
    await simulation.run();

    const [run] = recordsOf(simulation).runs;
    const { details, counters } = taskOf(simulation, run?.runId ?? '', 'contact');
    expect(details.some((line) => line.startsWith('3 rows are left without a link'))).toBe(true);
    expect(counters).toMatchObject({ linked: contacts - 4, waiting: 1 });
    expect(acrossIn(simulation, 'rehearsal')).toEqual(contactsNumbered(3, 4, 9));
    expect(simulation.organisation.writes).toEqual([]);
    expect(pendingOf(simulation, 'contact')).toEqual([]);
  });

  it('lose by the walk the links that were made before units were kept apart', async () => {
    const simulation = beforeTheFirstRun('link');
    simulation.post({ eventId: 'first' });
    await simulation.run();
    expect(linksOf(simulation)).toHaveLength(contacts - 1);

    Object.assign(simulation.options.setup, { businessUnits: { acrossUnits: 'leaveUnlinked' } });
    simulation.post({ eventId: 'walk', mode: 'reconcile' });
    await simulation.run();

    expect(linksOf(simulation)).toEqual(linksThatHold(simulation));
    expect(acrossIn(simulation, 'walk')).toEqual(contactsNumbered(3, 4, 9));
  });

  it('are linked by the next run where they are to be linked after all', async () => {
    const simulation = beforeTheFirstRun('leaveUnlinked');
    addProfile(simulation, 11);
    giveProfile(simulation, 11, south);
    simulation.post({ eventId: 'first' });
    await simulation.run();
    expect(linksOf(simulation)).toHaveLength(contacts - 4);
    expect(linkStateOf(simulation, 'contact').pendingRows).toBe(4);

    Object.assign(simulation.options.setup, { businessUnits: { acrossUnits: 'link' } });
    simulation.post({ eventId: 'second' });
    await simulation.run();

    expect(linksOf(simulation)).toHaveLength(contacts);
    expect(pendingOf(simulation, 'contact')).toEqual([]);
  });
});
