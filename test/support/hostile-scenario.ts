import fc from 'fast-check';
import { expect } from 'vitest';
import { z } from 'zod';
import { listRuns } from '../../shared/api/show-runs.ts';
import { showStatus } from '../../shared/api/show-status.ts';
import { request } from '../api/requests.ts';
import type { MemoryTable } from './memory-tables.ts';
import type { Simulation } from './simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation } from './small-organisation.ts';
import { type Spoiling, spoil, spoilingArbitrary } from './spoil.ts';

const contacts = 6;
const leads = 4;
const hour = 3_600_000;

const targets = [
  'link-tasks',
  'unification-events',
  'dead task',
  'dead event',
  'runs',
  'linkStates',
  'pendingRows',
] as const;

/** What a hostile sender, an old version or a slip of the hand does, and when. */
export const hostileScenarioArbitrary = fc.record({
  deliveries: fc.integer({ min: 0, max: 14 }),
  target: fc.constantFrom(...targets, 'rowOutcomes' as const),
  pick: fc.nat(),
  spoiling: spoilingArbitrary,
});
type HostileScenario = typeof hostileScenarioArbitrary extends fc.Arbitrary<infer T> ? T : never;

/**
 * Two tables are linked; in the midst something of `contact`, or of its run, is spoilt: a message that somebody sends, or
 * a document that is stored. Whatever it is, the other table's links are right, later runs end, lists and status are
 * answered, nothing loops, and no row gets a link that the map does not give.
 */
export async function withstands({ deliveries, target, pick, spoiling }: HostileScenario): Promise<void> {
  const simulation = smallOrganisation({ contacts, leads });
  simulation.tell = () => undefined;
  for (let number = 1; number <= contacts; number++) {
    if (number !== 3) addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  for (let number = 1; number <= leads; number++) mapTo(simulation, { kind: 'l', source: number, profile: number });
  simulation.organisation.badRows.set(guidOf('c', 5), 'A rule forbids it.');

  const first = simulation.post({ eventId: 'first', tables: ['contact'] });
  for (let delivery = 0; delivery < deliveries; delivery++) await simulation.deliver();
  attack(simulation, { target, pick, spoiling, runId: first });
  simulation.post({ eventId: 'beside', tables: ['lead'] });
  await simulation.run(simulation.clock.now() + 2.2 * hour);

  simulation.organisation.badRows.clear();
  addProfile(simulation, 3);
  const last = simulation.post({ eventId: 'last', mode: 'full' });
  await simulation.run(simulation.clock.now() + 2.2 * hour);

  // What was sent to no handler's liking is refused; a fault of the program is none of that.
  for (const error of simulation.errors) expect(error).toBeInstanceOf(z.ZodError);
  expect(simulation.deliveries).toBeLessThan(1_000);
  const links = simulation.organisation.links('lead');
  for (let number = 1; number <= leads; number++) expect(links.get(guidOf('l', number))).toBe(profileOf(number));
  for (const { id, to } of simulation.organisation.writes) if (to !== null) expect(to).toBe(truthOf(id));
  const parts = simulation.connect();
  expect((await parts.runs.find(last))?.value.endedAt).toBeDefined();
  for (let number = 1; number <= contacts; number++) {
    expect(simulation.organisation.links('contact').get(guidOf('c', number))).toBe(profileOf(number));
  }
  expect((await showStatus(parts, request('GET', '/api/status'))).status).toBe(200);
  expect((await listRuns(parts, request('GET', '/api/runs'))).status).toBe(200);
}

const profileOf = (number: number): string | undefined => guidOf('p', number);

const truthOf = (sourceId: string): string => {
  const numbers = Array.from({ length: Math.max(contacts, leads) }, (_, at) => at + 1);
  const number = numbers.find((candidate) => [guidOf('c', candidate), guidOf('l', candidate)].includes(sourceId));
  return number === undefined ? 'nobody' : guidOf('p', number);
};

function attack(
  simulation: Simulation,
  { target, pick, spoiling, runId }: Omit<HostileScenario, 'deliveries'> & { readonly runId: string },
): void {
  const { broker } = simulation;
  const task = { schema: 'backstamp.link-task/1', runId, table: 'contact', followUp: 0, slice: 0, failures: 0 };
  const event = { schema: 'backstamp.unification-event/1', eventId: 'first', source: 'test', mode: 'incremental' };
  const dated = { ...event, occurredAt: new Date(simulation.clock.now()).toISOString() };
  if (target === 'link-tasks') broker.send('link-tasks', 'hostile', 'contact', spoil(task, spoiling));
  else if (target === 'unification-events') {
    broker.send('unification-events', 'hostile', undefined, spoil(dated, spoiling));
  } else if (target === 'dead task' || target === 'dead event') {
    const queue = target === 'dead task' ? 'link-tasks' : 'unification-events';
    broker.send(queue, 'hostile', 'contact', spoil(target === 'dead task' ? task : dated, spoiling));
    const [message] = broker.messages.splice(-1);
    if (message !== undefined) broker.deadLetters.push(message);
  } else spoilStored(simulation.tables[target], pick, spoiling);
}

/** Spoils one stored document that is not about the other table. */
function spoilStored(table: MemoryTable, pick: number, spoiling: Spoiling): void {
  const stored = table.partitions
    .flatMap((partition) => table.documents(partition).map(({ rowKey, document }) => ({ partition, rowKey, document })))
    .filter(({ partition, rowKey }) => !['recent', 'open', 'lead'].includes(partition) && !rowKey.endsWith('lead'));
  const found = stored[pick % Math.max(1, stored.length)];
  if (found !== undefined) table.put(found.partition, found.rowKey, spoil(found.document, spoiling));
}
