import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUnificationEvent as parse } from '../../shared/contracts/foreign-event.ts';
import { linkTaskSchema } from '../../shared/contracts/link-task.ts';
import { runIdOf } from '../../shared/contracts/unification-event.ts';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';

const now = Date.parse('2026-03-02T06:00:00Z');
const parseUnificationEvent = (body: unknown, at: number, flowRunId?: string) => parse(body, { now: at, flowRunId });
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
      occurredAt: '2026-03-02T04:58:00.000Z',
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
    const own = { ...data, mode: 'reconcile', tables: ['contact'], beyondLimits: true, giveOwners: true };
    expect(parseUnificationEvent(own, now).data).toEqual(own);
  });

  it.each([
    ['a version of CloudEvents that nobody knows', { ...cloudEvent, specversion: '0.3' }, ['specversion']],
    ['another type', { ...cloudEvent, type: 'Backstamp.LinkingCompleted' }, ['type']],
    ['no id', { ...cloudEvent, id: '' }, ['id']],
    ['an id that is too long', { ...cloudEvent, id: 'x'.repeat(129) }, ['id']],
    ['an id with blanks around it', { eventId: ' x' }, ['eventId']],
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
        expect(runIdOf({ source: 's', eventId: a })).toMatch(/^[0-9a-f]{32}$/);
        expect(runIdOf({ source: 's', eventId: a }) === runIdOf({ source: 's', eventId: b })).toBe(a === b);
        // The same id from two sources are two events, however source and id are cut.
        expect(runIdOf({ source: a, eventId: b }) === runIdOf({ source: `${a}x`, eventId: b })).toBe(false);
        if (a !== '') expect(runIdOf({ source: a, eventId: b })).not.toBe(runIdOf({ source: '', eventId: a + b }));
      }),
    );
  });
});

describe('what identifies an event is all that it needs', () => {
  const odd = [null, 7, true, [], {}, '', 'yesterday', '0001-01-01T00:00:00Z', '9999-12-31T00:00:00Z'];
  const unneeded = ['time', 'subject', 'datacontenttype', 'dataschema', 'data', 'comexampleextension', 'schema'];

  it.each(unneeded.flatMap((name) => odd.map((value) => [name, JSON.stringify(value), value] as const)))(
    'in a CloudEvent whose %s is %s',
    (name, _, value) => {
      const { data } = parseUnificationEvent({ ...cloudEvent, [name]: value }, now);
      expect(data).toMatchObject({ eventId: 'run-1', source: '/ci/contoso' });
      // A time that cannot be true is none.
      if (name === 'time') expect(data?.occurredAt).toBe(new Date(now).toISOString());
    },
  );

  it.each(['completedAt', 'instance', 'specversion', 'mode', 'source', 'schema'].map((name) => [name]))(
    'in a plain body whose %s is null',
    (name) => {
      expect(parseUnificationEvent({ eventId: 'flow-7', [name]: null }, now).data).toMatchObject({
        eventId: 'flow-7',
        source: 'flow',
      });
    },
  );

  it.each(['id', 'source', 'type', 'specversion'])('and without %s it is none', (name) => {
    expect(parseUnificationEvent({ ...cloudEvent, [name]: undefined }, now).success).toBe(false);
    expect(parseUnificationEvent({ ...cloudEvent, [name]: 7 }, now).success).toBe(false);
  });

  it.each([
    ['2026-03-02t05:58:00z', '2026-03-02T05:58:00.000Z'],
    ['2026-03-02T05:58:00.1234567Z', '2026-03-02T05:58:00.123Z'],
    ['2026-03-02T06:58:00+01:00', '2026-03-02T05:58:00.000Z'],
  ])('a time may be written as RFC 3339 lets it: %s', (time, expected) => {
    expect(parseUnificationEvent({ ...cloudEvent, time }, now).data?.occurredAt).toBe(expected);
  });
});

describe('a body without an event id', () => {
  const webhook = {
    MessageName: 'Create',
    OperationId: '9c3f9f3e-0000-4000-8000-000000000001',
    CorrelationId: '9c3f9f3e-0000-4000-8000-000000000002',
    InputParameters: [],
  };
  const alert = (essentials: Record<string, unknown>) => ({
    schemaId: 'azureMonitorCommonAlertSchema',
    data: { essentials: { originAlertId: 'alert-9', firedDateTime: '2026-03-02T05:58:00Z', ...essentials } },
  });

  it.each([
    ['the context of a Dataverse webhook', webhook, { eventId: webhook.OperationId, source: 'dataverse-webhook' }],
    [
      'a context without an operation',
      { ...webhook, OperationId: '00000000-0000-0000-0000-000000000000' },
      { eventId: webhook.CorrelationId, source: 'dataverse-webhook' },
    ],
    ["a connector's body", { workflowJobId: 'job-3', id: 'x' }, { eventId: 'job-3', source: 'flow' }],
    ['an alert', alert({ monitorCondition: 'Fired' }), { eventId: 'alert-9@2026-03-02T05:58:00Z', source: 'alert' }],
  ])('has the identity that %s gives', (_, body, expected) => {
    expect(parseUnificationEvent(body, now).data).toMatchObject(expected);
  });

  it('has that of the flow run which posts it', () => {
    expect(parseUnificationEvent({}, now, '0858-CU27').data).toMatchObject({ eventId: '0858-CU27', source: 'flow' });
  });

  it('is refused where it is an alert that is over', () => {
    const { error } = parseUnificationEvent(alert({ monitorCondition: 'Resolved' }), now);
    expect(error?.issues[0]?.message).toContain('Fired');
  });

  it('has an id of its own however long it is', () => {
    const [a, b] = ['a', 'b'].map((end) => parseUnificationEvent({ jobId: `${'x'.repeat(200)}${end}` }, now).data);
    expect(a?.eventId).not.toBe(b?.eventId);
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
