import { expect, it } from 'vitest';
import { survive } from '../support/real-deaths.ts';

const deaths = 20;
/** Rows in the requests that are under way when a process dies: those of one page for each of four tables. */
const rowsAtRisk = 4 * 1_000;

it('I2 I4 links 50,000 rows though its host dies 20 times, the broker is gone for 10 s and Table Storage restarts', async () => {
  const { run, deathsInRun, rowsDue, rowsWritten, columnsWritten, wrong } = await survive({
    rows: 50_000,
    deaths,
    brokerOutageMs: 10_000,
  });
  console.log(
    `${deathsInRun} of ${deaths} deaths fell into the run. Rows to write: ${rowsDue}; rows written: ${rowsWritten}.`,
  );
  expect(wrong).toEqual([]);
  expect(run.status).toBe('Successful');
  expect(deathsInRun).toBe(deaths);
  // A request that was under way when the process died may be written again, and no more than that.
  expect(rowsWritten).toBeGreaterThanOrEqual(rowsDue);
  expect(rowsWritten - rowsDue).toBeLessThanOrEqual(deaths * rowsAtRisk);
  expect(columnsWritten).toEqual(['msdynci_lookupfield_customerprofile']);
}, 600_000);
