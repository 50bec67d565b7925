import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { examples } from '../../shared/api/examples.ts';
import { explanationSchema } from '../../shared/contracts/explanation.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { failedRow, sampleRun, sampleTask } from '../api/records.ts';
import { type FakeAnswer, type FakeRequest, startFakeApp } from './fake-app.ts';

type FakeApp = Awaited<ReturnType<typeof startFakeApp>>;

describe('the command and an app', () => {
  const apps: FakeApp[] = [];
  const start = async (answer: (request: FakeRequest) => FakeAnswer): Promise<FakeApp> => {
    const app = await startFakeApp(answer);
    apps.push(app);
    return app;
  };
  afterEach(() => {
    for (const app of apps.splice(0)) app.close();
  });

  const withTasks = (number: number, overrides: Partial<RunWithTasks> = {}): RunWithTasks => {
    const run = sampleRun(number, overrides);
    return { ...run, tasks: [sampleTask(run, 'contact')], ...overrides };
  };
  const { endedAt: _, ...goingOn } = withTasks(1, { status: 'Refreshing' });
  const ended = withTasks(1);
  const { runId } = ended;
  const accepted = { status: 202, json: { eventId: 'operator-1', runId } };

  it('waits through faults and dropped connections, says the id first, and ends as the run does', async () => {
    const answers: FakeAnswer[] = [
      { status: 404, json: {} },
      { status: 503, text: 'upstream connect error' },
      { drop: true },
      { status: 502, text: '<html>' },
      { json: goingOn },
      { status: 429, json: {} },
      { json: ended },
    ];
    const app = await start(({ method }) => (method === 'POST' ? accepted : (answers.shift() ?? {})));

    const { code, out, complaint } = await app.backstamp('run --wait');

    expect(code).toBe(0);
    expect(out.split('\n')[0]).toBe(`Run ${runId} is on its way. See it with: backstamp show ${runId}`);
    expect(out).toContain('Successful');
    expect(complaint).toContain('waiting to begin');
    expect(answers).toEqual([]);
  });

  it('shows how it goes in one line of a terminal, and keeps JSON to itself', async () => {
    const answers = [{ json: goingOn }, { json: ended }];
    const app = await start(({ method }) => (method === 'POST' ? accepted : (answers.shift() ?? {})));
    const errorTerminal = { columns: () => 40, isColoured: false };
    const { out, complaint } = await app.backstamp('run --wait --json', {}, { errorTerminal });
    expect(JSON.parse(out)).toMatchObject({ runId, status: 'Successful' });
    expect(complaint).toContain(runId);
    const [line = ''] = complaint.split('\u001b[K').slice(1);
    expect(line.replace('\r', '')).toMatch(/^0 of 2 tables|^1 of 2 tables/);
    expect(line.replace('\r', '').length).toBeLessThan(40);
  });

  it('waits no longer than it is told, and ends with 5', async () => {
    const app = await start(({ method }) => (method === 'POST' ? accepted : { json: goingOn }));
    const { code, complaint } = await app.backstamp('run --wait --timeout 30s');
    expect(code).toBe(5);
    expect(complaint).toContain('goes on');
  });

  it('does not wait where the app refuses', async () => {
    const app = await start(({ method }) =>
      method === 'POST'
        ? accepted
        : { status: 403, json: { type: 'a', title: 'Forbidden', status: 403, detail: 'No.' } },
    );
    expect(await app.backstamp('run --wait')).toMatchObject({ code: 1, complaint: expect.stringContaining('No.') });
  });

  it('asks for a run again where no answer came, under one key, so that it is one run', async () => {
    const answers: FakeAnswer[] = [{ drop: true }, { status: 503, json: {} }, accepted];
    const app = await start(() => answers.shift() ?? {});
    expect((await app.backstamp('run')).code).toBe(0);
    const keys = app.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('explains a row in words, and names what nobody may know', async () => {
    const told = explanationSchema.parse(examples.Explanation);
    const path = `records/contact/${told.id}/explanation`;
    const app = await start((request) => (request.path === path ? { json: told } : { status: 404, json: {} }));

    const { code, out } = await app.backstamp(`explain contact ${told.id}`);

    expect(code).toBe(0);
    expect(out).toContain(`contact ${told.id}: linked to profile ${told.link?.profileId} of customer`);
    expect(out).toContain('It is the only one that names this row.');
    expect(out).toContain(`${told.id} (this one)`);
    expect(out).toContain('merged into the next');
    expect(out).toContain('by this app: the link is as it left it');
    expect(out).toContain('Dataverse does not hold which rule matched this row');

    const hidden = {
      ...told,
      link: { profileId: null, customerId: null },
      mapRows: [],
      customer: undefined,
      earlier: [],
    };
    const other = await start(() => ({
      json: { ...hidden, changed: undefined, next: { does: 'unknown', explanation: 'Not shown.' } },
    }));
    const { out: little } = await other.backstamp(`explain contact ${told.id}`);
    expect(little).toContain('linked to a profile that you may not read');
    expect(little).toContain('No map row names it.');
  });

  it('follows no redirect with the key', async () => {
    const elsewhere = await start(() => ({ json: {} }));
    for (const status of [301, 302, 303, 307, 308]) {
      const app = await start(() => ({ status, headers: { location: `${elsewhere.url}/login` }, text: '' }));
      const { code, complaint } = await app.backstamp('status');
      expect({ code, complaint }).toEqual({
        code: 1,
        complaint: expect.stringContaining(`redirects to ${elsewhere.url}`),
      });
    }
    expect(elsewhere.requests).toEqual([]);
  });

  it('says how to sign in where the app asks people to, and takes the Azure CLI’s token', async () => {
    const challenge = { status: 401, headers: { 'www-authenticate': 'Bearer' }, json: {} };
    const app = await start(({ headers }) =>
      headers.authorization === 'Bearer azure-token' ? { json: { runs: [] } } : challenge,
    );
    expect(await app.backstamp('runs')).toMatchObject({ code: 1, complaint: expect.stringContaining('az login') });
    const asked: string[] = [];
    const azureToken = async (scope: string) => {
      asked.push(scope);
      return 'azure-token';
    };
    const signIn = { BACKSTAMP_SIGN_IN: 'api://backstamp', BACKSTAMP_KEY: '' };
    expect((await app.backstamp('runs', signIn, { azureToken })).code).toBe(0);
    expect(asked).toEqual(['api://backstamp/.default']);
    expect(app.requests.at(-1)?.headers).not.toHaveProperty('x-functions-key');
    const signedOut = await app.backstamp('runs', signIn, { azureToken: async () => undefined });
    expect(signedOut).toMatchObject({ code: 2, complaint: expect.stringContaining('az login') });
  });

  it('takes a new token where the old one has run out while it waits', async () => {
    let valid = 'token-1';
    const answers: FakeAnswer[] = [{ json: goingOn }, { json: goingOn }, { json: ended }];
    const app = await start(({ method, headers }) => {
      if (headers.authorization !== `Bearer ${valid}`)
        return { status: 401, headers: { 'www-authenticate': 'Bearer' }, json: {} };
      if (method === 'POST') return accepted;
      if (answers.length === 2) valid = 'token-2';
      return answers.shift() ?? {};
    });
    const azureToken = async () => valid;
    const signIn = { BACKSTAMP_SIGN_IN: 'api://backstamp', BACKSTAMP_KEY: '' };
    expect((await app.backstamp('run --wait', signIn, { azureToken })).code).toBe(0);
    // One that stays refused is not asked for without end.
    const refused = await app.backstamp('runs', signIn, { azureToken: async () => 'no' });
    expect(refused).toMatchObject({ code: 1, complaint: expect.stringContaining('az login') });
  });

  it('takes what is about every command before the command too', async () => {
    const app = await start(() => ({ json: { runs: [] } }));
    const { code, out } = await app.backstamp(`--json --url ${app.url} runs --limit 3`, {
      BACKSTAMP_URL: 'http://127.0.0.1:9',
    });
    expect({ code, out }).toEqual({ code: 0, out: '[]\n' });
  });

  it('shows what is held back, and confirms one by its id', async () => {
    const hold = {
      id: '0f3c9a51d2e84b67',
      table: 'contact',
      kind: 'clear',
      count: 812,
      linkedRows: 7789,
      limitPercent: 5,
      since: '2026-03-01T05:00:00Z',
      shownAt: '2026-03-01T05:00:00Z',
      sample: [{ id: 'row-1', from: 'profile-1' }],
    };
    let holds = [hold];
    const app = await start(({ method, path }) => {
      if (path === 'holds') return { json: { holds } };
      if (method === 'POST') return accepted;
      return { json: ended };
    });
    const { code, out } = await app.backstamp('holds');
    expect(code).toBe(4);
    for (const text of [hold.id, '812', '7,789', '5 %', 'links cleared', 'row-1']) expect(out).toContain(text);
    expect((await app.backstamp(`confirm ${hold.id} --wait`)).out).toContain('Successful');
    expect(app.requests.map(({ path }) => path)).toContain(`holds/${hold.id}/confirm`);
    expect(await app.backstamp('confirm latest')).toMatchObject({ code: 2 });
    expect(await app.backstamp(`confirm ${hold.id} --timeout 5m`)).toMatchObject({ code: 2 });
    holds = [];
    expect(await app.backstamp('holds')).toMatchObject({ code: 0, out: 'Nothing is held back.\n' });
  });

  it('cancels the newest run that is under way as the latest, each of them with --all, and no ended one', async () => {
    const under = [2, 3].map((number) => ({
      ...goingOn,
      ...sampleRun(number, { status: 'Refreshing' }),
      endedAt: undefined,
    }));
    const app = await start(({ method, path }) => {
      if (method === 'GET' && path.startsWith('runs?'))
        return { json: { runs: path.includes('Queued') ? under : [ended] } };
      if (method === 'GET') return { json: ended };
      const found = under.find((run) => path.includes(run.runId));
      return found === undefined
        ? { status: 409, json: { type: 'a', title: 'Conflict', status: 409, detail: 'Run has ended (Successful).' } }
        : { json: { ...found, status: 'Canceled', endedAt: found.receivedAt } };
    });
    const cancelled = () => app.requests.filter(({ method }) => method === 'POST').map(({ path }) => path);

    expect((await app.backstamp('cancel latest')).code).toBe(0);
    expect(cancelled()).toEqual([`runs/${under[0]?.runId}/cancel`]);
    expect((await app.backstamp('cancel --all')).out.trim().split('\n')).toHaveLength(2);
    expect(cancelled()).toHaveLength(3);
    expect(await app.backstamp(`cancel ${runId}`)).toMatchObject({
      code: 1,
      complaint: 'Run has ended (Successful).\n',
    });
    under.length = 0;
    expect(await app.backstamp('cancel latest')).toMatchObject({
      code: 1,
      complaint: expect.stringContaining('No run is under way'),
    });
  });

  it('gives as many rows as are asked for, as CSV too', async () => {
    const all = Array.from({ length: 25 }, (_, number) => failedRow(number, `two\nlines ${number}`));
    const app = await start(({ path }) => {
      if (!path.includes('/rows')) return { json: ended };
      const query = new URLSearchParams(path.split('?')[1]);
      const from = Number(query.get('continuation') ?? 0);
      // A search may give more than a page at once.
      const rows = all.slice(from, from + 10);
      const next = from + 10 < all.length ? { 'x-continuation': String(from + 10) } : undefined;
      if (query.get('format') !== 'csv')
        return { json: { rows, examined: 10, ...(next && { continuation: String(from + 10) }) } };
      const lines = rows.map(({ id, reason }) => `${id},"${reason}"\r\n`);
      return { text: `${from === 0 ? 'id,reason\r\n' : ''}${lines.join('')}`, ...(next && { headers: next }) };
    });
    const ids = (text: string) => text.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? [];
    for (const [limit, count] of [
      ['1', 1],
      ['10', 10],
      ['13', 13],
      ['99', 25],
    ] as const) {
      const csv = await app.backstamp(`rows latest contact --csv --limit ${limit}`.replace('latest', runId));
      expect(ids(csv.out)).toHaveLength(count);
      expect(csv.out.startsWith('id,reason\r\n')).toBe(true);
      expect(ids((await app.backstamp(`rows ${runId} contact --limit ${limit}`)).out)).toHaveLength(count);
    }
    expect(ids((await app.backstamp(`rows ${runId} contact --csv`)).out)).toHaveLength(25);
  });

  it('asks for runs as the words say', async () => {
    const app = await start(() => ({ json: { runs: [] } }));
    await app.backstamp('runs --status Failed Canceled --mode full --table contact --since 24h -n 3');
    expect(Object.fromEntries(new URLSearchParams(app.requests[0]?.path.split('?')[1]))).toEqual({
      status: 'Failed,Canceled',
      mode: 'full',
      table: 'contact',
      since: '2026-02-28T08:00:00.000Z',
      pageSize: '3',
    });
  });

  it('watches until the run has ended, through an outage', async () => {
    const answers: FakeAnswer[] = [{ json: goingOn }, { json: goingOn }, { status: 503, json: {} }, { json: ended }];
    const app = await start(() => answers.shift() ?? {});
    const { code, out } = await app.backstamp(`show ${runId} --watch`);
    expect(code).toBe(0);
    expect(out).toContain('Refreshing');
    expect(out).toContain('No answer for now');
    expect(out).toContain('Successful');
  });

  it('shows nothing that a terminal would obey, in answers and in refusals', async () => {
    const evil = 'Jane\u001b[2J\u009b31m\r\nDoe';
    const details = { ...ended, tasks: [{ ...ended.tasks[0], details: [evil] }] };
    const app = await start(({ path }) =>
      path.startsWith('runs')
        ? { json: details }
        : { status: 400, json: { type: 'a', title: 'b', status: 400, detail: evil } },
    );
    const shown = await app.backstamp(`show ${runId}`);
    expect(shown.out).toContain('Jane[2J31m Doe');
    const refused = await app.backstamp('status');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    for (const text of [shown.out, refused.complaint]) expect(text).not.toMatch(/[\u001b\u009b\r]/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect((await app.backstamp(`show ${runId} --json`)).out).not.toMatch(/[\u001b\u009b\r]/);
  });
});

describe('profiles and files', () => {
  let folder: string | undefined;
  const inFolder = async (name: string): Promise<string> => {
    folder ??= await mkdtemp(join(tmpdir(), 'backstamp-cli-'));
    return join(folder, name);
  };
  afterEach(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
    folder = undefined;
  });

  it('lead to their own app with their own key, and no secret stands in the file', async () => {
    const answer = () => ({ json: { runs: [] } });
    const [test, production] = [await startFakeApp(answer), await startFakeApp(answer)];
    const file = await inFolder('deep/config.json');
    const environment = {
      BACKSTAMP_CONFIG: file,
      BACKSTAMP_URL: '',
      BACKSTAMP_KEY: '',
      BACKSTAMP_KEY_TEST: 'key-1',
      BACKSTAMP_KEY_THE_REAL: 'key-2',
    };
    const say = (line: string, more = {}) => test.backstamp(line, { ...environment, ...more });

    expect((await say('config list')).out).toContain('No profiles yet');
    expect((await say(`config set test --url ${test.url}/api/`)).out).toContain('BACKSTAMP_KEY_TEST');
    await say(`config set the-real --url ${production.url}`);
    expect((await say('runs')).code).toBe(0);
    expect((await say('runs --profile the-real')).code).toBe(0);
    await say('config use the-real');
    expect((await say('runs')).code).toBe(0);
    expect((await say('config list')).out).toMatch(/\* +the-real/);

    expect(test.requests.map(({ headers }) => headers['x-functions-key'])).toEqual(['key-1']);
    expect(production.requests.map(({ headers }) => headers['x-functions-key'])).toEqual(['key-2', 'key-2']);
    expect(await readFile(file, 'utf8')).not.toContain('key-');
    // A key that belongs to another address is nobody's here.
    const mixed = { BACKSTAMP_URL: test.url, BACKSTAMP_KEY: 'key-1', BACKSTAMP_KEY_THE_REAL: '' };
    expect(await say('runs --profile the-real', mixed)).toMatchObject({
      code: 2,
      complaint: expect.stringContaining('BACKSTAMP_KEY_THE_REAL'),
    });
    expect((await say('config remove the-real')).code).toBe(0);
    expect(await say('runs --profile the-real')).toMatchObject({ code: 2 });
    await writeFile(file, 'nonsense');
    expect(await say('config list')).toMatchObject({
      code: 2,
      complaint: expect.stringContaining('Mend it, or remove it'),
    });
    test.close();
    production.close();
  });

  it('discover --write makes the file, keeps what else stands in it, and touches no other file', async () => {
    const setup = {
      environmentKind: 'individual',
      output: 'dataverse',
      tables: [
        { table: 'contact', dataSource: 'CRM', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' },
      ],
    };
    const app = await startFakeApp(() => ({ json: { setup, sources: [], changes: [], leftOut: [], assumptions: [] } }));
    const file = await inFolder('infra/unification.json');
    expect(await app.backstamp(`discover --write ${file}`)).toMatchObject({
      code: 0,
      complaint: expect.stringContaining('Wrote'),
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(setup);

    await writeFile(file, JSON.stringify({ ...setup, tables: [], businessUnits: { teams: [] } }));
    expect((await app.backstamp(`discover --write ${file}`)).complaint).toContain('Changed');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ...setup, businessUnits: { teams: [] } });

    await writeFile(file, '{"name":"package"}');
    expect(await app.backstamp(`discover --write ${file}`)).toMatchObject({
      code: 2,
      complaint: expect.stringContaining('is no set-up'),
    });
    expect(await readFile(file, 'utf8')).toBe('{"name":"package"}');
    app.close();
  });
});
