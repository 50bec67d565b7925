import { describe, expect, it } from 'vitest';
import { tellExpected } from '../../shared/passes/task-progress.ts';
import { cancelRun } from '../../shared/runs/cancel-run.ts';
import { memoryParts } from '../api/memory-parts.ts';
import { sampleRun, sampleTask } from '../api/records.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { endOf, linkStateOf, recordsOf, taskOf } from '../support/state-of.ts';

function contacts(count: number): Simulation {
  const simulation = smallOrganisation({ contacts: count, leads: 0 });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return simulation;
}

async function play(simulation: Simulation, eventId: string, more: object = {}): Promise<string> {
  const runId = simulation.post({ eventId, tables: ['contact'], ...more });
  await simulation.run();
  simulation.clock.advance(3_600_000);
  return runId;
}

describe('a rehearsal', () => {
  it('I7 before the first run makes no column, writes no row, and says what a run would do', async () => {
    const simulation = contacts(6);
    const runId = await play(simulation, 'rehearsal', { mode: 'rehearsal' });
    const { status, counters, details } = taskOf(simulation, runId, 'contact');
    expect(status).toBe('Successful');
    expect(counters).toMatchObject({ linked: 6, relinked: 0, cleared: 0 });
    expect(details).toContain('Rehearsal, nothing was written: a run now would link 6 rows, move 0, clear 0.');
    expect(details).toContain('A run would first make the column msdynci_lookupfield_customerprofile.');
    expect(simulation.organisation.writes).toEqual([]);
    expect(simulation.tables.linkStates.partitions).toEqual([]);
    expect(simulation.tables.pendingRows.partitions).toEqual([]);
  });

  it('I7 between runs leaves the watermark, the pending rows and every link as they were', async () => {
    const simulation = contacts(6);
    mapTo(simulation, { kind: 'c', source: 1, profile: 9 });
    await play(simulation, 'first');
    const before = { ...endOf(simulation), state: linkStateOf(simulation, 'contact') };
    mapTo(simulation, { kind: 'c', source: 2, profile: 3 });
    addProfile(simulation, 9);
    const runId = await play(simulation, 'rehearsal', { mode: 'rehearsal' });
    const after = { ...endOf(simulation), state: linkStateOf(simulation, 'contact') };
    expect(after.tables).toEqual(before.tables);
    expect(after.state).toEqual(before.state);
    // The pending row is behind the watermark, and a run would link it all the same.
    expect(taskOf(simulation, runId, 'contact').counters).toMatchObject({ linked: 1, relinked: 1 });
  });

  it('shows the first differences, each with its profile before and after', async () => {
    const simulation = contacts(6);
    await play(simulation, 'first');
    mapTo(simulation, { kind: 'c', source: 2, profile: 3 });
    const runId = await play(simulation, 'rehearsal', { mode: 'rehearsal' });
    expect(simulation.tables.rowOutcomes.documents(`${runId}|contact`).map(({ document }) => document)).toMatchObject([
      {
        id: guidOf('c', 2),
        outcome: 'relinked',
        previousProfileId: guidOf('p', 2),
        previousCustomerId: 'customer-2',
        profileId: guidOf('p', 3),
        customerId: 'customer-3',
      },
    ]);
  });

  it('I8 shows no more than a hundred of them', async () => {
    const simulation = contacts(130);
    const runId = await play(simulation, 'rehearsal', { mode: 'rehearsal' });
    expect(taskOf(simulation, runId, 'contact').counters.linked).toBe(130);
    expect(simulation.tables.rowOutcomes.documents(`${runId}|contact`).length).toBe(100);
  });

  it('names what an update would set off, and leaves out what it would not', async () => {
    const simulation = contacts(1);
    const { organisation } = simulation;
    const step = {
      sdkmessageid: { name: 'Update' },
      sdkmessagefilterid: { primaryobjecttypecode: 'contact' },
      statecode: 0,
      customizationlevel: 1,
      mode: 0,
    };
    organisation.put('sdkmessageprocessingstep', '1', { ...step, name: 'Guard contact', filteringattributes: null });
    organisation.put('sdkmessageprocessingstep', '2', { ...step, name: 'Watch name', filteringattributes: 'lastname' });
    organisation.put('sdkmessageprocessingstep', '3', { ...step, name: 'Off', statecode: 1 });
    organisation.put('workflow', '1', {
      type: 1,
      statecode: 1,
      category: 0,
      mode: 0,
      primaryentity: 'contact',
      name: 'Welcome',
      triggeronupdateattributelist: 'lastname, msdynci_lookupfield_customerprofile',
    });
    organisation.put('callbackregistration', '1', {
      entityname: 'contact',
      softdeletestatus: 0,
      message: 4,
      name: 'Sync to ERP',
      filteringattributes: '',
    });
    organisation.put('callbackregistration', '2', {
      entityname: 'contact',
      softdeletestatus: 0,
      message: 1,
      name: 'On create',
    });
    const runId = await play(simulation, 'rehearsal', { mode: 'rehearsal' });
    expect(taskOf(simulation, runId, 'contact').details).toContain(
      'Each updated row would set off: plug-in step "Guard contact" (in line), workflow "Welcome", flow "Sync to ERP".',
    );
  });
});

describe('a merge and a split', () => {
  it('are told with the customer before and after', async () => {
    const simulation = contacts(4);
    await play(simulation, 'first');
    addProfile(simulation, 9);
    mapTo(simulation, { kind: 'c', source: 2, profile: 1 });
    mapTo(simulation, { kind: 'c', source: 3, profile: 9 });
    const runId = await play(simulation, 'second');
    const outcomes = simulation.tables.rowOutcomes.documents(`${runId}|contact`).map(({ document }) => document);
    expect(outcomes).toMatchObject([
      { id: guidOf('c', 2), outcome: 'relinked', previousCustomerId: 'customer-2', customerId: 'customer-1' },
      { id: guidOf('c', 3), outcome: 'relinked', previousCustomerId: 'customer-3', customerId: 'customer-9' },
    ]);
  });
});

describe('a cancellation', () => {
  /** Cancels the run when so many rows have been written. */
  async function cancelAfter(rows: number): Promise<{ simulation: Simulation; runId: string }> {
    const simulation = contacts(24);
    Object.assign(simulation.options, { sliceMs: 60_000 });
    // So slow that the look for a cancellation comes between two requests.
    simulation.world.stepMs = 300;
    const runId = simulation.post({ eventId: 'first', tables: ['contact'] });
    let isAsked = false;
    let cancelling: Promise<unknown> | undefined;
    simulation.world.faultAt = () => {
      if (!isAsked && simulation.organisation.writes.length >= rows) {
        isAsked = true;
        cancelling = cancelRun(simulation.connect(), runId);
      }
      return undefined;
    };
    await simulation.run();
    await cancelling;
    return { simulation, runId };
  }

  it('I5 ends the run as Canceled, between two requests', async () => {
    const { simulation, runId } = await cancelAfter(8);
    expect(taskOf(simulation, runId, 'contact').status).toBe('Canceled');
    expect(recordsOf(simulation).runs.map(({ status }) => status)).toEqual(['Canceled']);
    const written = simulation.organisation.writes.length;
    expect(written).toBeGreaterThanOrEqual(8);
    expect(written).toBeLessThan(24);
    expect(simulation.errors).toEqual([]);
  });

  it('I1 leaves no pass and no watermark behind, so that the next run misses nothing', async () => {
    const { simulation } = await cancelAfter(8);
    const written = simulation.organisation.writes.length;
    const runId = await play(simulation, 'second');
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({
      status: 'Successful',
      counters: { linked: 24 - written, unchanged: written },
    });
    expect(simulation.organisation.links('contact').size).toBe(24);
  });

  it('I5 before anything was delivered ends every task', async () => {
    const simulation = contacts(2);
    const runId = simulation.post({ eventId: 'first', tables: ['contact'] });
    let asked = false;
    simulation.world.faultAt = (_step, what) => {
      if (!asked && what === 'send') {
        asked = true;
        return { kind: 'meanwhile', action: () => void cancelRun(simulation.connect(), runId) };
      }
      return undefined;
    };
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Canceled');
    expect(simulation.organisation.writes).toEqual([]);
  });

  it('of a run that has ended changes nothing', async () => {
    const simulation = contacts(2);
    const runId = await play(simulation, 'first');
    expect(await cancelRun(simulation.connect(), runId)).toMatchObject({ status: 'Successful' });
    expect(await cancelRun(simulation.connect(), '0'.repeat(32))).toBeUndefined();
  });
});

describe('how much there is to read', () => {
  it('is told of a pass that reads everything, and not of one that reads what changed', async () => {
    const simulation = contacts(6);
    const first = await play(simulation, 'first');
    const later = await play(simulation, 'later');
    const full = await play(simulation, 'full', { mode: 'full' });
    expect(taskOf(simulation, first, 'contact').expected).toBe(6);
    expect(taskOf(simulation, later, 'contact').expected).toBeUndefined();
    expect(taskOf(simulation, full, 'contact').expected).toBe(6);
  });

  it('is no reason to stop where Dataverse does not tell', async () => {
    const { parts } = memoryParts();
    const run = sampleRun(1, { status: 'Refreshing' });
    await parts.runs.recordTask(sampleTask(run, 'contact'));
    const expectedNow = async () => (await parts.runs.findTask(run.runId, 'contact'))?.value.expected;
    const key = { runId: run.runId, table: 'contact' };
    await tellExpected(parts, key, {});
    await tellExpected(parts, key, { expected: async () => undefined });
    await tellExpected(parts, key, { expected: () => Promise.reject(new Error('There is no count.')) });
    expect(await expectedNow()).toBeUndefined();
    await tellExpected(parts, key, { expected: async () => 7 });
    expect(await expectedNow()).toBe(7);
  });
});
