import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AtomicChange, AtomicTable } from '../../shared/state/atomic-table.ts';
import { TableStorage } from '../../shared/state/table-storage.ts';
import { type Azurite, startAzurite } from '../support/azurite.ts';
import { MemoryTable } from '../support/memory-tables.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { Worker, World } from '../support/worker.ts';

/** Both must answer alike: what the tests believe of storage is what storage does. */
describe.each(['Table Storage', 'the table in memory'] as const)('changes made together in %s', (kind) => {
  let azurite: Azurite;
  let table: AtomicTable;
  let partition = 0;
  beforeAll(async () => {
    azurite = await startAzurite();
    table =
      kind === 'Table Storage'
        ? new TableStorage(azurite.open('Together'))
        : new MemoryTable().connect(new Worker(new World(new VirtualClock())));
  });
  afterAll(() => azurite.stop());
  beforeEach(async () => {
    partition++;
    await table.applyAll(String(partition), {
      upserts: ['a', 'b'].map((rowKey) => ({ rowKey, document: { rowKey } })),
    });
  });

  const etagOf = async (rowKey: string) => (await table.get(String(partition), rowKey))?.etag ?? '';
  const all = async () =>
    (await table.list(String(partition))).entities.map(({ rowKey, document }) => [rowKey, document]);

  it('are all made', async () => {
    const made = await table.changeTogether(String(partition), [
      { kind: 'replace', rowKey: 'a', document: { now: 1 }, etag: await etagOf('a') },
      { kind: 'delete', rowKey: 'b' },
      { kind: 'insert', rowKey: 'c', document: { now: 2 } },
      { kind: 'upsert', rowKey: 'd', document: { now: 'ü' } },
    ]);

    expect(made).toBe(true);
    expect(await all()).toEqual([
      ['a', { now: 1 }],
      ['c', { now: 2 }],
      ['d', { now: 'ü' }],
    ]);
  });

  it.each<[string, (etag: string) => AtomicChange]>([
    ['a row to insert is there', () => ({ kind: 'insert', rowKey: 'b', document: {} })],
    [
      'a row to replace was changed',
      () => ({ kind: 'replace', rowKey: 'b', document: {}, etag: 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"' }),
    ],
    ['a row to replace is gone', (etag) => ({ kind: 'replace', rowKey: 'x', document: {}, etag })],
    ['a row to delete is gone', () => ({ kind: 'delete', rowKey: 'x' })],
  ])('are not made at all where %s', async (_, change) => {
    const before = await all();

    const made = await table.changeTogether(String(partition), [
      { kind: 'upsert', rowKey: 'a', document: { now: 1 } },
      change(await etagOf('b')),
      { kind: 'insert', rowKey: 'c', document: {} },
    ]);

    expect(made).toBe(false);
    expect(await all()).toEqual(before);
  });
});
