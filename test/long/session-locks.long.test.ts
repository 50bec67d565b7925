import { expect, it } from 'vitest';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { verifyLinks } from '../../local/sample/verify-links.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import { readStats } from '../../local/start/stand-in-stats.ts';
import { startTestStack } from '../support/stack.ts';

it('400,000 rows are linked in slices of 2 s under locks of 1 s: no session is lost, no page is done twice', async () => {
  const organisation = generateOrganisation({ rows: 400_000, seed: 15 });
  const stack = await startTestStack({
    hostLogLevel: 'debug',
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(organisation)),
      BACKSTAMP_SLICE_SECONDS: '2',
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '2',
    },
  });
  try {
    await fetch(`${stack.brokerControlUrl}/__control/queues/link-tasks`, {
      method: 'PUT',
      body: JSON.stringify({ RequiresSession: true, RequiresDuplicateDetection: true, LockDuration: 'PT1S' }),
    });
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
    const client = new RunsClient(stack.hostUrl, stack.functionKey);

    const run = await client.follow(await client.postEvent('long'), () => undefined);

    expect(run.status).toBe('Successful');
    const host = stack.log.filter((line) => line.startsWith('host: '));
    expect(host.filter((line) => /is lost|could not be (completed|abandoned)|not reachable/.test(line))).toEqual([]);
    const slices = host.filter((line) => line.includes('link-table: Executed')).length;
    const acceptances = host.filter((line) => /link-table: Session \S+ accepted/.test(line)).length;
    // Many slices follow one another under one acceptance, for longer than any renewal that counts from there would last.
    expect(slices).toBeGreaterThan(5 * acceptances);

    const checks = await verifyLinks(stack.dataverseUrl, organisation);
    expect(checks.flatMap(({ wrong }) => wrong)).toEqual([]);
    const { rowsWritten } = await readStats(stack.dataverseUrl);
    for (const { table } of organisation.sourceTables) {
      const due = [...organisation.truth(table)].filter(({ profileId }) => profileId !== null).length;
      const task = run.tasks.find((each) => each.table === table);
      expect([table, rowsWritten[table], task?.counters.linked]).toEqual([table, due, due]);
    }
  } finally {
    await stack.stop();
  }
}, 900_000);
