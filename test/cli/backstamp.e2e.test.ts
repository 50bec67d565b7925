import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../shared/contracts/explanation.ts';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

describe('backstamp, the command', () => {
  let app: SampleApp;
  let broken = '';

  const backstamp = (line: string, environment: Record<string, string> = {}) => {
    const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; complaint: string }>();
    const env = {
      PATH: process.env.PATH ?? '',
      BACKSTAMP_URL: app.stack.hostUrl,
      BACKSTAMP_KEY: app.stack.functionKey,
      ...environment,
    };
    const child = execFile(process.execPath, [main, ...line.split(' ')], { env }, (error, out, complaint) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, complaint }),
    );
    child.stdin?.end();
    return promise;
  };

  beforeAll(async () => {
    app = await startSampleApp({ rows: 600 });
    broken = [...app.organisation.truth('lead')].find(({ profileId }) => profileId !== null)?.id ?? '';
  });
  afterAll(async () => {
    await app?.stack.stop();
  });

  it('has nothing to show before the first run', async () => {
    expect(await backstamp('status')).toMatchObject({ code: 0, out: expect.stringContaining('No run yet.') });
    expect(await backstamp('show latest')).toMatchObject({ code: 1, complaint: 'There is no run yet.\n' });
  });

  it('reads the set-up, ready to be used', async () => {
    const { code, out } = await backstamp('discover');
    expect(code).toBe(0);
    const setting = /^BACKSTAMP_UNIFICATION=(.*)$/m.exec(out)?.[1] ?? '';
    expect(unificationSetupSchema.parse(JSON.parse(setting)).tables).toHaveLength(4);
  });

  it('checks, and ends with 3 where there is a fault', async () => {
    expect(await backstamp('doctor')).toMatchObject({
      code: 0,
      out: expect.stringContaining('meets every requirement'),
    });
    await app.allow(['prvReadContact']);
    const { code, out } = await backstamp('doctor');
    expect(code).toBe(3);
    expect(out).toMatch(/^fault .*\n {10}→ /);
    await app.allow('all');
  });

  it('rehearses and runs, and ends with 4 where there are warnings', async () => {
    expect(await backstamp('rehearse --wait')).toMatchObject({
      code: 0,
      out: expect.stringContaining('rehearsal  Successful'),
    });
    const fault = { status: 400, code: '0x80040265', message: 'The lead has no owner.' };
    await app.control('POST', 'faults', { match: { rowId: broken }, fault });
    const { code, out } = await backstamp('run --wait');
    expect(code).toBe(4);
    expect(out).toContain('Completed with warnings');
    await app.control('DELETE', 'faults');
  });

  it('shows rows as a table, as JSON and as CSV', async () => {
    expect((await backstamp('rows latest lead --outcome failed')).out).toContain('The lead has no owner.');
    const rows = JSON.parse((await backstamp('rows latest lead --outcome failed --json')).out) as { id: string }[];
    expect(rows.map(({ id }) => id)).toEqual([broken]);
    const records = parse((await backstamp(`rows latest lead --csv --search ${broken}`)).out, { columns: true });
    expect(records).toMatchObject([{ id: broken, outcome: 'failed' }]);
  });

  it('shows the profile behind a row, and why there is none', async () => {
    const linked = [...app.organisation.truth('contact')].find(({ profileId }) => profileId !== null)?.id ?? '';
    const { code, out } = await backstamp(`profile contact ${linked}`);
    expect(code).toBe(0);
    for (const line of [
      /^Customer [0-9a-f]{32}$/m,
      /^ {2}msdynci_loyaltytier +\w+$/m,
      /^ {2}SupportCasesLastYear +\d+$/m,
    ])
      expect(out).toMatch(line);
    const answer = JSON.parse((await backstamp(`profile contact ${linked} --json`)).out) as { linked: boolean };
    expect(answer.linked).toBe(true);

    expect((await backstamp(`profile lead ${broken}`)).out).toMatch(/has no profile to show \(failed\)\.\n.*no owner/);
    expect(await backstamp(`profile contact ${broken}`)).toMatchObject({
      code: 1,
      complaint: expect.stringContaining('There is no row'),
    });
  });

  it('explains a row that is linked and one that failed, and lists the rows of a customer', async () => {
    const linked = [...app.organisation.truth('contact')].find(({ profileId }) => profileId !== null);
    const { code, out } = await backstamp(`explain contact ${linked?.id}`);
    expect(code).toBe(0);
    expect(out).toContain(`linked to profile ${linked?.profileId} of customer`);
    expect(out).toContain('It is the only one that names this row.');
    // The app linked the row, and nobody changed it since.
    expect(out).toContain('by this app: the link is as it left it');

    const failed = (await backstamp(`explain lead ${broken}`)).out;
    expect(failed).toMatch(/What the next run does\n {2}It links the row/);
    expect(failed).toContain('The lead has no owner.');

    const told = JSON.parse((await backstamp(`explain contact ${linked?.id} --json`)).out) as Explanation;
    const customer = await backstamp(`customer ${told.customer?.customerId}`);
    expect(customer.out).toContain(String(linked?.id));
    expect(await backstamp('customer nobody')).toMatchObject({
      code: 1,
      complaint: expect.stringContaining('customer nobody in the map'),
    });
  });

  it('shows runs and their status, for people and machines', async () => {
    const runs = JSON.parse((await backstamp('runs --json')).out) as { runId: string; mode: string }[];
    expect(runs.map(({ mode }) => mode)).toEqual(['incremental', 'rehearsal']);
    const id = runs[0]?.runId.slice(0, 12);
    expect(await backstamp(`show ${id}`)).toMatchObject({
      code: 4,
      out: expect.stringContaining('1 row could not be written'),
    });
    expect((await backstamp('runs --limit 1')).out.trim().split('\n')).toHaveLength(2);
    expect((await backstamp('status')).out).toMatch(/lead +Completed with warnings/);
  });

  it('cancels a run, which then ends with 3', async () => {
    await app.control('POST', 'limits', { latencyMs: 1_500 });
    const started = JSON.parse((await backstamp('run --mode full --json')).out) as { runId: string };
    await expect.poll(async () => (await backstamp(`show ${started.runId}`)).code, { timeout: 20_000 }).toBe(0);
    expect((await backstamp(`cancel ${started.runId}`)).code).toBe(0);
    await app.control('POST', 'limits', { latencyMs: 0 });
    await expect.poll(async () => (await backstamp(`show ${started.runId}`)).code, { timeout: 20_000 }).toBe(3);
  });

  it.each([
    ['a wrong key', 'status', { BACKSTAMP_KEY: 'wrong' }, 1, 'does not take this key'],
    ['no key and nobody to ask', 'status', { BACKSTAMP_KEY: '' }, 2, 'BACKSTAMP_KEY'],
    ['no app', 'status', { BACKSTAMP_URL: 'http://127.0.0.1:9' }, 1, 'does not answer'],
    ['an unknown table', 'run --table nothing', {}, 1, 'not among the tables'],
    ['an unknown run', 'show abcdef', {}, 1, 'No run begins with abcdef'],
    ['plain http', 'status --url http://contoso.example', {}, 2, 'must begin with https'],
    ['odd words', 'dance', {}, 2, "unknown command 'dance'"],
  ])('says what is wrong with %s', async (_, line, environment, code, words) => {
    const ended = await backstamp(line, environment);
    expect(ended).toMatchObject({ code, out: '', complaint: expect.stringContaining(words) });
  });
});
