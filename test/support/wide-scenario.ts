import fc from 'fast-check';
import type { Mode } from '../../shared/contracts/status.ts';
import { mapRowsPerSource, mostProfiles, spellings, type WideTable, type WideWorld, wideTables } from './wide-world.ts';

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
  'profile twice': fc.record({ profile: profileArbitrary, isThere: fc.boolean() }),
  'bad rule': fc.record({ table: tableArbitrary, profile: profileArbitrary }),
  'good rule': fc.record({ table: tableArbitrary }),
  'all leave': fc.record({ table: tableArbitrary }),
  table: fc.record({ table: tableArbitrary, isThere: fc.boolean() }),
  'row refused': fc.record({ row: rowArbitrary, isRefused: fc.boolean() }),
  'nothing can be published': fc.record({ isSo: fc.boolean() }),
  'storage refuses': fc.record({ minutes: fc.constantFrom(1, 12, 90) }),
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
const weightOf: Partial<Record<ChangeKind, number>> = { map: 8, unmap: 2, 'leave and return': 2, 'link by hand': 2 };

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
    /** Steps at which the watching timer fires, in one process or in two at once. */
    watches: fc.array(fc.record({ step: fc.integer({ min: 1, max: 120 }), isTwice: fc.boolean() }), { maxLength: 2 }),
    /** Which holds the operator confirms that starts it. */
    confirms: fc.constantFrom<Confirms>('none', 'none', 'none', 'shown', 'outdated', 'unknown', 'all'),
    /** Another run is asked for right behind it. */
    isFollowed: fc.boolean(),
  });

/** Holds that a run confirms: those that are shown, those that were, one that never was, or whatever there is. */
export type Confirms = 'none' | 'shown' | 'outdated' | 'unknown' | 'all';

/** A history of the wide world, made of these kinds of change alone. */
export const wideScenarioArbitrary = (kinds: readonly ChangeKind[] = allKinds) =>
  fc.record({
    pageSize: fc.integer({ min: 2, max: 5 }),
    sliceMs: fc.integer({ min: 400, max: 3_000 }),
    feed: fc.constantFrom('changeTracking' as const, 'changeTracking' as const, 'modified' as const, 'scan' as const),
    /** Many contacts, all mapped at first: enough for brakes. */
    isCrowded: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    /** Whether of several messages the last or the first is delivered. */
    isLastFirst: fc.boolean(),
    there: fc.subarray([1, 2, 3, 4], { minLength: 1 }),
    before: fc.array(changeArbitrary(kinds.filter((kind) => kind === 'map' || kind === 'late profile')), {
      minLength: 2,
      maxLength: 8,
    }),
    steps: fc.array(
      fc.oneof(
        { weight: 80, arbitrary: changeArbitrary(kinds) },
        { weight: 40, arbitrary: runArbitrary(kinds) },
        /** More runs at once than a list shows. */
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constant('flood' as const), runs: fc.integer({ min: 101, max: 110 }) }),
        },
        {
          weight: 20,
          arbitrary: fc.record({
            kind: fc.constant('wait' as const),
            minutes: fc.constantFrom(3, 20, 200, 12_000, 140_000),
          }),
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
  'token expires': (world, { of }) => {
    const { organisation } = world.simulation;
    if (organisation.hasTable(of)) organisation.forgetChanges(of);
  },
  'column removed': (world, { table }) => world.removeColumn(table),
  'column made by hand': (world, { table }) => world.makeColumn(table),
  'profile twice': (world, { profile, isThere }) => world.twin(profile, isThere),
  'bad rule': (world, { table, profile }) => world.mapAll(table, () => profile),
  'good rule': (world, { table }) => world.mapAll(table, goodRule),
  'all leave': (world, { table }) => world.unmapAll(table),
  table: (world, { table, isThere }) => world.table(table, isThere),
  'row refused': (world, { row, isRefused }) => world.refuse(row.table, row.source, isRefused),
  'nothing can be published': (world, { isSo }) => {
    world.simulation.broker.refusesToPublish = isSo;
  },
  'storage refuses': (world, { minutes }) => {
    world.miscounted = true;
    world.storageRefusesUntil = world.simulation.clock.now() + minutes * minute;
  },
};

/** Spreads the rows of a table over the profiles. */
export const goodRule = (source: number): number => (source % mostProfiles) + 1;

export const apply = <K extends ChangeKind>(world: WideWorld, change: WideChange & { readonly kind: K }): void =>
  doers[change.kind as K](world, change);
