import { createHash } from 'node:crypto';
import { noRows } from '../../shared/contracts/counters.ts';
import type { Run, Task } from '../../shared/contracts/run.ts';
import type { RowOutcome } from '../../shared/state/row-outcomes.ts';

/** Records of runs, tasks and rows for tests; a test names only what it is about. */

export const runIdFor = (name: string | number): string =>
  createHash('sha256').update(String(name)).digest('hex').slice(0, 32);

const start = Date.parse('2026-03-01T08:00:00.000Z');

export function sampleRun(number: number, overrides: Partial<Run> = {}): Run {
  const receivedAt = new Date(start + number * 3_600_000).toISOString();
  return {
    runId: runIdFor(number),
    eventId: `event-${number}`,
    source: 'test',
    mode: 'incremental',
    tables: ['contact', 'lead'],
    beyondLimits: false,
    giveOwners: false,
    confirm: false,
    status: 'Successful',
    occurredAt: receivedAt,
    receivedAt,
    endedAt: new Date(Date.parse(receivedAt) + 90_000).toISOString(),
    ...overrides,
  };
}

export function sampleTask(run: Run, table: string, overrides: Partial<Task> = {}): Task {
  return {
    runId: run.runId,
    table,
    mode: run.mode,
    status: run.status,
    queuedAt: run.receivedAt,
    startedAt: run.receivedAt,
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    updatedAt: run.endedAt ?? run.receivedAt,
    counters: { ...noRows, read: 1000, linked: 40, unchanged: 960 },
    passes: 1,
    details: [],
    findings: [],
    ...overrides,
  };
}

export const rowId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export const failedRow = (number: number, reason = 'Dataverse refused the row (0x80040265): e-mail is missing.') =>
  ({ id: rowId(number), outcome: 'failed', at: '2026-03-01T08:00:30.000Z', reason }) satisfies RowOutcome;
