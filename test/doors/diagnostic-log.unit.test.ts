import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDiagnosticLog } from '../../shared/contracts/diagnostic-log.ts';

const now = Date.parse('2026-03-01T03:00:00Z');

const record = (change: Record<string, unknown> = {}, properties: Record<string, unknown> = {}) => ({
  time: '2026-03-01T02:31:07.12345Z',
  operationName: 'Merge.TaskCompleted',
  category: 'Operational',
  resultType: 'Successful',
  properties: {
    eventType: 'WorkflowEvent',
    workflowJobId: 'job-1',
    identifier: 'task-7',
    instanceId: '8f0b2f8e-6b55-4c4d-8f1c-0a6b1d0c9a11',
    endTimestamp: '2026-03-01T02:31:07.00000Z',
    ...properties,
  },
  ...change,
});

describe('readDiagnosticLog', () => {
  it('takes a successful Merge.TaskCompleted as a unification event', () => {
    const { events } = readDiagnosticLog([{ records: [record()] }], now);

    expect(events).toEqual([
      {
        schema: 'backstamp.unification-event/1',
        eventId: 'job-1.task-7',
        source: 'diagnostic-log/8f0b2f8e-6b55-4c4d-8f1c-0a6b1d0c9a11',
        occurredAt: '2026-03-01T02:31:07.000Z',
        mode: 'incremental',
      },
    ]);
  });

  it.each([
    ['a record by itself', [record()]],
    ['text', [JSON.stringify({ records: [record()] })]],
    ['properties as text', [{ records: [record({ properties: JSON.stringify(record().properties) })] }]],
    ['another casing', [record({ operationName: 'merge.Taskcompleted', resultType: 'successful' })]],
    ['the same record twice', [{ records: [record(), record()] }, record()]],
  ])('reads %s', (_, messages) => {
    expect(readDiagnosticLog(messages, now)).toMatchObject({ events: [{ eventId: 'job-1.task-7' }], unreadable: [] });
  });

  const odd = [null, 7, true, [], {}, ''];
  it.each([
    ...['identifier', 'instanceId', 'endTimestamp', 'eventType', 'more'].flatMap((name) =>
      odd.map((value) => [`${name}: ${JSON.stringify(value)}`, record({}, { [name]: value })] as const),
    ),
    ...['time', 'category', 'more', 'level'].flatMap((name) =>
      odd.map((value) => [`${name}: ${JSON.stringify(value)}`, record({ [name]: value })] as const),
    ),
    ['the year 1', record({ time: '0001-01-01T00:00:00Z' }, { endTimestamp: '0001-01-01T00:00:00Z' })] as const,
  ])('counts a completion whatever its unneeded fields hold: %s', (_, message) => {
    const { events, unreadable } = readDiagnosticLog([message], now);
    expect(unreadable).toEqual([]);
    expect(events).toHaveLength(1);
    expect(events[0]?.eventId).toMatch(/^job-1/);
    expect(Date.parse(events[0]?.occurredAt ?? '')).toBeGreaterThan(Date.parse('2026-01-01T00:00:00Z'));
  });

  it.each([
    ['another task', record({ operationName: 'Match.TaskCompleted' })],
    ['a start', record({ operationName: 'Merge.TaskStarted' })],
    ['a failure', record({ resultType: 'Failure' })],
    [
      'an API event',
      {
        operationName: 'Workflows.GetWorkFlowStatusAsync',
        resultType: 'Success',
        properties: { eventType: 'ApiEvent' },
      },
    ],
  ])('passes over %s', (_, message) => {
    expect(readDiagnosticLog([message], now)).toEqual({ events: [], unreadable: [] });
  });

  it('counts a completion without a job, which nothing tells from another', () => {
    expect(readDiagnosticLog([record({ properties: {} })], now)).toEqual({
      events: [],
      unreadable: ['Merge.TaskCompleted of 2026-03-01T02:31:07.12345Z without a workflowJobId'],
    });
  });

  it('takes anything for input without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.anything()), (messages) => {
        expect(readDiagnosticLog(messages, now).events).toEqual([]);
      }),
    );
  });
});
