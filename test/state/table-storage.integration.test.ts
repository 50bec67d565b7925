import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRetryableError } from '../../shared/errors.ts';
import { type EntityTable, listAll } from '../../shared/state/entity-table.ts';
import { LinkStates, LostRaceError } from '../../shared/state/link-states.ts';
import { PendingRows } from '../../shared/state/pending-rows.ts';
import { TableStorage } from '../../shared/state/table-storage.ts';
import { type Azurite, startAzurite } from '../support/azurite.ts';

let azurite: Azurite;
let tables = 0;
const newTable = (): TableStorage => new TableStorage(azurite.open(`Test${++tables}`));

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite?.stop());

describe('an entity', () => {
  it('I4 is inserted once: the first document stays', async () => {
    const table = newTable();
    expect(await table.insert('p', 'r', { n: 1 })).toBe(true);
    expect(await table.insert('p', 'r', { n: 2 })).toBe(false);
    expect((await table.get('p', 'r'))?.document).toEqual({ n: 1 });
  });

  it('is undefined where there is none', async () => {
    expect(await newTable().get('p', 'r')).toBeUndefined();
  });

  it('I2 is replaced only under the ETag it was read with: of two writers one loses', async () => {
    const table = newTable();
    await table.insert('p', 'r', { n: 0 });
    const etag = (await table.get('p', 'r'))?.etag ?? '';
    const outcomes = await Promise.all([1, 2].map((n) => table.replace('p', 'r', { n }, etag)));
    expect(outcomes.filter((outcome) => outcome === undefined).length).toBe(1);
    const [winner] = outcomes.filter((outcome) => outcome !== undefined);
    const found = await table.get('p', 'r');
    expect(found?.etag).toBe(winner);
    expect(found?.document).toEqual({ n: outcomes.indexOf(winner) + 1 });
  });

  it('is not replaced where it was removed', async () => {
    const table = newTable();
    await table.insert('p', 'r', {});
    const etag = (await table.get('p', 'r'))?.etag ?? '';
    await table.applyAll('p', { deletes: ['r'] });
    expect(await table.replace('p', 'r', {}, etag)).toBeUndefined();
  });

  it('may be far longer than one property, in any script', async () => {
    const table = newTable();
    const document = { text: '顧客 – Ærø 👩‍👩‍👧 "\\'.repeat(5_000) };
    await table.insert('p', 'r', document);
    expect((await table.get('p', 'r'))?.document).toEqual(document);
    const etag = (await table.get('p', 'r'))?.etag ?? '';
    await table.replace('p', 'r', { text: 'short' }, etag);
    expect((await table.get('p', 'r'))?.document).toEqual({ text: 'short' });
  });

  it('is refused with its name where it is too long', async () => {
    await expect(newTable().insert('p', 'r', { text: 'x'.repeat(600_000) })).rejects.toThrow('p/r');
  });
});

describe('many entities of a partition', () => {
  it('are written and removed in pieces, the last word on a row counts, and doing it again is harmless', async () => {
    const table = newTable();
    const upserts = Array.from({ length: 250 }, (_, n) => ({ rowKey: `r${n}`, document: { n } }));
    const changes = { upserts: [...upserts, { rowKey: 'r7', document: { n: 'last' } }], deletes: ['r1', 'absent'] };
    for (let time = 0; time < 2; time++) {
      await table.applyAll('p', { ...changes, upserts: changes.upserts.filter(({ rowKey }) => rowKey !== 'r1') });
    }
    const found = new Map<string, unknown>();
    for await (const { rowKey, document } of listAll(table, 'p')) found.set(rowKey, document);
    expect(found.size).toBe(249);
    expect(found.get('r7')).toEqual({ n: 'last' });
    await table.applyAll('p', { deletes: [...found.keys(), 'absent', 'absent'] });
    expect((await table.list('p')).entities).toEqual([]);
  });

  it('are listed page by page in the order of their keys, beyond the thousand that the service gives at once', async () => {
    const table = newTable();
    const keys = Array.from({ length: 2_300 }, (_, n) => String(n).padStart(5, '0'));
    await table.applyAll('p', { upserts: keys.map((rowKey) => ({ rowKey, document: null })) });
    await table.applyAll('other', { upserts: [{ rowKey: '00000', document: null }] });
    const found: string[] = [];
    for await (const { rowKey } of listAll(table, 'p')) found.push(rowKey);
    expect(found).toEqual(keys);
    const range: string[] = [];
    for await (const { rowKey } of listAll(table, 'p', { from: '00010', before: '00013' })) range.push(rowKey);
    expect(range).toEqual(['00010', '00011', '00012']);
  });
});

describe('the stores over it', () => {
  it("I4 take a save whose answer was lost for what it is: the writer's own", async () => {
    const table = newTable();
    // The change is made, its answer is lost, and the client's own second try meets the new ETag.
    const lossy: EntityTable = {
      get: (...given) => table.get(...given),
      insert: (...given) => table.insert(...given),
      applyAll: (...given) => table.applyAll(...given),
      list: (...given) => table.list(...given),
      async replace(...given) {
        await table.replace(...given);
        return table.replace(...given);
      },
    };
    const states = new LinkStates(lossy);
    const { etag } = await states.load({ table: 'contact' });
    const saved = await states.save({ table: 'contact' }, { pendingRows: 3 }, etag);
    expect(saved).toBeDefined();
    expect(await states.load({ table: 'contact' })).toMatchObject({ state: { pendingRows: 3 }, etag: saved });
    await expect(new LinkStates(table).save({ table: 'contact' }, { pendingRows: 4 }, etag)).rejects.toThrow(
      LostRaceError,
    );
  });

  it('page through pending rows, each once', async () => {
    const rows = new PendingRows(newTable());
    const at = new Date().toISOString();
    const ids = Array.from({ length: 25 }, (_, n) => `c0000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
    const keep = ids.map((id) => ({
      ...{ id, mapRowId: id, version: 1, cause: 'waiting' as const, reason: '', runId: '' },
      ...{ firstTriedAt: at, lastTriedAt: at },
    }));
    await rows.update('contact', { keep });
    const found: string[] = [];
    for (let after: string | undefined; ; after = found.at(-1)) {
      const page = await rows.page('contact', after, 10);
      if (page.length === 0) break;
      found.push(...page.map(({ id }) => id));
    }
    expect(found).toEqual(ids);
    expect((await rows.among('contact', [ids[3] ?? '', 'absent'])).map(({ id }) => id)).toEqual([ids[3]]);
  });

  it('I5 say of a service out of reach that a later attempt may succeed', async () => {
    const other = await startAzurite();
    const table = new TableStorage(other.open('Gone'));
    await table.insert('p', 'r', {});
    await other.stop();
    const failure = await table.get('p', 'r').catch((error: unknown) => error);
    expect(isRetryableError(failure)).toBe(true);
  });
});

describe('a table that is deleted under a living process', () => {
  const operations: readonly [string, (table: TableStorage) => Promise<unknown>, unknown][] = [
    ['read', (table) => table.get('p', 'r'), undefined],
    ['insert', (table) => table.insert('p', 'r', {}), true],
    ['replace', (table) => table.replace('p', 'r', {}, 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"'), undefined],
    ['write many', (table) => table.applyAll('p', { upserts: [{ rowKey: 'r', document: {} }] }), undefined],
    ['remove one', (table) => table.applyAll('p', { deletes: ['r'] }), undefined],
    ['remove many', (table) => table.applyAll('p', { deletes: ['r', 's'] }), undefined],
    ['change together', (table) => table.changeTogether('p', [{ kind: 'insert', rowKey: 'r', document: {} }]), true],
    ['list', async (table) => (await table.list('p')).entities, []],
  ];
  it.each(operations)('is made again, and is empty then: %s', async (_name, operation, expected) => {
    const name = `Test${++tables}`;
    const table = new TableStorage(azurite.open(name));
    await table.insert('p', 'r', {});
    await azurite.open(name).deleteTable();
    expect(await operation(table)).toEqual(expected);
    expect(await table.insert('p', 'next', {})).toBe(true);
  });
});

it('cuts many changes into transactions by their bytes too', async () => {
  const table = newTable();
  const upserts = Array.from({ length: 20 }, (_, n) => ({ rowKey: `r${n}`, document: { text: 'x'.repeat(400_000) } }));
  await table.applyAll('p', { upserts });
  expect((await table.list('p')).entities).toHaveLength(20);
});
