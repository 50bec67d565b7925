import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { listSegments } from '../../shared/segments/list-segments.ts';
import type { Fault } from '../support/worker.ts';
import { SegmentWorld, type UnitName } from './segment-world.ts';

const names = ['Loyal', 'Churn', 'New'];

/** Sixteen customers of two units in three segments. */
function someCustomers(options: ConstructorParameters<typeof SegmentWorld>[0] = {}): SegmentWorld {
  const world = new SegmentWorld(options);
  for (let number = 1; number <= 16; number++) {
    const segments = names.filter((_, at) => (number + at) % (at + 2) === 0);
    world.put(number, number % 5 === 0 ? 'south' : 'north', segments);
  }
  return world;
}

/** Customers change segments and units, come and go; a profile goes, another comes back. */
function changeSome(world: SegmentWorld): void {
  world.put(1, 'north', ['Loyal', 'New']);
  world.put(2, 'south');
  world.put(3, undefined);
  world.remove(4);
  world.put(31, 'south', ['New']);
  world.put(6, 'north', []);
}

/** A first reading, changes, a second reading; the process that does step `at` meets a fault. */
async function play(at?: number, fault: Fault = { kind: 'die before' }): Promise<SegmentWorld> {
  const world = someCustomers();
  world.world.faultAt = (step) => (step === at ? fault : undefined);
  await world.readOn();
  world.clock.advance(3_600_000);
  changeSome(world);
  await world.readOn();
  return world;
}

describe('the counts of segments', () => {
  let undisturbed: SegmentWorld;
  let steps: number;
  beforeAll(async () => {
    undisturbed = await play();
    steps = undisturbed.world.steps;
  });

  it('are what they are', async () => {
    expect(await undisturbed.shown()).toEqual(undisturbed.truth());
    expect(undisturbed.truth().Loyal?.south).toBeGreaterThan(0);
  });

  it.each(['die before', 'die after', 'freeze', 'done twice'] as const)(
    'I4 are the same where a process should %s any one step',
    { timeout: 120_000 },
    async (kind) => {
      for (let step = 1; step <= steps; step++) {
        const world = await play(step, { kind });
        expect(await world.shown(), `step ${step}`).toEqual(undisturbed.truth());
      }
    },
  );

  it('I4 are left alone by a process that was held up and has lost them to another', { timeout: 60_000 }, async () => {
    let held = 0;
    for (let step = 1, isOver = false; !isOver; step++) {
      const world = someCustomers();
      await world.readOn();
      world.clock.advance(3_600_000);
      changeSome(world);
      const before = world.world.steps;
      world.world.faultAt = (at) => (at === before + step ? { kind: 'freeze' } : undefined);
      isOver = (await world.read()) === 'done';
      // What it has read, and not yet written, is no longer so.
      world.put(1, 'south', ['Churn']);
      world.put(31, 'north', ['Loyal']);
      world.remove(8);
      world.clock.advance(130_000);
      await world.readOn({ thaw: false });
      await world.readOn({ thaw: false });
      if (world.world.hasFrozen) held++;
      world.world.thaw();
      await setImmediate();
      expect(await world.shown(), `step ${step}`).toEqual(world.truth());
    }
    expect(held).toBeGreaterThan(50);
  });

  it('I4 are left alone by a process that was held up in a part that nobody had reason to write since', async () => {
    // The second page brings the only member of its part, who leaves before anybody else reads that page.
    let held = 0;
    for (let step = 1, isOver = false; !isOver; step++) {
      const world = new SegmentWorld();
      for (let number = 1; number <= 8; number++) world.put(number, 'north', ['Loyal']);
      world.world.faultAt = (at) => (at === step ? { kind: 'freeze' } : undefined);
      isOver = (await world.read()) === 'done';
      world.remove(7);
      world.clock.advance(130_000);
      await world.readOn({ thaw: false });
      if (world.world.hasFrozen) held++;
      world.world.thaw();
      await setImmediate();
      expect(await world.shown(), `step ${step}`).toEqual(world.truth());
    }
    expect(held).toBeGreaterThan(30);
  });

  it('are brought up to date by what changed alone', async () => {
    const world = someCustomers();
    world.clock.advance(3_600_000);
    await world.readOn();
    world.clock.advance(3_600_000);
    world.put(1, 'north', ['Churn']);
    world.put(2, 'south');
    const before = world.organisation.requests;
    await world.readOn();

    expect(await world.shown()).toEqual(world.truth());
    // Metadata; a page of changes and its profiles; a page of profiles and their memberships; units, and owners.
    expect(world.organisation.requests - before).toBeLessThanOrEqual(9);
    const { state } = await world.store().load();
    expect(state.shown?.readWholeAt).not.toBe(state.shown?.countedAt);
  });

  it('are read whole where the list of changes has expired, and shown as before until then', async () => {
    const world = someCustomers();
    await world.readOn();
    const before = world.truth();
    world.clock.advance(3_600_000);
    changeSome(world);
    world.organisation.forgetChanges('msdynci_segmentmembership');
    await world.read(1);
    const { state } = await world.store().load();
    expect(state.reading?.allBecause).toBe('the list of changes expired');
    expect(await world.shown()).toEqual(before);

    await world.readOn();
    expect(await world.shown()).toEqual(world.truth());
  });

  it.each([{ tracked: false }, { tracked: true }])(
    'are right where the table tracks its changes: $tracked',
    async (options) => {
      const world = someCustomers(options);
      await world.readOn();
      expect(await world.shown()).toEqual(world.truth());
      world.clock.advance(3_600_000);
      changeSome(world);
      await world.readOn();
      expect(await world.shown()).toEqual(world.truth());
      world.organisation.alterTable('msdynci_segmentmembership', { changeTracking: !options.tracked });
      world.put(7, 'south', ['New']);
      await world.readOn();
      expect(await world.shown()).toEqual(world.truth());
    },
  );

  it('leave nothing of an earlier generation behind', async () => {
    const world = someCustomers();
    await world.readOn();
    world.clock.advance(8 * 86_400_000);
    await world.readOn();
    const generations = new Set(
      world.table.partitions.filter((name) => name !== 'state').map((name) => name.split('|')[0]),
    );
    expect(generations.size).toBe(1);
    expect(await world.shown()).toEqual(world.truth());
  });

  it('are right at last, whatever changes and whoever dies or is held up meanwhile', { timeout: 60_000 }, async () => {
    const change = fc.record({
      number: fc.integer({ min: 1, max: 20 }),
      unit: fc.constantFrom<UnitName | undefined>('north', 'south', undefined),
      segments: fc.option(fc.subarray(names), { nil: undefined }),
      leaves: fc.boolean(),
    });
    const fault = fc.record({
      at: fc.integer({ min: 1, max: 400 }),
      kind: fc.constantFrom('die before', 'die after', 'freeze', 'done twice'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 5 }),
        fc.array(fault, { maxLength: 6 }),
        async (rounds, faults) => {
          const world = new SegmentWorld();
          for (let number = 1; number <= 12; number++) world.put(number, 'north', names.slice(0, number % 4));
          world.world.faultAt = (step) => faults.find(({ at }) => at === step) as Fault | undefined;
          for (const changes of rounds) {
            // While a reading is under way, too.
            await world.read(60);
            for (const { number, unit, segments, leaves } of changes) {
              if (leaves) world.remove(number);
              else if (segments !== undefined || world.organisation.ids('msdynci_segmentmembership').length > 0)
                world.put(number, unit, segments ?? ['New']);
            }
            world.clock.advance(130_000);
          }
          await world.readOn();
          world.clock.advance(130_000);
          world.world.thaw();
          await world.readOn();
          expect(await world.shown()).toEqual(world.truth());
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('two processes at once', () => {
  it('do not get into each other’s way: the second leaves it to the first', async () => {
    const world = someCustomers();
    const first = world.read(60);
    const second = await world.read(60);
    expect([await first, second]).toEqual(['done', 'done']);
    await world.readOn();
    expect(await world.shown()).toEqual(world.truth());
  });
});

describe('a segment', () => {
  it('is ready where all members and the owner belong to one unit', async () => {
    const world = new SegmentWorld();
    for (const number of [1, 2, 3]) world.put(number, 'north', ['Loyal']);
    world.own('Loyal', 'north');
    await world.readOn();

    expect(await world.verdict('Loyal')).toMatchObject({
      ...{ name: 'Loyal', provider: 'CI', members: 3, ready: 'yes', reasons: [] },
      units: [{ name: 'north', members: 3 }],
      owner: { name: 'north' },
      inTheWay: { members: 0, sample: [] },
    });
  });

  it('is not ready where a member belongs elsewhere, who is named', async () => {
    const world = new SegmentWorld();
    for (const number of [1, 2, 3]) world.put(number, 'north', ['Loyal']);
    world.put(4, 'south', ['Loyal']);
    world.own('Loyal', 'north');
    await world.readOn();

    const verdict = await world.verdict('Loyal');
    expect(verdict).toMatchObject({ ready: 'no', reasons: ['Its members belong to 2 business units.'] });
    expect(verdict.inTheWay).toEqual({
      members: 1,
      sample: [{ customerId: '4'.padStart(32, '0'), unit: { id: expect.any(String), name: 'south' } }],
    });
  });

  it('is not ready where the owner belongs elsewhere', async () => {
    const world = new SegmentWorld();
    for (const number of [1, 2]) world.put(number, 'north', ['Loyal']);
    world.own('Loyal', 'south');
    await world.readOn();

    const verdict = await world.verdict('Loyal');
    expect(verdict).toMatchObject({ ready: 'no', reasons: ['Its members belong to north, its owner to south.'] });
    expect(verdict.inTheWay.members).toBe(2);
  });

  it('may be ready where nobody can tell the owner, and is not where members differ', async () => {
    const world = new SegmentWorld({ owners: false });
    for (const number of [1, 2]) world.put(number, 'north', ['Loyal', 'New']);
    world.put(3, 'south', ['New']);
    await world.readOn();

    const [loyal, mixed] = [await world.verdict('Loyal'), await world.verdict('New')];
    expect(loyal).toMatchObject({ ready: 'unknown', owner: null, inTheWay: { members: 0 } });
    expect(loyal.reasons[0]).toContain('no table of segments with owners');
    expect(mixed).toMatchObject({ ready: 'no', inTheWay: { members: 1 } });
  });

  it('is not ready any more once the profile of a member is deleted', async () => {
    const world = new SegmentWorld();
    for (const number of [1, 2, 3]) world.put(number, 'north', ['Loyal']);
    world.own('Loyal', 'north');
    await world.readOn();
    expect(await world.verdict('Loyal')).toMatchObject({ ready: 'yes' });
    world.clock.advance(3_600_000);

    world.put(2, undefined);
    await world.readOn();

    expect(await world.verdict('Loyal')).toMatchObject({ ready: 'no', inTheWay: { members: 1 } });
    const { state } = await world.store().load();
    expect(state.shown?.readWholeAt).not.toBe(state.shown?.countedAt);
  });

  it('get on where each process has time for a page alone', async () => {
    const world = someCustomers();
    for (let turn = 0; turn < 200; turn++) {
      const { state } = await world.store().load();
      if (state.shown !== undefined) break;
      await world.read(0);
      world.clock.advance(130_000);
    }
    expect(await world.shown()).toEqual(world.truth());
  });

  it('is unknown where two segments are called alike, and both are named', async () => {
    const world = new SegmentWorld();
    for (const number of [1, 2, 3]) world.put(number, 'north', ['Loyal']);
    world.own('Loyal', 'north');
    world.own(' LOYAL', 'south');
    await world.readOn();

    const verdict = await world.verdict('Loyal');
    expect(verdict).toMatchObject({ ready: 'unknown', owner: null });
    expect(verdict.reasons.join(' ')).toMatch(/"Loyal" of north.*"LOYAL" of south|"LOYAL" of south.*"Loyal" of north/);
  });

  it('has its owner however its name is written there, and whatever word it is', async () => {
    const world = new SegmentWorld();
    for (const name of ['Loyal', 'constructor', '__proto__']) world.put(name.length, 'north', [name]);
    world.own('loyal ', 'north');
    await world.readOn();

    expect(await world.verdict('Loyal')).toMatchObject({ ready: 'yes', owner: { name: 'north' } });
    for (const name of ['constructor', '__proto__']) {
      expect(await world.verdict(name), name).toMatchObject({ ready: 'unknown', owner: null, members: 1 });
    }
  });

  it.each([
    ['is cut off', '["Loyal","Chu'],
    ['holds what is no name', '["Loyal", 7]'],
    ['is no list', '{"a":1}'],
  ])('is not called ready where a list of memberships %s, which is counted and said', async (_, list) => {
    const world = new SegmentWorld();
    for (const number of [1, 2, 3]) world.put(number, 'north', ['Loyal']);
    world.own('Loyal', 'north');
    world.put(4, 'south', ['Loyal']);
    world.write(4, list);
    await world.readOn();

    const verdict = await world.verdict('Loyal');
    expect(verdict.ready).not.toBe('yes');
    expect(verdict.reasons.join(' ')).toMatch(/1 membership .* cannot be read/);
    const { segments } = await listSegments(world.partsOutside(), { after: undefined, pageSize: 100 });
    expect(segments.map(({ name }) => name)).toEqual(['Loyal']);
  });

  it('is not ready where a member has no profile', async () => {
    const world = new SegmentWorld();
    world.put(1, 'north', ['Loyal']);
    world.put(2, undefined, ['Loyal']);
    world.own('Loyal', 'north');
    await world.readOn();

    expect(await world.verdict('Loyal')).toMatchObject({ ready: 'no', inTheWay: { members: 1 } });
  });
});
