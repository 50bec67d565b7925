import { beforeAll, describe, expect, it } from 'vitest';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { runListSchema } from '../../shared/api/schemas.ts';
import { listRuns } from '../../shared/api/show-runs.ts';
import type { Run } from '../../shared/contracts/run.ts';
import { memoryParts } from './memory-parts.ts';
import { sampleRun, sampleTask } from './records.ts';
import { bodyOf, request } from './requests.ts';

describe('the list of runs', () => {
  const { parts } = memoryParts();
  const runs = Array.from({ length: 30 }, (_, number): Run => {
    const status = (['Successful', 'Failed', 'Completed with warnings'] as const)[number % 3] ?? 'Failed';
    const run = sampleRun(number, {
      status,
      mode: number % 5 === 0 ? 'full' : 'incremental',
      tables: number % 2 === 0 ? ['contact'] : ['lead'],
    });
    const { endedAt: _ended, ...going } = run;
    return number === 29 ? { ...going, status: 'Queued' } : run;
  }).reverse();
  beforeAll(async () => {
    for (const run of runs) {
      await parts.runs.record(run);
      await parts.runs.recordTask(
        sampleTask(run, run.tables[0] ?? '', { status: run.endedAt ? run.status : 'Refreshing' }),
      );
    }
  });

  const list = async (query: string) => answerRequest(parts, listRuns, request('GET', `/api/runs?${query}`));
  async function all(query: string): Promise<string[]> {
    const found: string[] = [];
    let continuation: string | undefined;
    do {
      const more = continuation === undefined ? '' : `&continuation=${encodeURIComponent(continuation)}`;
      const page = runListSchema.parse(bodyOf(await list(`${query}${more}`)));
      found.push(...page.runs.map(({ runId }) => runId));
      continuation = page.continuation;
    } while (continuation !== undefined);
    return found;
  }
  const idsOf = (filter: (run: Run) => boolean): string[] => runs.filter(filter).map(({ runId }) => runId);

  it.each([
    ['', () => true],
    ['status=Failed', ({ status }: Run) => status === 'Failed'],
    ['status=Failed,Successful', ({ status }: Run) => ['Failed', 'Successful'].includes(status)],
    // As it is shown: a run that has begun is Refreshing, whatever its record says.
    ['status=Refreshing', ({ endedAt }: Run) => endedAt === undefined],
    ['mode=full', ({ mode }: Run) => mode === 'full'],
    ['table=lead', ({ tables }: Run) => tables.includes('lead')],
    [
      'table=lead&status=Failed&mode=incremental',
      ({ tables, status, mode }: Run) => tables.includes('lead') && status === 'Failed' && mode === 'incremental',
    ],
    ['since=2026-03-02T00:00:00Z', ({ receivedAt }: Run) => receivedAt >= '2026-03-02T00:00:00'],
    [
      'since=2026-03-02T02:00:00%2B02:00&table=contact',
      ({ receivedAt, tables }: Run) => receivedAt >= '2026-03-02T00:00:00' && tables.includes('contact'),
    ],
    ['since=2027-01-01T00:00:00Z', () => false],
    ['table=account', () => false],
  ] as const)('gives those asked for (%s), each once, newest first', async (query, filter) => {
    for (const pageSize of [1, 4, 100]) expect(await all(`${query}&pageSize=${pageSize}`)).toEqual(idsOf(filter));
  });

  it('gives no page with more than was asked for', async () => {
    const page = runListSchema.parse(bodyOf(await list('status=Failed&pageSize=3')));
    expect(page.runs).toHaveLength(3);
  });

  it.each([
    ['status=Great', 'status.0'],
    ['mode=half', 'mode'],
    ['table=No', 'table'],
    ['since=yesterday', 'since'],
  ])('refuses %s by the name of the parameter', async (query, field) => {
    expect(bodyOf(await list(query))).toMatchObject({ status: 400, errors: [{ field, in: 'query' }] });
  });
});
