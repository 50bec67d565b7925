import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkTaskSchema } from '../../shared/contracts/link-task.ts';
import { parseUnificationEvent, runIdOf } from '../../shared/contracts/unification-event.ts';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';

const now = Date.parse('2026-03-02T06:00:00Z');
const cloudEvent = {
  specversion: '1.0',
  id: 'run-1',
  source: '/ci/contoso',
  type: 'Backstamp.UnificationCompleted',
  time: '2026-03-02T05:58:00+01:00',
};

describe('a unification event', () => {
  it('is read from a CloudEvent', () => {
    expect(parseUnificationEvent({ ...cloudEvent, traceparent: 'x' }, now).data).toEqual({
      schema: 'backstamp.unification-event/1',
      eventId: 'run-1',
      source: '/ci/contoso',
      occurredAt: '2026-03-02T05:58:00+01:00',
      mode: 'incremental',
    });
  });

  it('is read from the plain body of a flow, whatever stands beside', () => {
    const body = { eventId: 'flow-7', instance: { any: 'thing' } };
    expect(parseUnificationEvent(body, now).data).toMatchObject({
      eventId: 'flow-7',
      source: 'flow',
      occurredAt: '2026-03-02T06:00:00.000Z',
    });
  });

  it('is its own message, read again', () => {
    const { data } = parseUnificationEvent(cloudEvent, now);
    const own = { ...data, mode: 'orphans', tables: ['contact'], confirm: true };
    expect(parseUnificationEvent(own, now).data).toEqual(own);
  });

  it.each([
    ['a version of CloudEvents that nobody knows', { ...cloudEvent, specversion: '0.3' }, ['specversion']],
    ['another type', { ...cloudEvent, type: 'Backstamp.LinkingCompleted' }, ['type']],
    ['no id', { ...cloudEvent, id: '' }, ['id']],
    ['an id that is too long', { ...cloudEvent, id: 'x'.repeat(129) }, ['id']],
    ['an id with blanks around it', { eventId: ' x' }, ['eventId']],
    ['a time that is none', { ...cloudEvent, time: 'yesterday' }, ['time']],
    ['another schema', { schema: 'backstamp.unification-event/2', eventId: 'x' }, ['schema']],
    ['no member at all', {}, ['eventId']],
  ])('is refused with %s, by the name of the member', (_, body, path) => {
    expect(parseUnificationEvent(body, now).error?.issues.map((issue) => issue.path)).toContainEqual(path);
  });

  it('is refused or understood, and nothing else, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        expect(typeof parseUnificationEvent(body, now).success).toBe('boolean');
      }),
    );
  });

  it('I2 is one run, and another event is another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(runIdOf(a)).toMatch(/^[0-9a-f]{32}$/);
        expect(runIdOf(a) === runIdOf(b)).toBe(a === b);
      }),
    );
  });
});

describe('a task message', () => {
  const task = {
    schema: 'backstamp.link-task/1',
    runId: 'a'.repeat(32),
    table: 'contact',
    followUp: 0,
    slice: 0,
    failures: 0,
  };

  it('is read back as it was written', () => {
    expect(linkTaskSchema.parse(JSON.parse(JSON.stringify(task)))).toEqual(task);
  });

  it.each([
    { runId: 'A'.repeat(32) },
    { runId: 'a'.repeat(31) },
    { table: 'Contact' },
    { table: "contact'" },
    { slice: -1 },
    { followUp: 0.5 },
    { schema: 'backstamp.link-task/2' },
  ])('is refused with %j', (fault) => {
    expect(linkTaskSchema.safeParse({ ...task, ...fault }).success).toBe(false);
  });
});

describe('the set-up of unification', () => {
  const table = {
    table: 'contact',
    dataSource: 'CRM',
    entity: 'contact',
    connector: 'dataverse',
    primaryKey: 'contactid',
  };
  const setup = { environmentKind: 'individual', output: 'dataverse', tables: [table] };

  it('is taken as it is', () => {
    expect(unificationSetupSchema.parse(setup)).toEqual(setup);
  });

  it('is refused where a table is named twice', () => {
    const twice = unificationSetupSchema.safeParse({ ...setup, tables: [table, { ...table, entity: 'other' }] });
    expect(twice.error?.issues[0]).toMatchObject({ path: ['tables', 1, 'table'] });
    expect(twice.error?.issues[0]?.message).toContain('contact is named twice');
  });

  it.each([{ tables: [] }, { tables: [{ ...table, entty: 'x' }] }, { output: 'lake' }])(
    'is refused with %j',
    (fault) => {
      expect(unificationSetupSchema.safeParse({ ...setup, ...fault }).success).toBe(false);
    },
  );
});
