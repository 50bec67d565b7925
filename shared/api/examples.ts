import type { Run, Task } from '../contracts/run.ts';
import type { answers } from './components.ts';

/** What answers and requests look like, by the names of their types: one small organisation on one morning. */

const runId = '336b5c40cb96e5471d16ca1e9d52e2cd';
const contactId = '0b6c5f0e-6b0a-4d5e-9d55-0a4a6a1f3c11';
const profileId = '9a41d1a2-17c4-4d0c-8a41-6f2b8c1d7e02';
const customerId = 'ce759201f786d590bf2134bff576c369';
const kim = { kind: 'person', id: '5f1f7f0c-2d3e-4c55-9b1a-7a1c0d9e8b01', name: 'kim@contoso.com' } as const;
const [received, started, ended] = ['2026-03-01T05:00:02Z', '2026-03-01T05:00:03Z', '2026-03-01T05:01:10Z'];

const counters = { read: 7789, linked: 40, relinked: 2, cleared: 1, unchanged: 7746, waiting: 0, failed: 0, gone: 0 };
const task: Task = {
  runId,
  table: 'contact',
  mode: 'incremental',
  status: 'Successful',
  queuedAt: received,
  startedAt: started,
  endedAt: ended,
  updatedAt: ended,
  counters,
  coverage: {
    rows: 7921,
    linked: 7789,
    notLinked: { notInMap: 132, waiting: 0, failed: 0, held: 0, acrossUnits: 0, keyUnusable: 0 },
  },
  passes: 1,
  workedMs: 67_000,
  details: [],
  findings: [],
};
const run: Run = {
  runId,
  eventId: '08585173546823958384467838345CU01',
  source: 'flow',
  mode: 'incremental',
  tables: ['contact'],
  beyondLimits: false,
  giveOwners: false,
  confirm: false,
  status: 'Successful',
  occurredAt: '2026-03-01T05:00:00Z',
  receivedAt: received,
  endedAt: ended,
  startedBy: { kind: 'key' },
};
const summary = { statuses: { Successful: 1 }, counters, startedAt: started, workedMs: 67_000 };
const row = {
  id: contactId,
  outcome: 'relinked',
  at: '2026-03-01T05:00:30Z',
  previousProfileId: 'd2b6f1c4-0a53-4f0e-b7a5-0d6a6d0b9a03',
  previousCustomerId: '8f2a6f1d0c4b4e6f9a7b3c2d1e0f9a8b',
  profileId,
  customerId,
} as const;
const reading = { countedAt: ended, complete: true };

const hold = {
  id: '2e392fb380395851',
  kind: 'oneProfile',
  table: 'account',
  count: 1955,
  linkedRows: 1956,
  limitPercent: 1,
  profileId,
  since: ended,
  shownAt: ended,
  sample: [{ id: contactId, from: 'd2b6f1c4-0a53-4f0e-b7a5-0d6a6d0b9a03', to: profileId }],
} as const;

export const examples: Partial<Record<keyof typeof answers | 'CloudEvent' | 'PlainEvent' | 'StartRun', unknown>> = {
  Hold: hold,
  HoldList: { holds: [hold] },
  About: {
    version: '0.1.0',
    organisation: 'https://contoso.crm.dynamics.com',
    readOnly: false,
    signIn: true,
    you: { ...kim, maySee: true, mayOperate: true },
  },
  Accepted: { eventId: run.eventId, runId },
  AuditList: {
    entries: [{ at: received, action: 'run', by: kim, runId, tables: ['contact'], detail: 'full' }],
  },
  Discovery: {
    setup: {
      environmentKind: 'individual',
      output: 'dataverse',
      tables: [
        { table: 'contact', dataSource: 'CRM', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' },
      ],
    },
    sources: [
      {
        dataSource: 'CRM',
        entity: 'contact',
        table: 'contact',
        certainty: 'certain',
        reason: 'All keys looked up agree.',
      },
    ],
    changes: [
      {
        table: 'contact',
        kind: 'added',
        finding: 'It is table "contact" of data source "CRM". 24 of 24 keys looked up are rows of contact.',
      },
    ],
    leftOut: [],
    assumptions: ['The environment is for individual customers and writes its output to Dataverse.'],
  },
  DoctorReport: {
    checkedAt: ended,
    checks: [
      {
        code: 'identity',
        level: 'good',
        subject: 'application 6f1d2c3a',
        finding: 'application 6f1d2c3a is user 4f2c.',
      },
    ],
  },
  CustomerRecords: {
    customerId,
    records: ['0b6c5f0e-6b0a-4d5e-9d55-0a4a6a1f3c11', '7d0e2b41-90aa-4f6e-8c11-3b5a9e2d6f70'].map((key) => ({
      mapRowId: key.replace('4', '9'),
      dataSource: 'CRM',
      entity: 'contact',
      table: 'contact',
      key,
      profileId,
    })),
    tablesWithSeveral: [{ table: 'contact', rows: 2 }],
  },
  Explanation: {
    table: 'contact',
    id: contactId,
    link: { profileId, customerId },
    requirements: [],
    mapRows: [
      {
        id: '3f0e2a7c-51d4-4b9e-8c3a-6a1d0f5b7e21',
        dataSource: 'CRM',
        entity: 'contact',
        key: contactId,
        customerId,
        profileId,
        modifiedOn: received,
        hasProfile: true,
        counts: true,
        why: 'It is the only one that names this row.',
      },
    ],
    customer: {
      customerId,
      profileId,
      records: [{ dataSource: 'CRM', entity: 'contact', table: 'contact', key: contactId, state: 'linked' }],
      isWhole: true,
    },
    earlier: [
      {
        until: row.at,
        runId,
        kind: 'merged',
        customerId: row.previousCustomerId,
        profileId: row.previousProfileId,
        nextCustomerId: customerId,
        nextProfileId: profileId,
      },
    ],
    changed: { at: row.at, by: kim.id, byName: 'Backstamp', isThisApp: true },
    next: { does: 'nothing', explanation: 'Nothing: the row is linked to the profile that the map gives it.' },
    notKnown: ['Dataverse does not hold which rule matched this row, nor with what score.'],
  },
  Health: { status: 'healthy', version: '0.1.0' },
  Problem: {
    type: 'about:blank',
    title: 'Bad request',
    status: 400,
    detail: 'The run asked for cannot be started.',
    errors: [{ field: 'tables', message: 'not among the tables of BACKSTAMP_UNIFICATION: invoice', in: 'body' }],
  },
  ProfileAnswer: {
    linked: true,
    table: 'contact',
    id: contactId,
    profile: {
      id: profileId,
      customerId,
      attributes: { msdynci_loyaltytier: 'Gold', msdynci_lifetimevalue: 3120 },
      measures: [{ name: 'SupportCasesLastMonth', value: 1, table: 'msdynci_customermeasure' }],
      segments: [{ name: 'HighValueCustomers', provider: 'CustomerInsights' }],
      predictions: [{ model: 'SubscriptionChurn', provider: 'ChurnModel', values: { ChurnScore: 0.21 } }],
      activities: [{ id: 'a1', type: 'Purchase', title: 'Order 4711', time: received }],
      withheld: [],
      incomplete: [],
    },
  },
  RecordOutcomes: { outcomes: [{ ...row, runId, mode: 'incremental' }], examined: 20 },
  RowList: { rows: [row], examined: 1 },
  Run: run,
  RunDetail: { ...run, tasks: [task], summary },
  RunList: { runs: [{ ...run, tasks: [task] }] },
  RunSummaryList: { runs: [{ ...run, summary }] },
  SegmentList: {
    ...reading,
    segments: [
      {
        name: 'HighValueCustomers',
        provider: 'CustomerInsights',
        members: 39,
        units: [{ id: profileId, name: 'North', members: 39 }],
        owner: { id: profileId, name: 'North' },
        ready: 'yes',
        reasons: [],
        inTheWay: { members: 0, sample: [] },
      },
    ],
  },
  SegmentReading: reading,
  StatusAnswer: {
    lastUpdated: ended,
    tables: [{ table: 'contact', kind: 'linking' }],
    unlisted: [],
    groups: [
      { name: 'Dataverse Hydration', count: 1, tasks: [{ name: 'CustomerId Backstamping Hydration', ...task }] },
    ],
  },
  CloudEvent: {
    specversion: '1.0',
    id: run.eventId,
    source: '/contoso/unification',
    type: 'Backstamp.UnificationCompleted',
    time: run.occurredAt,
  },
  PlainEvent: { eventId: run.eventId, completedAt: run.occurredAt, source: 'nightly flow' },
  StartRun: { mode: 'full', tables: ['contact'] },
};
