import fc from 'fast-check';
import { expect } from 'vitest';
import { changedRows } from '../../shared/contracts/counters.ts';
import type { Mode } from '../../shared/contracts/status.ts';
import { recordsOf } from './state-of.ts';
import { mapRowsPerSource, mostProfiles, spellings, type WideTable, WideWorld, wideTables } from './wide-world.ts';

const minute = 60_000;

const tableArbitrary = fc.constantFrom<WideTable>('contact', 'contact', 'lead');
const rowArbitrary = tableArbitrary.chain((table) =>
  fc.record({ table: fc.constant(table), source: fc.integer({ min: 1, max: wideTables[table].rows }) }),
);
const placeArbitrary = fc
  .tuple(rowArbitrary, fc.integer({ min: 0, max: mapRowsPerSource - 1 }))
  .map(([row, place]) => ({ ...row, place }));
const profileArbitrary = fc.integer({ min: 1, max: mostProfiles });

/** Everything that may happen to the organisation or the set-up, by kind. */
const changes = {
  map: fc.record({
    at: placeArbitrary,
    profile: profileArbitrary,
    spelling: fc.integer({ min: 0, max: spellings.length - 1 }),
    withoutLookup: fc.boolean(),
  }),
  unmap: fc.record({ at: placeArbitrary }),
  'leave and return': fc.record({ at: placeArbitrary, minutes: fc.constantFrom(1, 4, 12, 40, 300) }),
  profile: fc.record({ profile: profileArbitrary, isThere: fc.boolean() }),
  'late profile': fc.record({ profile: profileArbitrary, minutes: fc.constantFrom(2, 7, 30, 500) }),
  'link by hand': fc.record({ row: rowArbitrary, profile: fc.option(profileArbitrary, { nil: undefined }) }),
  'row deleted': fc.record({ row: rowArbitrary }),
  'row restored': fc.record({ row: rowArbitrary }),
  'set-up': fc.record({
    listed: fc.constantFrom<WideTable[]>(['contact', 'lead'], ['contact', 'lead'], ['contact'], ['lead']),
    misnamed: fc.constantFrom<WideTable[]>([], [], ['contact'], ['lead']),
  }),
  rename: fc.record({ number: fc.integer({ min: 0, max: 2 }) }),
  feed: fc.record({ feed: fc.constantFrom('changeTracking' as const, 'modified' as const, 'scan' as const) }),
  'token expires': fc.record({ of: fc.constantFrom('msdynci_alternatekey', 'contact') }),
  'column removed': fc.record({ table: tableArbitrary }),
  'column made by hand': fc.record({ table: tableArbitrary }),
} as const;
export type ChangeKind = keyof typeof changes;
export type WideChange = {
  [K in ChangeKind]: { kind: K } & (typeof changes)[K] extends infer A
    ? A extends { kind: K } & fc.Arbitrary<infer T>
      ? { kind: K } & T
      : never
    : never;
}[ChangeKind];

export const allKinds = Object.keys(changes) as ChangeKind[];
const weightOf: Partial<Record<ChangeKind, number>> = { map: 6, unmap: 2, 'leave and return': 2, 'link by hand': 2 };

const changeArbitrary = (kinds: readonly ChangeKind[]): fc.Arbitrary<WideChange> =>
  fc.oneof(
    ...kinds.map((kind) => ({
      weight: weightOf[kind] ?? 1,
      arbitrary: (changes[kind] as fc.Arbitrary<object>).map((change) => ({ kind, ...change }) as WideChange),
    })),
  );

const runArbitrary = (kinds: readonly ChangeKind[]) =>
  fc.record({
    kind: fc.constant('run' as const),
    mode: fc.constantFrom<Mode>('incremental', 'incremental', 'incremental', 'full', 'reconcile', 'rehearsal'),
    tables: fc.constantFrom<WideTable[] | undefined>(undefined, undefined, ['contact'], ['lead']),
    /** What happens while it is at work, at steps counted from its beginning. */
    meanwhile: fc.array(fc.record({ step: fc.integer({ min: 1, max: 120 }), change: changeArbitrary(kinds) }), {
      maxLength: 2,
    }),
    /** Steps at which the watching timer fires. */
    watches: fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 1 }),
    /** Another run is asked for right behind it. */
    isFollowed: fc.boolean(),
  });

/** A history of the wide world, made of these kinds of change alone. */
export const wideScenarioArbitrary = (kinds: readonly ChangeKind[] = allKinds) =>
  fc.record({
    pageSize: fc.integer({ min: 2, max: 5 }),
    sliceMs: fc.integer({ min: 400, max: 3_000 }),
    feed: fc.constantFrom('changeTracking' as const, 'changeTracking' as const, 'modified' as const, 'scan' as const),
    there: fc.subarray([1, 2, 3, 4], { minLength: 1 }),
    before: fc.array(changeArbitrary(kinds.filter((kind) => kind === 'map' || kind === 'late profile')), {
      minLength: 2,
      maxLength: 8,
    }),
    steps: fc.array(
      fc.oneof(
        { weight: 4, arbitrary: changeArbitrary(kinds) },
        { weight: 2, arbitrary: runArbitrary(kinds) },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.constantFrom(3, 20, 200, 12_000) }),
        },
      ),
      { maxLength: 9 },
    ),
  });
export type WideScenario = typeof wideScenarioArbitrary extends (kinds: never) => fc.Arbitrary<infer T> ? T : never;

const doers: { readonly [K in ChangeKind]: (world: WideWorld, change: WideChange & { readonly kind: K }) => void } = {
  map: (world, { at, profile, spelling, withoutLookup }) => world.map(at, profile, spelling, withoutLookup),
  unmap: (world, { at }) => world.unmap(at),
  'leave and return': (world, { at, minutes }) => world.leaveAndReturn(at, minutes),
  profile: (world, { profile, isThere }) => world.profile(profile, isThere),
  'late profile': (world, { profile, minutes }) =>
    world.simulation.clock.after(minutes * minute, () => world.profile(profile, true)),
  'link by hand': (world, { row, profile }) => world.editLink(row.table, row.source, profile),
  'row deleted': (world, { row }) => world.removeRow(row.table, row.source),
  'row restored': (world, { row }) => world.putRow(row.table, row.source),
  'set-up': (world, { listed, misnamed }) => world.setUp(listed, misnamed),
  rename: (world, { number }) => world.rename(number),
  feed: (world, { feed }) => world.feed(feed),
  'token expires': (world, { of }) => world.simulation.organisation.forgetChanges(of),
  'column removed': (world, { table }) => world.removeColumn(table),
  'column made by hand': (world, { table }) => world.makeColumn(table),
};

const apply = <K extends ChangeKind>(world: WideWorld, change: WideChange & { readonly kind: K }): void =>
  doers[change.kind as K](world, change);

/** Plays a history, then two events in peace, and holds what came of it against what must be true. */
export async function assessWide(scenario: WideScenario): Promise<void> {
  const { pageSize, sliceMs, there, before, feed } = scenario;
  const world = new WideWorld({ pageSize, sliceMs, settlingLimitMs: 40 * minute });
  const { simulation } = world;
  const { organisation, clock } = simulation;
  organisation.bulkSize = 2;
  world.feed(feed);
  for (const profile of there) world.profile(profile, true);
  for (const change of before) apply(world, change);

  let runs = 0;
  const play = async (mode: Mode, tables?: readonly WideTable[]): Promise<void> => {
    const setUp = simulation.options.setup.tables.map(({ table }) => table as WideTable);
    const wanted = tables?.filter((table) => setUp.includes(table));
    if (wanted?.length === 0) return;
    const writes = organisation.writes.length;
    const runId = simulation.post({
      eventId: `run ${++runs}`,
      mode,
      ...(wanted === undefined ? {} : { tables: [...wanted] }),
    });
    await simulation.run();
    if (mode === 'rehearsal') expect(organisation.writes.length, 'a rehearsal wrote').toBe(writes);
    tellsTheTruth(world, runId);
  };

  for (const step of scenario.steps) {
    if (step.kind === 'wait') clock.advance(step.minutes * minute);
    else if (step.kind === 'run') {
      disturb(world, step);
      if (step.isFollowed) {
        simulation.post({ eventId: `run ${++runs}`, mode: 'incremental' });
        await simulation.run();
      }
      const isDisturbed = step.isFollowed || step.meanwhile.length > 0;
      await (isDisturbed && step.mode === 'rehearsal' ? play('incremental') : play(step.mode, step.tables));
      simulation.world.faultAt = () => undefined;
    } else apply(world, step);
  }

  // What is still to come back or to arrive does so; then all is as it will stay.
  clock.advance(600 * minute);
  world.setUp(['contact', 'lead'], []);
  await play('incremental');
  clock.advance(60 * minute);
  await play('incremental');
  // Deletions that no feed tells are found by a walk over all rows.
  if (!world.tellsDeletions) await play('reconcile');
  clock.advance(60 * minute);

  expect(simulation.errors).toEqual([]);
  expect([...world.wrongLinks('contact'), ...world.wrongLinks('lead')]).toEqual([]);
  const { runs: recorded, tasks } = recordsOf(simulation);
  expect(recorded.map(({ endedAt }) => endedAt)).not.toContain(undefined);
  for (const { columns } of organisation.writes) expect(columns).toEqual(['msdynci_lookupfield_customerprofile']);
  const told = tasks
    .filter(({ mode }) => mode !== 'rehearsal')
    .reduce((sum, { counters }) => sum + changedRows(counters), 0);
  const isColumnLost = scenarioKinds(scenario).has('column removed');
  if (!isColumnLost && tasks.every(({ status }) => status !== 'Failed' && status !== 'Canceled')) {
    const changing = organisation.writes.filter(({ from, to }) => from !== to).length;
    // Whoever sets a link by hand between its reading and its writing may have set the very same.
    const most = isEditedMeanwhile(scenario) ? organisation.writes.length : changing;
    expect(told, 'counters against what was written').toBeGreaterThanOrEqual(changing);
    expect(told, 'counters against what was written').toBeLessThanOrEqual(most);
  }
}

/** Whether somebody changes links while a run is at work. */
const isEditedMeanwhile = ({ steps }: WideScenario): boolean =>
  steps.some((step) => step.kind === 'run' && step.meanwhile.some(({ change }) => change.kind === 'link by hand'));

/** Every kind of change in a history. */
function scenarioKinds({ steps }: WideScenario): Set<string> {
  return new Set(
    steps.flatMap((step) => [
      step.kind,
      ...(step.kind === 'run' ? step.meanwhile : []).map(({ change }) => change.kind),
    ]),
  );
}

/** Lets changes and timers fall into the run that comes next. */
function disturb(
  world: WideWorld,
  { meanwhile, watches }: { meanwhile: readonly { step: number; change: WideChange }[]; watches: readonly number[] },
): void {
  const { simulation } = world;
  const begun = simulation.world.steps;
  simulation.world.faultAt = (step) => {
    const found = meanwhile.find((one) => begun + one.step === step);
    if (found !== undefined) return { kind: 'meanwhile', action: () => apply(world, found.change) };
    if (watches.includes(step - begun)) return { kind: 'meanwhile', action: () => simulation.watchBeside() };
    return undefined;
  };
}

/** A task that is Successful, and since whose last pass began nothing changed, left every link of its table right. */
function tellsTheTruth(world: WideWorld, runId: string): void {
  const { tasks } = recordsOf(world.simulation);
  // What no feed tells is found by the walk.
  const isUntold = (mode: Mode) => !world.tellsDeletions && mode === 'incremental';
  for (const task of tasks) {
    if (task.runId !== runId || task.status !== 'Successful' || task.mode === 'rehearsal' || isUntold(task.mode))
      continue;
    const startedAt = world.simulation.lastPassStartedAt(task.table);
    if (startedAt === undefined || startedAt <= world.changedAt) continue;
    expect(world.wrongLinks(task.table as WideTable), `${task.mode} run, Successful`).toEqual([]);
  }
}
