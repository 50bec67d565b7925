import { beforeAll, describe, expect, it } from 'vitest';
import type { RowOutcome } from '../../shared/state/row-outcomes.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, smallSetup } from '../support/small-organisation.ts';
import { recordsOf, taskOf } from '../support/state-of.ts';
import { stepsTried } from '../support/steps-tried.ts';
import type { Fault } from '../support/worker.ts';

const [north, south] = ['d0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000002'];
const unit = '_owningbusinessunit_value';
const contacts = 11;
/** Contacts of South whose profile belongs to North. */
const across = [3, 4, 9];

/** Contacts of two units, all but three in the unit of their profile; linked by an event, then walked once more. */
function beforeTheWalk(): Simulation {
  const simulation = smallOrganisation(
    { contacts: 0, leads: 0 },
    { setup: { ...smallSetup, tables: smallSetup.tables.slice(0, 1), businessUnits: {} } },
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
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
    organisation.put('contact', guidOf('c', number), {
      [unit]: number % 2 === 0 || across.includes(number) ? south : north,
    });
    organisation.put('msdynci_customerprofile', guidOf('p', number), {
      [unit]: number % 2 === 0 && !across.includes(number) ? south : north,
    });
  }
  return simulation;
}

/** Plays an event and a walk that was asked for; the process that does step `at` dies right before or after it. */
async function play(at?: number, kind: 'die before' | 'die after' = 'die before'): Promise<Simulation> {
  const simulation = beforeTheWalk();
  simulation.world.faultAt = (step): Fault | undefined => (step === at ? { kind } : undefined);
  simulation.post({ eventId: 'first' });
  await simulation.run();
  simulation.post({ eventId: 'walk', mode: 'reconcile' });
  await simulation.run();
  return simulation;
}

const countsOf = (simulation: Simulation) =>
  recordsOf(simulation).runs.map(({ runId, eventId }) => ({
    eventId,
    said: taskOf(simulation, runId, 'contact').details.filter((line) => line.includes('another business unit')),
    listed: simulation.tables.rowOutcomes
      .documents(`${runId}|contact`)
      .map(({ document }) => document as RowOutcome)
      .filter(({ outcome }) => outcome === 'acrossUnits')
      .map(({ id }) => id)
      .sort(),
  }));

const said = [
  `${across.length} of ${contacts} linked rows lead to a profile of another business unit; they are listed as acrossUnits.`,
];
const listed = across.map((number) => guidOf('c', number));
const expected = ['first', 'walk'].map((eventId) => ({ eventId, said, listed }));

describe('links across business units', () => {
  let undisturbed: Simulation;
  beforeAll(async () => {
    undisturbed = await play();
  });

  it('are counted once each, by the first run and by a walk', () => {
    expect(countsOf(undisturbed)).toEqual(expected);
    expect(undisturbed.organisation.links('contact').size).toBe(contacts);
    expect(undisturbed.errors).toEqual([]);
  });

  it.each([
    ['die before', 0],
    ['die after', 6],
  ] as const)(
    'I4 are counted the same where a process should %s any one step',
    { timeout: 600_000 },
    async (kind, first) => {
      for (const step of stepsTried(undisturbed, first)) {
        const simulation = await play(step, kind);
        expect(countsOf(simulation), `step ${step}`).toEqual(expected);
        expect(simulation.errors, `step ${step}`).toEqual([]);
      }
    },
  );
});
