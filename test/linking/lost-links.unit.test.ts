import { describe, expect, it } from 'vitest';
import { mayBeNamed } from '../../shared/customer-insights/name-filter.ts';
import type { Dataverse } from '../../shared/dataverse/dataverse.ts';
import { ExpiredChangesError } from '../../shared/errors.ts';
import { readFilter } from '../support/odata-filter.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

function contacts(count: number): Simulation {
  const simulation = smallOrganisation({ contacts: count, leads: 0 });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return simulation;
}

/** Lets reads fail as a link does that leads nowhere any more; `before` counts the pages that the same process read. */
function losing(
  simulation: Simulation,
  isLost: (read: 'changes' | 'page', link: string | undefined, before: number) => boolean,
) {
  const { organisation } = simulation;
  const connect = organisation.connect.bind(organisation);
  const lost = () => Promise.reject(new ExpiredChangesError('Where the last reading ended is lost.'));
  organisation.connect = (worker) => {
    const dataverse = connect(worker);
    let pages = 0;
    const readChanges: Dataverse['readChanges'] = (request, signal) =>
      isLost('changes', request.link, 0) ? lost() : dataverse.readChanges(request, signal);
    const readPage: Dataverse['readPage'] = (request, signal) =>
      isLost('page', request.nextLink, pages++) ? lost() : dataverse.readPage(request, signal);
    return { ...dataverse, readChanges, readPage };
  };
}

describe('links that lead nowhere any more', () => {
  it('let the walk over linked rows begin anew, once, and clear what it finds', async () => {
    const simulation = contacts(40);
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    unmap(simulation, { kind: 'c', source: 1 });
    let losses = 0;
    losing(simulation, (read, link, before) => read === 'page' && link !== undefined && before === 0 && ++losses === 1);
    const runId = simulation.post({ eventId: 'second', tables: ['contact'], mode: 'full' });
    await simulation.run();

    expect(losses).toBeGreaterThan(0);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { cleared: 1 } });
    expect(simulation.organisation.links('contact').size).toBe(39);
  });

  it('end the task where every link is lost, instead of reading for ever', async () => {
    const simulation = contacts(40);
    losing(simulation, (_, link) => link !== undefined);
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();

    expect(taskOf(simulation, runId, 'contact').status).toBe('Failed');
  });
});

describe('the filter for names', () => {
  const isTaken = readFilter(mayBeNamed('name', "Ann's Table"));

  it.each(["Ann's Table", "ann's table ", " Ann's Table", "\tAnn's Table", "\u00a0Ann's Table\u00a0"])(
    'finds %j, with whatever blanks',
    (name) => {
      expect(isTaken({ name })).toBe(true);
    },
  );

  it.each([null, 'Other', "My Ann's Table"])('leaves out %j', (name) => {
    expect(isTaken({ name })).toBe(false);
  });
});
