import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDataverse } from '../../local/dataverse/server.ts';
import { callStandIn } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { localClientId } from '../../local/stack.ts';
import { UsageError } from '../../local/start/arguments.ts';
import { type OrganisationRehearsal, rehearseOrganisation } from '../../local/start/rehearse-organisation.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import { readStats } from '../../local/start/stand-in-stats.ts';

/** The stand-in plays a company's own organisation; everything else is what `npm start -- --organisation` starts. */
describe('a rehearsal on an organisation of one’s own', () => {
  const organisation = generateOrganisation({ rows: 400, seed: 3 });
  const appDir = fileURLToPath(new URL('../..', import.meta.url));
  let dataverse: Awaited<ReturnType<typeof startDataverse>>;
  let rehearsal: OrganisationRehearsal;
  let shown = '';
  const write = (text: string): void => {
    shown += text;
  };
  /** What was asked of the organisation since it was loaded, and rows written by table. */
  const stats = async () => ({
    written: (await readStats(dataverse.url)).rowsWritten,
    kinds: (await (await callStandIn(dataverse.url, '/__control/stats', {})).json()) as {
      requests: { byKind: Record<string, number> };
    },
  });
  let loaded: Awaited<ReturnType<typeof stats>>;

  beforeAll(async () => {
    dataverse = await startDataverse({ port: 0 });
    await loadOrganisation(dataverse.url, { organisation, clientIds: [localClientId] });
    loaded = await stats();
    rehearsal = await rehearseOrganisation(
      { organisation: dataverse.url, tables: ['contact', 'lead'] },
      { appDir, hostLogLevel: 'warn' },
      write,
    );
  });
  afterAll(async () => {
    await rehearsal?.stop();
    await dataverse?.close();
  });

  it('finds the tables, checks everything, rehearses, and says what a run would do', () => {
    expect(rehearsal.isGood, shown).toBe(true);
    expect(shown).toMatch(/contact +certain/);
    expect(shown).toContain('meets every requirement');
    const linked = [...organisation.truth('contact')].filter(({ profileId }) => profileId !== null).length;
    expect(shown).toMatch(new RegExp(`contact +Successful +\\d+ +${linked} `));
    // Only what was asked for.
    expect(shown).not.toMatch(/opportunity +Successful/);
    expect(shown).toContain('Nothing was written to the organisation.');
  });

  it('writes nothing, and the app that stays up writes nothing either, whatever it is asked for', async () => {
    expect((await stats()).written).toEqual(loaded.written);

    const headers = { 'content-type': 'application/json', 'x-functions-key': rehearsal.stack.functionKey };
    const start = (mode: string) =>
      fetch(`${rehearsal.stack.hostUrl}/api/runs`, { method: 'POST', headers, body: JSON.stringify({ mode }) });
    for (const mode of ['incremental', 'full', 'reconcile']) expect((await start(mode)).status).toBe(409);
    // An event comes in by a door of its own, and its run is stopped by the client.
    const client = new RunsClient(rehearsal.stack.hostUrl, rehearsal.stack.functionKey);
    const run = await client.follow(await client.postEvent('from-outside'), () => {});
    expect(run.status).toBe('Failed');
    expect(JSON.stringify(run.tasks)).toContain('Nothing is written to this organisation');

    const { written, kinds } = await stats();
    expect(written).toEqual(loaded.written);
    const writes = (byKind: Record<string, number>) =>
      Object.entries(byKind).filter(([kind]) => /^(update|create|delete|upsert|associate|assign)/i.test(kind));
    expect(writes(kinds.requests.byKind)).toEqual(writes(loaded.kinds.requests.byKind));
  });

  it('names the tables that there are where another is asked for', async () => {
    const asked = rehearseOrganisation({ organisation: dataverse.url, tables: ['invoice'] }, { appDir }, write);
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow(/--table invoice: not among .*contact/);
  });
});
