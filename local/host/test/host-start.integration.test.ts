import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { masterKey, startHostProcess } from './host-process.ts';
import { appOf, cleanUps, http, start } from './host-support.ts';

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
