import { expect, it } from 'vitest';
import { survive } from '../support/real-deaths.ts';

it('I2 I4 links every row though its host dies, the broker is cut off and Table Storage restarts', async () => {
  const { run, rowsDue, rowsWritten, columnsWritten, wrong } = await survive({
    rows: 6_000,
    deaths: 3,
    brokerOutageMs: 2_000,
  });
  expect(wrong).toEqual([]);
  expect(run.status).toBe('Successful');
  expect(rowsWritten).toBeGreaterThanOrEqual(rowsDue);
  expect(columnsWritten).toEqual(['msdynci_lookupfield_customerprofile']);
  // Usually twenty seconds; several faults in a row are answered by pauses of up to two minutes.
}, 400_000);
