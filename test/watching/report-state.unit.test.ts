import { describe, expect, it } from 'vitest';
import { noRows } from '../../shared/contracts/counters.ts';
import type { Run, Task } from '../../shared/contracts/run.ts';
import { watchRuns } from '../../shared/runs/watch-runs.ts';
import type { LinkState } from '../../shared/state/link-states.ts';
import { type Attributes, silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { version } from '../../shared/version.ts';
import { memoryParts } from '../api/memory-parts.ts';

const hour = 3_600_000;
const begin = Date.parse('2026-11-22T00:00:00Z');
const at = (hours: number): string => new Date(begin + hours * hour).toISOString();
const settled = { token: 't', profileSchema: 's', feed: 'changeTracking' as const };

/** An app whose clock is set, and what its watch told at the last look. */
function watched() {
  let now = begin;
  let told: { metric: string; value: number; attributes: Attributes | undefined }[] = [];
  const note = (metric: string, value: number, attributes?: Attributes) =>
    void told.push({ metric, value, attributes });
  const { parts: base } = memoryParts({ telemetry: { ...silentTelemetry, count: note, record: note } });
  const parts = { ...base, now: () => now, options: { ...base.options, retentionMs: 90 * 24 * hour } };

  return {
    async lookAt(hours: number): Promise<void> {
      now = begin + hours * hour;
      told = [];
      await watchRuns(parts);
    },
    /** The value of a metric at the last look; undefined where it was not told. */
    value: (metric: string, table?: string): number | undefined =>
      told.filter((one) => one.metric === metric && one.attributes?.table === table).at(-1)?.value,
    told: (metric: string) => told.filter((one) => one.metric === metric),
    async run(hours: number, change: Partial<Run> = {}, tasks: readonly Partial<Task>[] = []): Promise<void> {
      const run: Run = {
        runId: String(hours).padStart(32, '0'),
        eventId: String(hours),
        source: 'nightly flow',
        mode: 'incremental',
        tables: ['contact'],
        confirm: false,
        beyondLimits: false,
        giveOwners: false,
        status: 'Refreshing',
        occurredAt: at(hours),
        receivedAt: at(hours),
        ...change,
      };
      await parts.runs.record(run);
      for (const task of tasks)
        await parts.runs.recordTask({
          runId: run.runId,
          table: 'contact',
          mode: run.mode,
          status: 'Refreshing',
          queuedAt: run.receivedAt,
          updatedAt: run.receivedAt,
          counters: noRows,
          passes: 0,
          details: [],
          findings: [],
          ...task,
        });
    },
    async save(table: string, state: LinkState): Promise<void> {
      const loaded = await parts.linkStates.load({ table });
      await parts.linkStates.save({ table }, state, loaded.etag);
    },
  };
}

const done = (hours: number): Partial<Run> => ({ status: 'Successful', endedAt: at(hours) });
const linked = (hours: number, pendingRows = 0): LinkState => ({
  watermark: { ...settled, takenAt: at(hours) },
  pendingRows,
  lastPass: {
    runId: '0'.repeat(32),
    followUp: 0,
    startedAt: at(hours),
    endedAt: at(hours),
    counters: { ...noRows, failed: pendingRows },
    growing: false,
    newestChange: 0,
    waitingSample: [],
    warnings: [],
    details: [],
  },
});

describe('the beat', () => {
  it('is told once a look, with the version, after everything could be read', async () => {
    const app = watched();

    await app.lookAt(0);

    expect(app.told('backstamp.heartbeat')).toEqual([
      { metric: 'backstamp.heartbeat', value: 1, attributes: { version } },
    ]);
  });
});

describe('a run without progress', () => {
  it('is 0 where no run is open', async () => {
    const app = watched();
    await app.run(0, done(1));

    await app.lookAt(5);

    expect(app.value('backstamp.run.without_progress')).toBe(0);
    expect(app.value('backstamp.run.open_tasks')).toBe(0);
  });

  it('counts from the last sign of any of its tables, without the pause between follow-ups', async () => {
    const app = watched();
    const long: Partial<Task>[] = [
      { table: 'contact', updatedAt: at(1) },
      { table: 'lead', updatedAt: at(9.9) },
    ];
    await app.run(0, { tables: ['contact', 'lead'] }, long);

    await app.lookAt(10);

    // However long it lasts: a table moved six minutes ago, and a follow-up waits one second here.
    expect(app.value('backstamp.run.without_progress')).toBeCloseTo(0.1 * 3_600 - 1);
    expect(app.value('backstamp.run.open_tasks')).toBe(2);
  });

  it('grows on while the watch sends lost tasks on their way again: that is no sign of life', async () => {
    const app = watched();
    await app.run(0, {}, [{ updatedAt: at(0) }]);

    for (const look of [1, 2, 3]) {
      await app.lookAt(look);
      expect(app.value('backstamp.run.without_progress')).toBeCloseTo(look * 3_600 - 1);
    }
  });

  it('is not raised by a rehearsal', async () => {
    const app = watched();
    await app.run(0, { mode: 'rehearsal' }, [{ updatedAt: at(0) }]);

    await app.lookAt(1);

    expect(app.value('backstamp.run.without_progress')).toBe(0);
  });
});

describe('the age of the last event', () => {
  it('counts from the first look where there was none, and from the last event ever after', async () => {
    const app = watched();
    await app.lookAt(0);
    await app.lookAt(30);
    expect(app.value('backstamp.event.age')).toBe(30 * 3_600);

    await app.run(31, done(32));
    await app.lookAt(33);
    expect(app.value('backstamp.event.age')).toBe(2 * 3_600);

    // The run is gone long since, the event is not forgotten.
    await app.lookAt(24 * 200);
    expect(app.value('backstamp.event.age')).toBe((24 * 200 - 31) * 3_600);
  });

  it.each<[string, Partial<Run>]>([
    ['a rehearsal', { mode: 'rehearsal' }],
    ['a run that an operator asked for', { source: 'operator' }],
  ])('is not lowered by %s', async (_, change) => {
    const app = watched();
    await app.run(0, done(1));
    await app.run(20, { ...change, ...done(21) });

    await app.lookAt(30);

    expect(app.value('backstamp.event.age')).toBe(30 * 3_600);
  });
});

describe('a table without a watermark', () => {
  it('counts from the first run that was to link it, and is 0 as soon as it is linked', async () => {
    const app = watched();
    await app.lookAt(1);
    expect(app.value('backstamp.table.unlinked', 'contact')).toBe(0);

    await app.run(2, done(3), [{ status: 'Skipped', endedAt: at(2) }]);
    await app.run(26, done(27), [{ status: 'Skipped', endedAt: at(26) }]);
    await app.lookAt(30);
    expect(app.value('backstamp.table.unlinked', 'contact')).toBe(28 * 3_600);
    // No run was about it.
    expect(app.value('backstamp.table.unlinked', 'lead')).toBe(0);

    await app.save('contact', linked(30));
    await app.lookAt(31);
    expect(app.value('backstamp.table.unlinked', 'contact')).toBe(0);
    expect(app.value('backstamp.watermark.age', 'contact')).toBe(3_600);
  });
});

describe('the growth of pending rows', () => {
  it('is what a run left more, or less, than the one before; told once', async () => {
    const app = watched();
    await app.save('contact', linked(0, 10));
    await app.lookAt(1);
    expect(app.value('backstamp.pending_rows.growth', 'contact')).toBe(0);

    await app.save('contact', linked(2, 150));
    await app.lookAt(3);
    expect(app.value('backstamp.pending_rows.growth', 'contact')).toBe(140);
    await app.lookAt(4);
    expect(app.value('backstamp.pending_rows.growth', 'contact')).toBe(0);

    await app.save('contact', linked(5, 20));
    await app.lookAt(6);
    expect(app.value('backstamp.pending_rows.growth', 'contact')).toBe(-130);
  });

  it('waits for the run to end: rows that wait for their profiles come and go', async () => {
    const app = watched();
    await app.save('contact', linked(0, 10));
    await app.lookAt(1);

    await app.run(2, {}, [{ updatedAt: at(2.9) }]);
    await app.save('contact', linked(2, 9_000));
    await app.lookAt(3);

    expect(app.told('backstamp.pending_rows.growth')).toEqual([]);
  });
});

describe('what is held, and how many rows are linked', () => {
  const hold = {
    id: 'h',
    kind: 'move' as const,
    count: 40,
    linkedRows: 100,
    limitPercent: 20,
    since: at(2),
    shownAt: at(2),
    sample: [],
  };
  const state = (linkedRows: number, holds: (typeof hold)[] = [], confirmed: string[] = []): LinkState => ({
    ...linked(0),
    linking: { linkedRows, holds, confirmed },
  });

  it('is told from when it was first held until it is confirmed', async () => {
    const app = watched();
    await app.save('contact', state(100));
    await app.lookAt(1);
    expect(app.value('backstamp.hold.age', 'contact')).toBe(0);

    await app.save('contact', state(100, [hold]));
    await app.lookAt(5);
    expect(app.value('backstamp.hold.age', 'contact')).toBe(3 * 3_600);

    await app.save('contact', state(100, [hold], ['h']));
    await app.lookAt(6);
    expect(app.value('backstamp.hold.age', 'contact')).toBe(0);
  });

  it('is told with the rows that have no link, by reason', async () => {
    const app = watched();
    const { lastPass, ...rest } = state(100);
    const notLinked = { notInMap: 60, waiting: 30, failed: 6, held: 2, acrossUnits: 1, keyUnusable: 1 };
    const coverage = { rows: 400, linked: 300, notLinked };
    await app.save('contact', { ...rest, ...(lastPass === undefined ? {} : { lastPass: { ...lastPass, coverage } }) });
    await app.lookAt(1);
    expect(app.value('backstamp.coverage', 'contact')).toBe(75);
    const told = app.told('backstamp.unlinked_rows').map(({ value, attributes }) => [attributes?.reason, value]);
    expect(Object.fromEntries(told)).toEqual(notLinked);
  });

  it('is told as the share that lost its links, once', async () => {
    const app = watched();
    await app.save('contact', state(200));
    await app.lookAt(1);
    expect(app.value('backstamp.linked_rows', 'contact')).toBe(200);
    expect(app.value('backstamp.linked_rows.loss', 'contact')).toBe(0);

    await app.save('contact', state(150));
    await app.lookAt(2);
    expect(app.value('backstamp.linked_rows.loss', 'contact')).toBe(25);
    await app.lookAt(3);
    expect(app.value('backstamp.linked_rows.loss', 'contact')).toBe(0);

    await app.save('contact', state(300));
    await app.lookAt(4);
    expect(app.value('backstamp.linked_rows.loss', 'contact')).toBe(-100);
  });
});
