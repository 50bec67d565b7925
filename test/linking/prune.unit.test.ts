import { expect, it } from 'vitest';
import { outcomesPrunedAtOnce } from '../../shared/runs/limits.ts';
import { prune } from '../../shared/runs/prune.ts';
import { RowOutcomes } from '../../shared/state/row-outcomes.ts';
import { smallOrganisation } from '../support/small-organisation.ts';
import { Worker, World } from '../support/worker.ts';

/** An organisation with a run older than anybody wants to keep. */
async function oldRun() {
  const simulation = smallOrganisation({ contacts: 1, leads: 0 });
  const runId = simulation.post({ eventId: 'old', tables: ['contact'] });
  await simulation.run();
  simulation.clock.advance(simulation.options.retentionMs + 60_000);
  return { simulation, runId };
}

it('removes the outcomes of a run that moved five million rows over many beats, and the run with the last of them', async () => {
  const { simulation, runId } = await oldRun();
  let left = 5_000_000;
  const rowOutcomes = Object.assign(Object.create(RowOutcomes.prototype), {
    remove: async (_runId: string, _table: string, most: number) => {
      const removed = Math.min(most, left);
      left -= removed;
      return removed;
    },
  }) as RowOutcomes;
  const parts = { ...simulation.connect(), rowOutcomes };
  let beats = 0;
  while (simulation.tables.runs.partitions.includes(runId)) {
    const before = left;
    await prune(parts);
    expect(before - left).toBeLessThanOrEqual(outcomesPrunedAtOnce);
    beats++;
  }

  expect(left).toBe(0);
  // Twelve beats an hour.
  expect(beats).toBeLessThanOrEqual(60);
});

it('removes as many outcomes as it is asked to, and tells when none is left', async () => {
  const { simulation, runId } = await oldRun();
  const partition = `${runId}|contact`;
  for (let row = 0; row < 25; row++) simulation.tables.rowOutcomes.put(partition, `failed|${row}`, {});
  const rowOutcomes = new RowOutcomes(simulation.tables.rowOutcomes.connect(new Worker(new World(simulation.clock))));
  const removed: number[] = [];
  for (let time = 0; time < 4; time++) removed.push(await rowOutcomes.remove(runId, 'contact', 10));

  expect(removed).toEqual([10, 10, 5, 0]);
  expect(simulation.tables.rowOutcomes.documents(partition)).toEqual([]);
});
