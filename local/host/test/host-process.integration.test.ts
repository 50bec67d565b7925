import { describe, expect, it } from 'vitest';
import { appOf, http, sleeper, start } from './host-support.ts';

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
