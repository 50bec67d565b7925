import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchUnlisted } from '../../shared/inspect/watch-unlisted.ts';
import { UnlistedTables } from '../../shared/state/unlisted-tables.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { MemoryTable } from '../api/memory-parts.ts';
import { client, startWorld, type World } from './look-world.ts';

const day = 86_400_000;

describe('the watch over tables that the map names and the set-up lacks', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  /** A watch whose set-up has all tables but so many; what it told last, and how much it asked. */
  const watching = async () => {
    await world.allow(client, { privileges: world.enough });
    const unlistedTables = new UnlistedTables(new MemoryTable());
    const told: number[] = [];
    const telemetry = { ...silentTelemetry, record: (_metric: string, value: number) => void told.push(value) };
    let now = Date.parse('2026-11-22T00:00:00Z');
    return {
      unlistedTables,
      async look(laterMs: number, left: number) {
        now += laterMs;
        const { parts } = world.connect({ setup: { ...world.setup, tables: world.setup.tables.slice(left) } });
        await world.control('POST', 'stats/reset');
        await watchUnlisted({ ...parts, unlistedTables, telemetry, now: () => now });
        const { requests } = (await world.control('GET', 'stats')) as { requests: { total: number } };
        return { tables: told.at(-1), requests: requests.total };
      },
    };
  };

  it('asks once a day and tells at each look', async () => {
    const { look, unlistedTables } = await watching();
    expect(await look(0, 0)).toEqual({ tables: 0, requests: 2 });
    expect(await look(day - 1, 1)).toEqual({ tables: 0, requests: 0 });
    expect(await look(1, 1)).toEqual({ tables: 1, requests: 3 });
    const [left] = world.setup.tables;
    expect((await unlistedTables.read())?.tables).toEqual([
      { table: left?.table, dataSource: left?.dataSource, entity: left?.entity },
    ]);
    // Whoever adds the table need not wait for the next look.
    expect(await look(1, 0)).toEqual({ tables: 0, requests: 0 });
  });

  it('keeps what it found where Dataverse refuses the next look, and does not ask again before a day', async () => {
    const { look } = await watching();
    expect(await look(0, 1)).toMatchObject({ tables: 1 });
    await world.allow(client, { privileges: [] });
    expect(await look(day, 1)).toMatchObject({ tables: 1 });
    expect(await look(1, 1)).toEqual({ tables: 1, requests: 0 });
  });
});
