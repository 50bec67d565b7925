import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type HostProcess, masterKey, startHostProcess } from './host-process.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Writes an app into a folder of its own, with the project's packages. */
async function appOf(files: Record<string, string>, host: object = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'backstamp-host-'));
  cleanUps.push(() => rm(dir, { recursive: true }));
  const all = {
    'package.json': JSON.stringify({ type: 'module', main: 'app/*.js' }),
    'host.json': JSON.stringify({ version: '2.0', ...host }),
    ...files,
  };
  await symlink(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(dir, 'node_modules'));
  await mkdir(join(dir, 'app'));
  for (const [name, content] of Object.entries(all)) await writeFile(join(dir, name), content);
  return dir;
}
async function start(appDir: string, env: Record<string, string> = {}, extra: string[] = []): Promise<HostProcess> {
  const host = await startHostProcess(appDir, env, extra);
  cleanUps.push(() => host.process.stop());
  return host;
}

const http = (name: string, handler: string): string =>
  `import { app } from '@azure/functions'; app.http('${name}', { authLevel: 'anonymous', handler: ${handler} });`;
const sleeper = `async (request) => { await new Promise((r) => setTimeout(r, Number(request.query.get('ms')))); return { body: 'done' }; }`;

describe('starting the host', () => {
  it('follows the route prefix of host.json, and app settings above it', async () => {
    const dir = await appOf(
      { 'app/a.js': http('hello', `() => ({ body: 'hi' })`) },
      { extensions: { http: { routePrefix: 'v1/x' } } },
    );
    const asFile = await start(dir);
    const overridden = await start(dir, { AzureFunctionsJobHost__extensions__http__routePrefix: '' });

    expect(await (await fetch(`${asFile.url}/v1/x/hello`)).text()).toBe('hi');
    expect(await (await fetch(`${overridden.url}/hello`)).text()).toBe('hi');
  });

  it('gives the app the values of local.settings.json, beneath the environment', async () => {
    const dir = await appOf({
      'app/a.js': http('settings', `() => ({ jsonBody: [process.env.FROM_FILE, process.env.FROM_BOTH] })`),
      'local.settings.json': JSON.stringify({ Values: { FROM_FILE: 'file', FROM_BOTH: 'file' } }),
    });
    const host = await start(dir, { FROM_BOTH: 'environment' });

    expect(await (await fetch(`${host.url}/api/settings`)).json()).toEqual(['file', 'environment']);
  });

  it.each<[string, RegExp, Record<string, string>]>([
    [
      'an import error',
      /error worker: Worker was unable to load entry point "app\/\*\.js": app\/a\.js: Cannot find package 'missing'/,
      { 'app/a.js': `import 'missing';`, 'app/b.js': http('hello', '() => ({})') },
    ],
    [
      'a throw while loading',
      /unable to load entry point "app\/\*\.js": app\/a\.js: no setting X \(at file:.*a\.js:1/,
      { 'app/a.js': `throw new Error('no setting X');` },
    ],
    ['no file', /unable to load entry point "app\/\*\.js": no file matches/, {}],
    ['no function', /No functions found/, { 'app/a.js': '' }],
  ])('runs without functions after %s, and answers 404', async (_, message, files) => {
    const host = await start(await appOf(files));

    await host.line(message);
    expect(host.process.ready.functions).toEqual([]);
    expect((await fetch(`${host.url}/api/hello`)).status).toBe(404);
    const status = await fetch(`${host.url}/admin/host/status?code=${masterKey}`);
    expect(await status.json()).toMatchObject({ state: 'Running' });
  });

  it.each<[string, RegExp, Record<string, string>]>([
    [
      'a throw after something was registered',
      /^host could not start: The app's file app\/b\.js could not be loaded: no setting X/,
      { 'app/a.js': http('a', '() => ({})'), 'app/b.js': `throw new Error('no setting X');` },
    ],
    [
      'a function registered twice',
      /"a" is registered twice/,
      { 'app/a.js': http('a', '() => ({})'), 'app/b.js': http('a', '() => ({})') },
    ],
    [
      'a bad host.json',
      /host\.json is wrong: functionTimeout: "soon" is neither a time span/,
      { 'app/a.js': http('a', '() => ({})'), 'host.json': '{"version":"2.0","functionTimeout":"soon"}' },
    ],
    [
      'a bad schedule',
      /The schedule of function t is wrong: "61" is no valid second/,
      {
        'app/a.js': `import { app } from '@azure/functions'; app.timer('t', { schedule: '61 * * * * *', handler() {} });`,
      },
    ],
    [
      'a missing setting',
      /queueName of function q names the app setting "Queue", which is not set/,
      {
        'app/a.js': `import { app } from '@azure/functions'; app.serviceBusQueue('q', { connection: 'Bus', queueName: '%Queue%', handler() {} });`,
      },
    ],
    [
      'a missing connection',
      /set the app setting Bus \(a connection string\) or Bus__fullyQualifiedNamespace/,
      {
        'app/a.js': `import { app } from '@azure/functions'; app.serviceBusQueue('q', { connection: 'Bus', queueName: 'q', handler() {} });`,
      },
    ],
    [
      'an output binding',
      /output binding of type "queue", which this host does not write/,
      {
        'app/a.js': `import { app, output } from '@azure/functions'; app.timer('t', { schedule: '00:01:00', return: output.storageQueue({ connection: 'c', queueName: 'q' }), handler() {} });`,
      },
    ],
  ])('ends with one clear message for %s', async (_, message, files) => {
    const dir = await appOf(files);

    await expect(startHostProcess(dir)).rejects.toThrow(message);
  });

  it('ends with one clear message when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    cleanUps.push(async () => server.close());
    const { port } = server.address() as { port: number };

    const attempt = startHostProcess(await appOf({ 'app/a.js': http('a', '() => ({})') }), {}, [
      '--port',
      String(port),
    ]);

    await expect(attempt).rejects.toThrow(`Port ${port} is in use; choose another with --port.`);
  });
});

describe('a running host', () => {
  it('ends with code 1 when an invocation outlives the functionTimeout', async () => {
    const host = await start(await appOf({ 'app/a.js': http('slow', sleeper) }, { functionTimeout: '00:00:01' }));

    const inTime = await fetch(`${host.url}/api/slow?ms=100`);
    const late = await fetch(`${host.url}/api/slow?ms=60000`);

    expect([inTime.status, late.status, await late.text()]).toEqual([200, 500, '']);
    expect(await host.process.ended).toEqual({ code: 1, signal: null });
    expect(await host.line(/fatal/)).toMatch(/Function slow .* ran longer than the functionTimeout of 1 s/);
  });

  it('refuses what is too long, and more requests at once than host.json allows', async () => {
    const limits = { maxConcurrentRequests: 1, maxOutstandingRequests: 2 };
    const host = await start(await appOf({ 'app/a.js': http('slow', sleeper) }, { extensions: { http: limits } }));
    const statusOf = async (query: string, header = ''): Promise<number> =>
      (await fetch(`${host.url}/api/slow?${query}`, { headers: { 'x-header': header } })).status;

    expect(await statusOf(`ms=1&x=${'y'.repeat(8_000)}`)).toBe(200);
    expect(await statusOf(`ms=1&x=${'y'.repeat(8_200)}`)).toBe(414);
    expect(await statusOf('ms=1', 'z'.repeat(30_000))).toBe(200);
    expect(await statusOf('ms=1', 'z'.repeat(33_000))).toBe(431);
    const answers = await Promise.all([1, 2, 3].map(() => statusOf('ms=500')));
    expect(answers.sort()).toEqual([200, 200, 429]);
  });

  it('runs each function in a process of its own, the HTTP functions in one, and starts one anew that ends', async () => {
    const timer = (name: string): string =>
      `import { app } from '@azure/functions'; app.timer('${name}', { schedule: '00:00:01', handler: (_, context) =>
        context.log('${name} in ' + process.pid + ' as ' + process.env.FUNCTIONS_TARGET_GROUP) });`;
    const pid = '() => ({ jsonBody: process.pid })';
    const host = await start(
      await appOf({
        'app/a.js': http('a', pid),
        'app/b.js': http('b', pid),
        'app/t.js': timer('t'),
        'app/u.js': timer('u'),
      }),
      {},
      ['--per-function'],
    );
    /** The process that a timer's first line from `from` on names. */
    const pidOf = async (timer: string, from: number): Promise<number> => {
      const found = (): string | undefined =>
        host.lines.slice(from).find((line) => line.includes(` as function:${timer}`));
      await expect.poll(found, { timeout: 10_000 }).toBeDefined();
      return Number(/in (\d+) as/.exec(found() ?? '')?.[1]);
    };
    const answers = await Promise.all(
      ['a', 'b'].map(async (name) => (await (await fetch(`${host.url}/api/${name}`)).json()) as number),
    );
    const [t, u] = [await pidOf('t', 0), await pidOf('u', 0)];

    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).toBe(host.process.pid);
    expect(new Set([answers[0], t, u]).size).toBe(3);

    process.kill(t, 'SIGKILL');
    await host.line(/The process of function:t has ended; another one takes its place/);
    expect(await pidOf('t', host.lines.length)).not.toBe(t);

    host.process.kill('SIGKILL');
    const isAlive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(() => isAlive(u), { timeout: 5_000 }).toBe(false);
  });

  it('finishes what is running on SIGTERM, and takes nothing new', async () => {
    const host = await start(await appOf({ 'app/a.js': http('slow', sleeper) }));

    const running = fetch(`${host.url}/api/slow?ms=1000`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stopping = host.process.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const refused = await fetch(`${host.url}/api/slow?ms=1`).catch((error: Error) => error.message);

    expect(refused).toBe('fetch failed');
    expect(await (await running).text()).toBe('done');
    expect(await stopping).toEqual({ code: 0, signal: null });
  });

  it('runs timers by expression, interval and at start, never twice at once', async () => {
    const timer = (name: string, options: string, body: string): string =>
      `import { app } from '@azure/functions'; app.timer('${name}', { ${options}, handler: ${body} });`;
    const host = await start(
      await appOf({
        'app/a.js': timer('cron', `schedule: '%Every%'`, `(t, context) => context.log('run ' + JSON.stringify(t))`),
        'app/b.js': timer(
          'startup',
          `schedule: '0 0 0 1 1 *', runOnStartup: true`,
          `(t, context) => context.log('run')`,
        ),
        'app/c.js': timer(
          'long',
          `schedule: '00:00:01'`,
          `async (t, context) => { context.log('begin'); await new Promise((r) => setTimeout(r, 1500)); context.log('end'); }`,
        ),
        'app/d.js': timer('fails', `schedule: '00:00:01'`, `() => { throw new Error('deliberate'); }`),
      }),
      { Every: '*/1 * * * * *' },
    );
    await host.line(/startup: run/);
    await expect.poll(() => host.lines.filter((line) => /long: begin/.test(line)).length, { timeout: 9_000 }).toBe(3);

    const cron = host.lines.filter((line) => line.includes('cron: run'));
    const [, argument] = cron.slice(0, 2).map((line) => JSON.parse(line.slice(line.indexOf('{'))));
    expect(cron.length).toBeGreaterThan(4);
    expect(argument).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: { last: expect.stringMatching(/Z$/), lastUpdated: expect.any(String), next: expect.any(String) },
      isPastDue: false,
    });
    const steps = host.lines.filter((line) => line.includes('long:')).map((line) => line.split(' ').at(-1));
    expect(steps.slice(0, 5)).toEqual(['begin', 'end', 'begin', 'end', 'begin']);
    expect(host.lines.filter((line) => line.includes('fails: Failed')).length).toBeGreaterThan(2);
  });

  it('streams requests and answers when the app turns HTTP streaming on', async () => {
    const code = `import { app } from '@azure/functions';
      app.setup({ enableHttpStream: true });
      app.http('upper', { methods: ['POST'], authLevel: 'anonymous', route: 'upper/{name}', handler: async (request) => ({
        headers: { 'x-name': request.params.name },
        body: request.body.pipeThrough(new TransformStream({
          transform(chunk, controller) { controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())); },
        })),
      }) });`;
    const host = await start(await appOf({ 'app/a.js': code }));
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();

    const pending = fetch(`${host.url}/api/upper/ann`, {
      method: 'POST',
      body: readable,
      duplex: 'half',
    } as RequestInit);
    await writer.write(Buffer.from('first'));
    const response = await pending;
    const reader = response.body?.getReader();
    const first = await reader?.read();
    await writer.write(Buffer.from('second')); // sent only after the answer to the first had come
    const second = await reader?.read();
    await writer.close();

    expect(response.headers.get('x-name')).toBe('ann');
    expect([first, second].map((part) => Buffer.from(part?.value ?? []).toString())).toEqual(['FIRST', 'SECOND']);
  });

  it('runs the hooks of the app around invocations', async () => {
    const code = `import { app } from '@azure/functions';
      app.hook.appStart(() => { globalThis.started = true; });
      app.hook.preInvocation((context) => { context.hookData.mark = 'm'; context.inputs = [...context.inputs, 'more']; });
      app.hook.postInvocation((context) => { context.result = { jsonBody: { ...context.result.jsonBody, mark: context.hookData.mark, started: globalThis.started } }; });
      app.hook.log((context) => { context.message = context.message.replace('secret', '***'); });
      app.http('hooked', { authLevel: 'anonymous', handler: (...args) => { args.at(-1).log('a secret'); return { jsonBody: { extra: args[1] } }; } });`;
    const host = await start(await appOf({ 'app/a.js': code }));

    const answer = await (await fetch(`${host.url}/api/hooked`)).json();

    expect(answer).toEqual({ extra: 'more', mark: 'm', started: true });
    expect(await host.line(/hooked: a /)).toContain('a ***');
  });
});
