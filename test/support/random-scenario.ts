import fc from 'fast-check';
import { expect } from 'vitest';
import type { Mode } from '../../shared/contracts/status.ts';
import { RetryableError } from '../../shared/errors.ts';
import { guardLinkStates } from './link-state-transitions.ts';
import type { Simulation } from './simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, unmap } from './small-organisation.ts';
import { linkStateOf, pendingOf, recordsOf, redundantWrites } from './state-of.ts';
import type { Fault } from './worker.ts';

const mostContacts = 6;
const mostProfiles = 4;

/** What Customer Insights, or the world, does to the organisation. */
const changeArbitrary = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('map' as const),
      source: fc.integer({ min: 1, max: mostContacts }),
      profile: fc.integer({ min: 1, max: mostProfiles }),
    }),
  },
  fc.record({ kind: fc.constant('unmap' as const), source: fc.integer({ min: 1, max: mostContacts }) }),
  fc.record({
    kind: fc.constant('second map row' as const),
    source: fc.integer({ min: 1, max: mostContacts }),
    profile: fc.integer({ min: 1, max: mostProfiles }),
  }),
  fc.record({ kind: fc.constant('remove' as const), source: fc.integer({ min: 1, max: mostContacts }) }),
);
export type Change = typeof changeArbitrary extends fc.Arbitrary<infer T> ? T : never;

const faultArbitrary = fc.record({
  step: fc.integer({ min: 1, max: 260 }),
  what: fc.oneof(
    fc.record({
      kind: fc.constantFrom(
        'die before' as const,
        'die after' as const,
        'throttled' as const,
        'unavailable' as const,
        'timed out' as const,
        'done twice' as const,
        'freeze' as const,
        'slow' as const,
        'slow answer' as const,
      ),
    }),
    fc.record({ kind: fc.constant('clock' as const), minutes: fc.integer({ min: -20, max: 20 }) }),
    fc.record({ kind: fc.constant('change' as const), change: changeArbitrary }),
  ),
});

/** A scenario: an organisation, what changes in it, and what befalls the processes meanwhile. */
export const scenarioArbitrary = fc.record({
  feed: fc.constantFrom('changeTracking' as const, 'changeTracking' as const, 'modified' as const, 'scan' as const),
  pageSize: fc.integer({ min: 2, max: 5 }),
  sliceMs: fc.integer({ min: 320, max: 3_000 }),
  map: fc.array(fc.integer({ min: 0, max: mostProfiles }), { minLength: 1, maxLength: mostContacts }),
  late: fc.uniqueArray(fc.integer({ min: 1, max: mostProfiles }), { maxLength: 2 }),
  bad: fc.option(fc.integer({ min: 1, max: mostContacts }), { freq: 3, nil: undefined }),
  changes: fc.array(changeArbitrary, { maxLength: 4 }),
  secondMode: fc.constantFrom<Mode>('incremental', 'incremental', 'full', 'reconcile'),
  isSecondAtOnce: fc.boolean(),
  faults: fc.uniqueArray(faultArbitrary, { maxLength: 6, selector: ({ step }) => step }),
  deliveries: fc.array(
    fc.record({
      delivery: fc.integer({ min: 1, max: 14 }),
      fault: fc.constantFrom('delivered again' as const, 'two at once' as const),
    }),
    { maxLength: 2 },
  ),
  isEventRepeated: fc.boolean(),
});
export type Scenario = typeof scenarioArbitrary extends fc.Arbitrary<infer T> ? T : never;

/**
 * Whether a write may be done though it changes nothing: after some faults, and in a first pass, which reads no links,
 * where two map rows name one source row.
 */
export const mayWriteInVain = ({ faults, deliveries, changes, isSecondAtOnce }: Scenario): boolean =>
  deliveries.some(({ fault }) => fault === 'two at once') ||
  faults.some(({ what: { kind } }) => ['done twice', 'freeze', 'change'].includes(kind)) ||
  (isSecondAtOnce && changes.some(({ kind }) => kind === 'second map row'));

/** Plays a scenario until every run has ended, and then a last event in peace. */
export async function playScenario(scenario: Scenario): Promise<Simulation> {
  const simulation = prepare(scenario);
  const { world } = simulation;
  guardLinkStates(simulation);
  simulation.deliveryFault = (delivery) => scenario.deliveries.find((fault) => fault.delivery === delivery)?.fault;
  const faults = new Map(scenario.faults.map(({ step, what }) => [step, what]));
  world.faultAt = (step, at): Fault | undefined => {
    const fault = faults.get(step);
    if (fault === undefined) return undefined;
    switch (fault.kind) {
      case 'throttled':
        return { kind: 'error before', error: new RetryableError('429', { retryAfterMs: 7_000 }) };
      case 'unavailable':
        return { kind: 'error before', error: new RetryableError('503') };
      case 'timed out':
        return { kind: 'error after', error: new RetryableError('No answer.') };
      case 'clock':
        return {
          kind: 'meanwhile',
          action: () => {
            simulation.skewMs += fault.minutes * 60_000;
          },
        };
      case 'change':
        return { kind: 'meanwhile', action: () => apply(simulation, fault.change) };
      // Completing and sending are not tried again by themselves.
      case 'done twice':
        return at === 'complete' ? undefined : { kind: 'done twice' };
      case 'freeze':
        return at === 'complete' ? undefined : { kind: 'freeze' };
      default:
        return { kind: fault.kind };
    }
  };
  simulation.post({ eventId: 'first' });
  if (scenario.isEventRepeated) simulation.broker.send('unification-events', 'first again', undefined, eventBody());
  if (!scenario.isSecondAtOnce) await simulation.run();
  for (const change of scenario.changes) apply(simulation, change);
  simulation.post({ eventId: 'second', mode: scenario.secondMode });
  await simulation.run();

  world.faultAt = () => undefined;
  simulation.deliveryFault = () => undefined;
  beInPeace(simulation);
  simulation.clock.advance(3_600_000);
  simulation.post({ eventId: 'last' });
  await simulation.run();
  // Only change tracking tells of deletions; the other feeds leave them to the walk.
  if (scenario.feed === 'modified') {
    simulation.post({ eventId: 'walk', mode: 'reconcile' });
    await simulation.run();
  }
  const isClockOff = scenario.faults.some(({ what }) => what.kind === 'clock');
  // By a clock that is off, the pass that looks again may be over before a write arrives that was held up long ago.
  if (isClockOff && scenario.faults.some(({ what }) => what.kind === 'freeze')) {
    simulation.post({ eventId: 'look at all', mode: 'reconcile' });
    await simulation.run();
  }
  // By a clock that is off, a run may be over before links may be cleared: the next one does it.
  if (isClockOff) {
    simulation.clock.advance(3_600_000);
    simulation.post({ eventId: 'later' });
    await simulation.run();
  }
  return simulation;
}

/** Where nothing befalls a process any more, short slices and small pages cost time and show nothing. */
export const beInPeace = ({ options }: Simulation): void => {
  Object.assign(options, { sliceMs: 60_000, pageSize: 50 });
};

const eventBody = () => ({ eventId: 'first', completedAt: '2026-03-02T05:59:00Z' });

function prepare({ feed, pageSize, sliceMs, map, late, bad }: Scenario): Simulation {
  const simulation = smallOrganisation({ contacts: mostContacts, leads: 0 }, { pageSize, sliceMs });
  const { organisation, options, clock } = simulation;
  Object.assign(options, { setup: { ...options.setup, tables: options.setup.tables.slice(0, 1) } });
  organisation.bulkSize = 2;
  if (feed !== 'changeTracking') organisation.alterTable('msdynci_alternatekey', { changeTracking: false });
  if (feed === 'scan') organisation.alterTable('msdynci_alternatekey', { tableType: 'Virtual' });
  for (let profile = 1; profile <= mostProfiles; profile++) {
    if (late.includes(profile)) clock.after(profile * 2 * 60_000, () => addProfile(simulation, profile));
    else addProfile(simulation, profile);
  }
  for (const [index, profile] of map.entries()) {
    if (profile > 0) mapTo(simulation, { kind: 'c', source: index + 1, profile, withoutLookup: profile === 2 });
  }
  if (bad !== undefined) organisation.badRows.set(guidOf('c', bad), 'A plug-in refused it.');
  return simulation;
}

function apply(simulation: Simulation, change: Change): void {
  const { source } = change;
  if (change.kind === 'map') mapTo(simulation, { kind: 'c', source, profile: change.profile });
  if (change.kind === 'second map row')
    mapTo(simulation, { kind: 'c', source, mapRow: source + 100, profile: change.profile });
  if (change.kind === 'unmap') {
    unmap(simulation, { kind: 'c', source });
    unmap(simulation, { kind: 'c', source, mapRow: source + 100 });
  }
  if (change.kind === 'remove') simulation.organisation.remove('contact', guidOf('c', source));
}

/** What the map says of every contact that exists: the newest map row whose profile exists has the last word. */
export function truthOf({ organisation }: Simulation): Map<string, string> {
  const truth = new Map<string, string>();
  const rows = organisation
    .ids('msdynci_alternatekey')
    .map((id) => organisation.row('msdynci_alternatekey', id) ?? {})
    .sort((a, b) => Number(a.versionnumber) - Number(b.versionnumber));
  for (const row of rows) {
    const key = String(row.msdynci_alternatevalue)
      .replaceAll(/[^0-9a-fA-F]/g, '')
      .toLowerCase();
    const source = organisation.ids('contact').find((id) => id.replaceAll('-', '') === key);
    const profile = guidOf('p', Number(String(row.msdynci_customerid).replace('customer-', '')));
    if (source !== undefined && organisation.row('msdynci_customerprofile', profile)) truth.set(source, profile);
  }
  return truth;
}

/** Whether there may be a time at which the map names no contact at all, or only some that are gone. */
function mayBeUnmapped({ map, changes, faults }: Scenario): boolean {
  const meanwhile = faults.map(({ what }) => (what.kind === 'change' ? what.change.kind : undefined));
  const unmapped = [...changes.map(({ kind }) => kind), ...meanwhile].filter(
    (kind) => kind === 'unmap' || kind === 'remove',
  ).length;
  return map.filter((profile) => profile > 0).length <= unmapped;
}

/** Plays a scenario and holds its end against everything that must be true of it. */
export async function assessScenario(scenario: Scenario): Promise<void> {
  const simulation = await playScenario(scenario);
  const { organisation, errors } = simulation;
  const { runs, tasks } = recordsOf(simulation);

  expect(errors).toEqual([]);
  const bad = scenario.bad === undefined ? undefined : guidOf('c', scenario.bad);
  const good = (links: ReadonlyMap<string, string>) => [...links].filter(([id]) => id !== bad).sort();
  expect(good(organisation.links('contact'))).toEqual(good(truthOf(simulation)));

  expect(runs.map(({ endedAt }) => endedAt)).not.toContain(undefined);
  // A walk alone never waits for a profile.
  // Links are cleared some time after they lost their place: where a clock is off, that may be after the run.
  const isClockOff = scenario.faults.some(({ what }) => what.kind === 'clock');
  const mayWarn = bad !== undefined || isClockOff || (scenario.secondMode === 'reconcile' && scenario.late.length > 0);
  const wellEnded = mayWarn || mayBeUnmapped(scenario) ? ['Successful', 'Completed with warnings'] : ['Successful'];
  // A table that the map does not name fails a requirement; where links had to be cleared for it, that is a warning.
  if (mayBeUnmapped(scenario)) wellEnded.push('Skipped');
  for (const { status } of tasks) expect(wellEnded).toContain(status);
  expect(linkStateOf(simulation, 'contact').pass).toBeUndefined();
  expect(pendingOf(simulation, 'contact').filter(({ id }) => id !== bad)).toEqual([]);

  for (const { columns } of organisation.writes) expect(columns).toEqual(['msdynci_lookupfield_customerprofile']);
  if (!mayWriteInVain(scenario)) expect(redundantWrites(simulation)).toBe(0);
}
