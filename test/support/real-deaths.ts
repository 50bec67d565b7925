import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callStandIn } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { verifyLinks, type WrongLink } from '../../local/sample/verify-links.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import { readStats } from '../../local/start/stand-in-stats.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { startTestStack, type TestStack } from './stack.ts';

/** How the organisation and the stack fare. */
export interface Ordeal {
  readonly rows: number;
  /** How often the host is killed while the pass goes on. */
  readonly deaths: number;
  /** For how long the broker drops every connection and refuses new ones, half-way through. */
  readonly brokerOutageMs: number;
}

/** What was left in the end. */
export interface Survival {
  readonly run: RunWithTasks;
  /** Deaths that fell into the run; the others came when it had ended. */
  readonly deathsInRun: number;
  /** Rows that had to be written, and rows that the organisation saw written. */
  readonly rowsDue: number;
  readonly rowsWritten: number;
  readonly columnsWritten: readonly string[];
  readonly wrong: readonly WrongLink[];
}

/**
 * Links an organisation on the embedded stack while its host is killed at random moments, the broker is cut off once
 * and Table Storage is restarted once.
 */
export async function survive({ rows, deaths, brokerOutageMs }: Ordeal): Promise<Survival> {
  const organisation = generateOrganisation({ rows, seed: 4 });
  const folder = await mkdtemp(path.join(tmpdir(), 'backstamp-tables-'));
  const stack = await startTestStack({
    tableStorageDir: folder,
    hostLogLevel: 'warn',
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(organisation)),
      BACKSTAMP_PAGE_SIZE: '1000',
      BACKSTAMP_SLICE_SECONDS: '4',
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '2',
    },
  });
  try {
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
    // An organisation that takes its time, so that the deaths fall into the pass.
    const limits = { costPerRowMs: 4, contention: 1 };
    await callStandIn(stack.dataverseUrl, '/__control/limits', { method: 'POST', body: JSON.stringify(limits) });

    const client = new RunsClient(stack.hostUrl, stack.functionKey);
    const runId = await client.postEvent('ordeal');
    let deathsInRun = 0;
    for (let death = 1; death <= deaths; death++) {
      await sleep(300 + Math.random() * 1_200);
      if (death === Math.ceil(deaths / 3)) await cutBroker(stack, brokerOutageMs);
      if (death === Math.ceil((2 * deaths) / 3)) await stack.restart('tables');
      if ((await client.find(runId))?.endedAt === undefined) deathsInRun++;
      await stack.kill('host');
      await stack.restart('host');
    }
    const run = await client.follow(runId, () => undefined);

    const checks = await verifyLinks(stack.dataverseUrl, organisation);
    const stats = await readStats(stack.dataverseUrl);
    const due = organisation.sourceTables.flatMap(({ table }) =>
      [...organisation.truth(table)].filter(({ profileId }) => profileId !== null),
    );
    return {
      run,
      deathsInRun,
      rowsDue: due.length,
      rowsWritten: organisation.sourceTables.reduce((sum, { table }) => sum + (stats.rowsWritten[table] ?? 0), 0),
      columnsWritten: [...new Set(Object.values(stats.columnsWritten).flatMap((columns) => Object.keys(columns)))],
      wrong: checks.flatMap(({ wrong }) => wrong),
    };
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function cutBroker({ brokerControlUrl }: TestStack, forMs: number): Promise<void> {
  for (const fault of [{ kind: 'refuse-connections', forMs }, { kind: 'drop-all-connections' }]) {
    const answer = await fetch(`${brokerControlUrl}/__control/faults`, { method: 'POST', body: JSON.stringify(fault) });
    if (!answer.ok) throw new Error(`The broker was not cut off: ${await answer.text()}`);
  }
  await sleep(forMs);
}
