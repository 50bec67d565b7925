import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { segmentListQuerySchema, segmentListSchema } from '../../shared/api/schemas.ts';
import { refreshSegments, showSegments } from '../../shared/api/show-segments.ts';
import { problemSchema } from '../../shared/contracts/problem.ts';
import { segmentReadingSchema } from '../../shared/contracts/segments.ts';
import { RetryableError, TerminalError } from '../../shared/errors.ts';
import { AuditTrail } from '../../shared/state/audit-trail.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { MemoryTable } from '../api/memory-parts.ts';
import { queriesFor } from '../api/mutations.ts';
import { bodyOf, request } from '../api/requests.ts';
import { SegmentWorld } from './segment-world.ts';

describe('the routes of segments', () => {
  let world: SegmentWorld;
  const audit = new AuditTrail(new MemoryTable());
  const names = Array.from({ length: 7 }, (_, at) => `Segment ${at}, 100 % "ä"`);
  const parts = () => ({ ...world.partsOutside(), telemetry: silentTelemetry, audit });
  const list = async (query = '') => {
    const answer = await answerRequest(parts(), showSegments, request('GET', `/api/segments${query}`));
    return { status: answer.status ?? 200, body: bodyOf(answer) };
  };
  beforeAll(async () => {
    world = new SegmentWorld();
    for (let number = 1; number <= 20; number++) world.put(number, 'north', names.slice(0, number % 8));
    await world.readOn();
  });

  it('answer whatever is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(queriesFor(segmentListQuerySchema), async (query) => {
        const { status, body } = await list(`?${query}`);
        if (status === 200) segmentListSchema.parse(body);
        else problemSchema.parse(body);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 500 },
    );
  });

  it('give every segment once, however long the pages are', async () => {
    for (let pageSize = 1; pageSize <= 8; pageSize++) {
      const found: string[] = [];
      let continuation: string | undefined;
      do {
        const { body } = await list(
          `?pageSize=${pageSize}${continuation === undefined ? '' : `&continuation=${continuation}`}`,
        );
        const page = segmentListSchema.parse(body);
        found.push(...page.segments.map(({ name }) => name));
        continuation = page.continuation;
      } while (continuation !== undefined);
      expect(found).toEqual(names);
    }
  });

  it('count anew, and tell how far they have come', async () => {
    const answer = await answerRequest(parts(), refreshSegments, request('POST', '/api/segments/refresh'));
    expect(segmentReadingSchema.parse(bodyOf(answer))).toMatchObject({ complete: true });
  });

  it.each([
    [502, new TerminalError('The application user lacks prvReadmsdynci_segmentmembership.')],
    [503, new RetryableError('Dataverse did not answer')],
  ])('answer %i where Dataverse refuses, and let the work go', async (status, error) => {
    const refusing = parts();
    const dataverse = { ...refusing.dataverse, readTables: () => Promise.reject(error) };
    const answer = await answerRequest(
      { ...refusing, dataverse },
      refreshSegments,
      request('POST', '/api/segments/refresh'),
    );
    expect(answer.status).toBe(status);
    expect(problemSchema.parse(bodyOf(answer)).detail).toContain(error.message);

    const again = await answerRequest(parts(), refreshSegments, request('POST', '/api/segments/refresh'));
    expect(segmentReadingSchema.parse(bodyOf(again))).toMatchObject({ complete: true });
  });
});
