import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Status } from '../../shared/contracts/status.ts';
import { sampleRun, sampleTask } from '../api/records.ts';
import { startFakeApp } from './fake-app.ts';

type FakeApp = Awaited<ReturnType<typeof startFakeApp>>;

describe('all installations at once', () => {
  const apps: FakeApp[] = [];
  let folder = '';
  afterEach(async () => {
    for (const app of apps.splice(0)) app.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** An app whose tables stand so; one without a table answers with a fault. */
  async function start(tables: Readonly<Record<string, Status>>): Promise<FakeApp> {
    const run = sampleRun(1);
    const tasks = Object.entries(tables).map(([table, status]) => ({
      name: 'CustomerId Backstamping Hydration',
      ...sampleTask(run, table, { status }),
    }));
    const answer = {
      lastUpdated: run.receivedAt,
      tables: tasks.map(({ table }) => ({ table, kind: 'linking' })),
      groups: [{ name: 'Dataverse Hydration', count: tasks.length, tasks }],
    };
    const app = await startFakeApp(() => (tasks.length === 0 ? { status: 403, json: {} } : { json: answer }));
    apps.push(app);
    return app;
  }
  async function ask(fleet: Readonly<Record<string, FakeApp>>, environment: Record<string, string>) {
    folder = await mkdtemp(join(tmpdir(), 'backstamp-fleet-'));
    const config = join(folder, 'config.json');
    const profiles = Object.fromEntries(Object.entries(fleet).map(([name, { url }]) => [name, { url }]));
    await writeFile(config, JSON.stringify({ profiles }));
    const [first] = Object.values(fleet);
    if (first === undefined) throw new Error('A fleet has an app.');
    return first.backstamp('fleet status', { BACKSTAMP_CONFIG: config, ...environment });
  }
  const keys = { BACKSTAMP_KEY_TEST: 'key-of-test', BACKSTAMP_KEY_PRODUCTION: 'key-of-production' };

  it('are told one a line, each asked with its own key and no other', async () => {
    const test = await start({ contact: 'Successful' });
    const production = await start({ contact: 'Successful', lead: 'Failed' });

    const { code, out } = await ask({ test, production }, keys);

    expect(code).toBe(3);
    expect(out).toMatch(/production +Failed +2 +lead/);
    expect(out).toMatch(/test +Successful +1 /);
    expect(test.requests.map(({ headers }) => headers['x-functions-key'])).toEqual(['key-of-test']);
    expect(production.requests.map(({ headers }) => headers['x-functions-key'])).toEqual(['key-of-production']);
  });

  it('are told though one of them refuses, or has no key', async () => {
    const test = await start({ contact: 'Successful' });
    const production = await start({});

    const { code, out } = await ask({ test, production, keyless: test }, keys);

    expect(code).toBe(1);
    expect(out).toMatch(/production +no answer/);
    expect(out).toMatch(/keyless +no answer/);
    expect(out).toMatch(/test +Successful/);
  });
});
