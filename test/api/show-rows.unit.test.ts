import { parse } from 'csv-parse/sync';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { type RowList, rowListSchema } from '../../shared/api/schemas.ts';
import { showRows } from '../../shared/api/show-rows.ts';
import { type ApiParts, memoryParts } from './memory-parts.ts';
import { failedRow, rowId, sampleRun, sampleTask } from './records.ts';
import { bodyOf, request } from './requests.ts';

const run = sampleRun(1);
const path = `/api/runs/${run.runId}/tables/contact/rows`;
const params = { runId: run.runId, table: 'contact' };

describe('the rows of a task', () => {
  let parts: ApiParts;
  const ask = (query = '', more: { headers?: Record<string, string>; params?: Record<string, string> } = {}) =>
    answerRequest(parts, showRows, request('GET', `${path}${query}`, { params, ...more }));
  const rowsOf = async (query: string): Promise<RowList> => rowListSchema.parse(bodyOf(await ask(query)));

  beforeEach(async () => {
    ({ parts } = memoryParts());
    await parts.runs.record(run);
    await parts.runs.recordTask(sampleTask(run, 'contact'));
  });

  it('gives every row once, page by page', async () => {
    await parts.rowOutcomes.record(
      run.runId,
      'contact',
      Array.from({ length: 25 }, (_, index) => failedRow(index)),
    );

    const seen: string[] = [];
    let continuation: string | undefined;
    do {
      const query = continuation === undefined ? '' : `&continuation=${encodeURIComponent(continuation)}`;
      const page = await rowsOf(`?pageSize=10&outcome=failed${query}`);
      expect(page.rows.length).toBeLessThanOrEqual(10);
      seen.push(...page.rows.map(({ id }) => id));
      continuation = page.continuation;
    } while (continuation !== undefined);

    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => rowId(index)));
  });

  it('searches in id, reason and customers, and says how many rows it looked at', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) =>
      failedRow(index, index === 2900 ? 'Duplicate KEY' : 'Other'),
    );
    await parts.rowOutcomes.record(run.runId, 'contact', rows);

    expect(await rowsOf('?search=duplicate%20key')).toEqual({ rows: [rows[2900]], examined: 3000 });
    expect((await rowsOf(`?search=${rowId(17).toUpperCase()}`)).rows).toEqual([rows[17]]);
  });

  it('stops a long search and goes on from there', async () => {
    const rows = Array.from({ length: 6_500 }, (_, index) => failedRow(index, index === 6_200 ? 'Here' : 'Other'));
    await parts.rowOutcomes.record(run.runId, 'contact', rows);

    const first = await rowsOf('?search=here');
    const second = await rowsOf(`?search=here&continuation=${encodeURIComponent(first.continuation ?? '')}`);

    expect(first).toMatchObject({ rows: [], examined: 5_000 });
    expect(second.rows).toEqual([rows[6_200]]);
    expect(second.continuation).toBeUndefined();
  });

  it('finds a row by its id, or the beginning of it, among any number of rows', async () => {
    const rows = Array.from({ length: 12_000 }, (_, index) => failedRow(index));
    const gone = { ...failedRow(7), id: 'ab12cd34-0000-4000-8000-000000000007', outcome: 'gone' as const };
    await parts.rowOutcomes.record(run.runId, 'contact', [...rows, gone]);

    expect(await rowsOf(`?search=${rowId(11_999)}`)).toEqual({ rows: [rows[11_999]], examined: 1 });
    const unusual = encodeURIComponent(`{${rowId(11_998).replaceAll('-', '').toUpperCase()}}`);
    expect(await rowsOf(`?outcome=failed&search=${unusual}`)).toEqual({ rows: [rows[11_998]], examined: 1 });
    expect(await rowsOf('?search=AB12CD34')).toEqual({ rows: [gone], examined: 1 });
    expect(await rowsOf('?search=ab12cd34&outcome=failed')).toMatchObject({ rows: [], examined: 5_000 });
    // The beginning of every id there is: no row in particular is meant.
    expect(await rowsOf('?search=00000000-0000')).toMatchObject({ rows: rows.slice(0, 1_000), examined: 1_000 });
  });

  it("searches a customer's id in the rows themselves", async () => {
    const customerId = 'ce759201f786d590bf2134bff576c369';
    const moved = { ...failedRow(1), outcome: 'relinked' as const, customerId };
    await parts.rowOutcomes.record(run.runId, 'contact', [failedRow(0), moved]);

    expect(await rowsOf(`?search=${customerId}`)).toEqual({ rows: [moved], examined: 2 });
  });

  it('gives CSV that a reader of CSV reads back, its head on the first page only', async () => {
    const rows = [failedRow(1, 'says "no", and\nmore'), failedRow(2, '=HYPERLINK("x")'), failedRow(3)];
    await parts.rowOutcomes.record(run.runId, 'contact', rows);

    const first = await ask('?format=csv&pageSize=2');
    const continuation = new Headers(first.headers as Record<string, string>).get('x-continuation') ?? '';
    const second = await ask(`?format=csv&pageSize=2&continuation=${encodeURIComponent(continuation)}`);
    const records = parse(String(first.body) + String(second.body), { columns: true }) as Record<string, string>[];

    expect(records.map(({ id, reason }) => ({ id, reason }))).toEqual([
      { id: rowId(1), reason: 'says "no", and\nmore' },
      // A spreadsheet must not take a reason for a formula.
      { id: rowId(2), reason: '\'=HYPERLINK("x")' },
      { id: rowId(3), reason: rows[2]?.reason },
    ]);
    expect(new Headers(second.headers as Record<string, string>).has('x-continuation')).toBe(false);
  });

  it('gives CSV to who accepts it', async () => {
    const answer = await ask('', { headers: { accept: 'text/csv' } });
    expect(new Headers(answer.headers as Record<string, string>).get('content-type')).toMatch(/^text\/csv/);
  });

  it('knows no rows of a task that is not there', async () => {
    expect(await ask('', { params: { ...params, table: 'lead' } })).toMatchObject({ status: 404 });
  });

  it.each([
    ['outcome', '?outcome=perfect'],
    ['pageSize', '?pageSize=1001'],
    ['pageSize', '?pageSize=x'],
    ['continuation', '?continuation=%00'],
    ['continuation', `?continuation=${Buffer.from('{"nextRowKey":1}').toString('base64')}`],
    ['continuation', `?continuation=${Buffer.from('"x"').toString('base64')}`],
    ['search', '?search=%20'],
    ['format', '?format=xlsx'],
  ])('names %s where %s cannot be followed', async (field, query) => {
    const answer = await ask(query);
    expect(answer.status).toBe(400);
    expect(bodyOf(answer)).toMatchObject({ status: 400, errors: [{ field }] });
  });
});
