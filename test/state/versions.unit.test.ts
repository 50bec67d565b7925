import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Pass, passSchema } from '../../shared/state/link-states.ts';
import type { UnreadableDocument } from '../../shared/state/stored-document.ts';
import type { MemoryTable } from '../support/memory-tables.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { linkStateOf, recordsOf, taskOf } from '../support/state-of.ts';

interface Stored {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly document: unknown;
}

/** Documents as the version before left them, in the midst of its work and after it. */
const version01 = (name: string): Stored[] =>
  JSON.parse(readFileSync(new URL(`fixtures/version-0.1/${name}.json`, import.meta.url), 'utf8'));

/** An organisation of contacts that can all be linked, whose unreadable documents are gathered. */
function contacts(count: number): { simulation: Simulation; told: UnreadableDocument[] } {
  const simulation = smallOrganisation({ contacts: count, leads: 0 });
  const told: UnreadableDocument[] = [];
  simulation.tell = (document) => told.push(document);
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return { simulation, told };
}

const documentOf = (table: MemoryTable, partition: string, row: string): Record<string, unknown> => {
  const found = table.documents(partition).find(({ rowKey }) => rowKey === row);
  if (found === undefined) throw new Error(`Nothing is stored at ${partition}/${row}.`);
  return found.document as Record<string, unknown>;
};

/** Works until the table has a pass in progress that has read some pages. */
async function untilMidPass(simulation: Simulation): Promise<Pass> {
  for (let delivery = 0; delivery < 50; delivery++) {
    const state = simulation.tables.linkStates.documents('table')[0]?.document as { pass?: Pass } | undefined;
    if (state?.pass !== undefined && state.pass.counters.read > 0) return state.pass;
    await simulation.deliver();
  }
  throw new Error('No pass was met in its midst.');
}

describe('documents of the version before', () => {
  const files = ['runs', 'link-states', 'pending-rows', 'row-outcomes'] as const;
  const tableOf = {
    runs: 'runs',
    'link-states': 'linkStates',
    'pending-rows': 'pendingRows',
    'row-outcomes': 'rowOutcomes',
  } as const;

  it('are all readable, each pass apart, which is carried on or dropped', async () => {
    const { simulation, told } = contacts(0);
    for (const name of files) {
      for (const { partitionKey, rowKey, document } of version01(name)) {
        simulation.tables[tableOf[name]].put(partitionKey, rowKey, document);
      }
    }
    const parts = simulation.connect();
    for (const { partitionKey, rowKey } of version01('runs')) {
      if (rowKey === 'run') expect(await parts.runs.find(partitionKey)).toBeDefined();
      if (rowKey.startsWith('task|')) expect(await parts.runs.findTask(partitionKey, rowKey.slice(5))).toBeDefined();
    }
    for (const { partitionKey } of version01('pending-rows')) {
      for await (const row of parts.pendingRows.all(partitionKey)) expect(row.runId).not.toBe('');
    }
    for (const { partitionKey } of version01('row-outcomes')) {
      const [runId = '', table = ''] = partitionKey.split('|');
      const { outcomes } = await parts.rowOutcomes.page(runId, table, { pageSize: 100 });
      expect(outcomes.length).toBe(version01('row-outcomes').filter((row) => row.partitionKey === partitionKey).length);
    }
    for (const { rowKey } of version01('link-states').filter(({ partitionKey }) => partitionKey === 'table')) {
      await parts.linkStates.load({ table: rowKey });
    }
    expect(told.filter(({ form }) => !form.startsWith('backstamp.pass/'))).toEqual([]);
  });

  it.each(
    version01('link-states')
      .filter(({ partitionKey }) => partitionKey === 'table')
      .map(({ rowKey, document }, at) => [at, rowKey, document] as const),
  )('leave every link right where state %i, of %s, is what a run begins with', async (_at, _table, document) => {
    const { simulation, told } = contacts(6);
    simulation.tables.linkStates.put('table', 'contact', document);
    const runId = simulation.post({ eventId: 'event', mode: 'full', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toMatch(/^(Successful|Completed with warnings)$/);
    expect(simulation.organisation.links('contact').size).toBe(6);
    expect(told.filter(({ form }) => !form.startsWith('backstamp.pass/'))).toEqual([]);
    expect(simulation.errors).toEqual([]);
  });
});

describe('every stored document', () => {
  it('carries the name and the number of its form', async () => {
    const { simulation } = contacts(3);
    mapTo(simulation, { kind: 'c', source: 3, profile: 99 });
    simulation.organisation.badRows.set(guidOf('c', 2), 'A rule forbids it.');
    const forms = new Set<string>();
    for (const table of Object.values(simulation.tables)) {
      table.onWrite = (partition, _row, document) => {
        if (partition !== 'recent' && partition !== 'open') forms.add((document as { schema: string }).schema);
      };
    }
    simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();
    expect([...forms].map((form) => form.replace(/\/\d+$/, '')).sort()).toEqual([
      'backstamp.indexed-map-row',
      'backstamp.link-state',
      'backstamp.order',
      'backstamp.pending-row',
      'backstamp.row-history',
      'backstamp.row-outcome',
      'backstamp.run',
      'backstamp.task',
    ]);
  });
});

/** Ways in which a document may be one that this version cannot read. */
const spoilings: readonly [string, (document: Record<string, unknown>) => unknown][] = [
  ['a later form', (document) => ({ ...document, schema: 'backstamp.elsewhere/99' })],
  ['no object', () => 'text'],
  ['a list', () => []],
  ['null', () => null],
];

describe('a pass that cannot be read', () => {
  const fields = Object.entries(passSchema.shape)
    .filter(([, schema]) => !schema.safeParse(undefined).success)
    .map(([name]) => name);

  it.each(fields)('I14 is dropped, and its run ends with every link right, without its %s', async (field) => {
    const { simulation, told } = contacts(12);
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await untilMidPass(simulation);
    const state = documentOf(simulation.tables.linkStates, 'table', 'contact');
    const { [field]: _, ...pass } = state.pass as Record<string, unknown>;
    simulation.tables.linkStates.put('table', 'contact', { ...state, pass });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(simulation.organisation.links('contact').size).toBe(12);
    expect(told.length).toBeGreaterThan(0);
    expect(simulation.errors).toEqual([]);
  });

  it('stops no dead-letter handler', async () => {
    const { simulation } = contacts(12);
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await untilMidPass(simulation);
    const state = documentOf(simulation.tables.linkStates, 'table', 'contact');
    simulation.tables.linkStates.put('table', 'contact', { ...state, pass: { schema: 'backstamp.pass/99' } });
    const [message] = simulation.broker.messages.splice(0);
    if (message === undefined) throw new Error('No message is on its way.');
    simulation.broker.deadLetters.push(message);
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(simulation.organisation.links('contact').size).toBe(12);
    expect(simulation.errors).toEqual([]);
  });
});

describe('a watermark or a state that cannot be read', () => {
  it.each([
    ['watermark', (state: Record<string, unknown>) => ({ ...state, watermark: { schema: 'backstamp.watermark/99' } })],
    ['watermark without its token', (state: Record<string, unknown>) => ({ ...state, watermark: { feed: 'scan' } })],
    ['last pass', (state: Record<string, unknown>) => ({ ...state, lastPass: 7 })],
    ['number of pending rows', ({ pendingRows: _, ...state }: Record<string, unknown>) => state],
    ...spoilings.map(([name, spoil]) => [`state: ${name}`, spoil] as const),
  ] as const)('is read anew: %s', async (_name, spoil) => {
    const { simulation } = contacts(6);
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    const state = documentOf(simulation.tables.linkStates, 'table', 'contact');
    simulation.tables.linkStates.put('table', 'contact', spoil(state));
    mapTo(simulation, { kind: 'c', source: 2, profile: 3 });
    const runId = simulation.post({ eventId: 'second', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(simulation.organisation.links('contact').get(guidOf('c', 2))).toBe(guidOf('p', 3));
    expect(linkStateOf(simulation, 'contact').watermark).toBeDefined();
  });
});

describe('a run or a task that cannot be read', () => {
  it.each(spoilings)('I14 stops no list, no watch, no other run: %s', async (_name, spoil) => {
    const { simulation, told } = contacts(12);
    const spoilt = simulation.post({ eventId: 'spoilt', tables: ['contact'] });
    await untilMidPass(simulation);
    simulation.tables.runs.put(spoilt, 'run', spoil(documentOf(simulation.tables.runs, spoilt, 'run')));
    simulation.broker.messages.splice(0);
    const other = simulation.post({ eventId: 'other', tables: ['contact'] });
    await simulation.run(simulation.clock.now() + 30 * 60_000);
    const parts = simulation.connect();
    expect((await parts.runs.listRecent(10)).runs.map(({ runId }) => runId)).toEqual([other]);
    expect(taskOf(simulation, other, 'contact').status).toBe('Successful');
    expect(simulation.organisation.links('contact').size).toBe(12);
    // The same event again finds the record that nobody can read, and leaves it alone.
    simulation.post({ eventId: 'spoilt', tables: ['contact'] });
    await simulation.run(simulation.clock.now() + 30 * 60_000);
    expect(told.some(({ partitionKey }) => partitionKey === spoilt)).toBe(true);
    // Retention removes it all the same.
    simulation.clock.advance(simulation.options.retentionMs + 60_000);
    await simulation.watch();
    expect(simulation.tables.runs.documents(spoilt)).toEqual([]);
    expect(simulation.errors).toEqual([]);
  });

  it.each(spoilings)('is recorded anew where it was a task of a run that goes on: %s', async (_name, spoil) => {
    const { simulation } = contacts(12);
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await untilMidPass(simulation);
    const task = documentOf(simulation.tables.runs, runId, 'task|contact');
    simulation.tables.runs.put(runId, 'task|contact', spoil(task));
    await simulation.run();
    expect(recordsOf(simulation).runs.map(({ status }) => status)).toEqual(['Successful']);
    expect(simulation.organisation.links('contact').size).toBe(12);
    const aside = simulation.tables.runs.documents('set-aside');
    expect(aside).toEqual([{ rowKey: `${runId}|task|contact`, document: { document: spoil(task) } }]);
    expect(simulation.errors).toEqual([]);
  });
});

describe('a pending row, an outcome or a found orphan that cannot be read', () => {
  it('is tried again as any pending row is', async () => {
    const { simulation } = contacts(2);
    mapTo(simulation, { kind: 'c', source: 2, profile: 9 });
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    const pending = documentOf(simulation.tables.pendingRows, 'contact', guidOf('c', 2));
    simulation.tables.pendingRows.put('contact', guidOf('c', 2), { ...pending, firstTriedAt: 'never' });
    addProfile(simulation, 9);
    simulation.post({ eventId: 'second', tables: ['contact'] });
    await simulation.run();
    expect(simulation.organisation.links('contact').get(guidOf('c', 2))).toBe(guidOf('p', 9));
    expect(simulation.tables.pendingRows.documents('contact')).toEqual([]);
    expect(simulation.errors).toEqual([]);
  });

  it('goes by its key where it says something else of itself, and is met once', async () => {
    const { simulation } = contacts(3);
    for (const source of [2, 3]) mapTo(simulation, { kind: 'c', source, profile: 9 });
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    const pending = documentOf(simulation.tables.pendingRows, 'contact', guidOf('c', 3));
    simulation.tables.pendingRows.put('contact', guidOf('c', 3), { ...pending, id: '' });
    addProfile(simulation, 9);
    const runId = simulation.post({ eventId: 'second', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(simulation.tables.pendingRows.documents('contact')).toEqual([]);
  });

  it('leaves the others of its list', async () => {
    const { simulation, told } = contacts(0);
    const { rowOutcomes, foundChanges } = simulation.connect();
    const at = new Date(0).toISOString();
    await rowOutcomes.record(
      'r',
      'contact',
      ['a', 'b'].map((id) => ({ id, outcome: 'failed', at })),
    );
    await foundChanges.keep(
      { table: 'contact' },
      ['a', 'b', 'c'].map((id) => ({ id, kind: 'clear', from: 'p', since: at, foundBy: 'r.0' })),
    );
    simulation.tables.rowOutcomes.put('r|contact', 'failed|a', { id: 'a' });
    simulation.tables.foundChanges.put('contact', 'a', 'x');
    simulation.tables.foundChanges.put('contact', 'b', null);
    const { outcomes } = await rowOutcomes.page('r', 'contact', { pageSize: 10 });
    expect(outcomes.map(({ id }) => id)).toEqual(['b']);
    expect((await rowOutcomes.byId('r', 'contact', { idPrefix: '', limit: 10 })).map(({ id }) => id)).toEqual(['b']);
    // A page of which nothing can be read is not the end.
    expect((await foundChanges.page({ table: 'contact' }, undefined, 2)).map(({ id }) => id)).toEqual(['c']);
    expect(told.map(({ rowKey }) => rowKey)).toEqual(['failed|a', 'failed|a', 'a', 'b']);
  });
});
