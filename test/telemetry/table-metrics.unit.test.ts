import { describe, expect, it } from 'vitest';
import { noRows } from '../../shared/contracts/counters.ts';
import { countRows, recordTableState } from '../../shared/runs/table-metrics.ts';
import { type Attributes, silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { type ApiParts, memoryParts } from '../api/memory-parts.ts';

const now = Date.parse('2026-11-22T12:00:00Z');

function recording(): { parts: ApiParts; recorded: unknown[] } {
  const recorded: unknown[] = [];
  const note = (metric: string, value: number, attributes?: Attributes) =>
    void recorded.push([metric, value, attributes]);
  const { parts } = memoryParts({ telemetry: { ...silentTelemetry, count: note, record: note } });
  return { parts: { ...parts, now: () => now }, recorded };
}

const ended = {
  runId: '0'.repeat(32),
  followUp: 0,
  startedAt: '2026-11-22T10:00:00Z',
  endedAt: '2026-11-22T10:10:00Z',
  growing: false,
  newestChange: 0,
  waitingSample: [],
  warnings: [],
  details: [],
};

describe('metrics of a table', () => {
  it('count what a step added, by outcome; what was read is no outcome', () => {
    const { parts, recorded } = recording();

    countRows(parts, 'contact', { ...noRows, read: 10, linked: 10 }, { ...noRows, read: 25, linked: 20, gone: 5 });

    expect(recorded).toEqual([
      ['backstamp.rows', 10, { table: 'contact', outcome: 'linked' }],
      ['backstamp.rows', 5, { table: 'contact', outcome: 'gone' }],
    ]);
  });

  it('tell the age of the watermark in seconds, and pending rows by reason', () => {
    const { parts, recorded } = recording();
    const watermark = {
      feed: 'changeTracking' as const,
      token: 't',
      takenAt: '2026-11-22T10:00:00Z',
      profileSchema: 's',
    };

    recordTableState(parts, 'lead', {
      watermark,
      pendingRows: 12,
      // One link could not be cleared: failed, but no row waits to be tried for it.
      lastPass: { ...ended, acrossUnits: 3, counters: { ...noRows, waiting: 7, failed: 3 } },
    });

    expect(recorded).toEqual([
      ['backstamp.watermark.age', 7_200, { table: 'lead' }],
      ['backstamp.pending_rows', 7, { table: 'lead', reason: 'waiting' }],
      ['backstamp.pending_rows', 2, { table: 'lead', reason: 'failed' }],
      ['backstamp.pending_rows', 3, { table: 'lead', reason: 'acrossUnits' }],
    ]);
  });

  it('say nothing of a table that was never linked', () => {
    const { parts, recorded } = recording();

    recordTableState(parts, 'lead', { pendingRows: 0 });

    expect(recorded).toEqual([]);
  });
});
