import { describe, expect, it } from 'vitest';
import { linkingWork } from '../../shared/linking/linking-work.ts';
import { guardLinkStates, phaseOrders } from '../support/link-state-transitions.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { recordsOf, taskOf } from '../support/state-of.ts';
import { countingPhases, countingWork } from './counting-work.ts';

const table = 'invoice';
const rows = 11;

/** An organisation with a table that a third kind of work is about; one line registers it. */
function organisation(): Simulation {
  const simulation = smallOrganisation({ contacts: 3, leads: 0 }, { pageSize: 3 });
  simulation.works = (parts) => [linkingWork(parts), countingWork(parts, table, 'contact')];
  simulation.organisation.createTable({ logicalName: table, entitySetName: 'invoices', primaryId: 'invoiceid' });
  for (let number = 1; number <= rows; number++) {
    simulation.organisation.put(table, `e0000000-0000-4000-8000-${String(number).padStart(12, '0')}`, {});
  }
  addProfile(simulation, 1);
  mapTo(simulation, { kind: 'c', source: 1, profile: 1 });
  guardLinkStates(simulation, { ...phaseOrders, counting: countingPhases });
  return simulation;
}

async function play(simulation: Simulation): Promise<{ runId: string; end: unknown }> {
  const runId = simulation.post({ eventId: 'event', tables: ['contact', table], source: 'operator' });
  await simulation.run();
  const { status, counters, details, kind } = taskOf(simulation, runId, table);
  return { runId, end: { status, counters, details, kind, links: [...simulation.organisation.links('contact')] } };
}

describe('a third kind of work, in a folder of its own', () => {
  it('has tasks in runs, after those of the table that it comes after', async () => {
    const simulation = organisation();

    const { runId, end } = await play(simulation);

    expect(end).toMatchObject({
      kind: 'counting',
      status: 'Successful',
      counters: { read: rows, unchanged: rows },
      details: [`Counted ${rows} rows.`],
    });
    const [first, then] = ['contact', table].map((name) => taskOf(simulation, runId, name));
    expect(Date.parse(then?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.endedAt ?? ''));
    expect(recordsOf(simulation).runs[0]?.status).toBe('Successful');
  });

  it('is skipped with its own words where what comes first fails, or its table is missing', async () => {
    const failing = organisation();
    failing.organisation.alterTable('contact', { primaryId: 'wrongid' });
    const { runId } = await play(failing);
    expect(taskOf(failing, runId, table)).toMatchObject({
      status: 'Skipped',
      details: ['Nothing was counted.', 'contact ended as Skipped. Run it again.'],
    });

    const missing = organisation();
    missing.works = (parts) => [linkingWork(parts), countingWork(parts, 'nothing', 'contact')];
    const other = missing.post({ eventId: 'event', tables: ['nothing'] });
    await missing.run();
    expect(taskOf(missing, other, 'nothing').findings).toMatchObject([{ code: 'no-table' }]);
  });

  it.each(['die before', 'die after', 'freeze'] as const)(
    'ends the same where a process should %s any one step',
    async (kind) => {
      const undisturbed = organisation();
      const { end } = await play(undisturbed);
      for (let at = 1; at <= undisturbed.world.steps; at++) {
        const simulation = organisation();
        simulation.world.faultAt = (step) => (step === at ? { kind } : undefined);

        expect((await play(simulation)).end, `step ${at}`).toEqual(end);
        expect(simulation.errors, `step ${at}`).toEqual([]);
      }
    },
  );
});
