import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { verifyLinks } from '../../local/sample/verify-links.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import { startTestStack } from '../support/stack.ts';

const rows = 1_000_000;
const heapMiB = 256;
/** What a process has besides its heap: the code of Node and of the app, buffers of requests under way. */
const besidesHeapMiB = 300;

it('I8 links 1,000,000 rows in a host with a heap of 256 MiB', async () => {
  const organisation = generateOrganisation({ rows, seed: 8 });
  const stack = await startTestStack({
    hostLogLevel: 'warn',
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(organisation)),
      BACKSTAMP_SLICE_SECONDS: '60',
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '2',
      NODE_OPTIONS: `--max-old-space-size=${heapMiB}`,
    },
  });
  try {
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
    const client = new RunsClient(stack.hostUrl, stack.functionKey);
    const begun = performance.now();
    let stopped = false;
    void stack.ended('host').then(() => {
      stopped = true;
    });
    const run = await client.follow(await client.postEvent('million'), () => {
      if (stopped) throw new Error('The host ended in the midst of the run: its heap was too small.');
    });
    const seconds = (performance.now() - begun) / 1000;
    const peak = await peakMemoryMiB();
    const linked = run.tasks.reduce((sum, { counters }) => sum + counters.linked, 0);
    console.log(
      `${linked} rows linked in ${seconds.toFixed(0)} s; peak memory of the host ${peak.toFixed(0)} MiB, its heap limited to ${heapMiB} MiB.`,
    );
    expect(run.status).toBe('Successful');
    expect(peak).toBeLessThan(heapMiB + besidesHeapMiB);
    const checks = await verifyLinks(stack.dataverseUrl, organisation);
    expect(checks.flatMap(({ wrong }) => wrong)).toEqual([]);
  } finally {
    await stack.stop();
  }
}, 1_800_000);

/** The most memory that the host, a child of this process, ever held, as the kernel counts it. */
async function peakMemoryMiB(): Promise<number> {
  const readAll = (file: string) => readFile(file, 'utf8').catch(() => '');
  for (const pid of await readdir('/proc')) {
    const status = await readAll(`/proc/${pid}/status`);
    if (Number(/PPid:\s+(\d+)/.exec(status)?.[1]) !== process.pid) continue;
    const command = (await readAll(`/proc/${pid}/cmdline`)).split('\0');
    if (!command.some((part) => part.endsWith('local/host/main.ts'))) continue;
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  }
  throw new Error('The host is no child of this process.');
}
