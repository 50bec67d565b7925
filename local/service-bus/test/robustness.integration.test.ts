import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ServiceBusClient } from '@azure/service-bus';
import { afterEach, describe, expect, it } from 'vitest';
import { only, SOON, until, useBroker } from './support.ts';

const broker = useBroker();
const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function run(script: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [pathOf(script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** What a process writes until it writes a whole line. */
async function firstLine(stream: ChildProcess['stdout']): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.trim();
}

describe('the broker under stress', () => {
  it('frees the session of a killed client at once', async () => {
    const queue = await broker.queue({ RequiresSession: true, LockDuration: 'PT5M' });
    await broker.client().createSender(queue).sendMessages({ body: 'b', sessionId: 's' });
    const child = run('./client-process.ts', broker.running.connectionString, queue);
    expect(await firstLine(child.stdout)).toBe('s');
    expect(await broker.counts(queue)).toMatchObject({ locked: 1 });
    child.kill('SIGKILL');
    const receiver = await broker.client().acceptNextSession(queue);
    expect(receiver.sessionId).toBe('s');
    expect(only(await receiver.receiveMessages(1, SOON)).body).toBe('b');
  });

  it('carries 6,000 messages through, each once', async () => {
    const queue = await broker.queue({ LockDuration: 'PT1M' });
    const total = 6_000;
    const sender = broker.client().createSender(queue);
    for (let i = 0; i < total; i += 1000) {
      await sender.sendMessages(Array.from({ length: 1000 }, (_, j) => ({ body: i + j })));
    }
    expect((await broker.counts(queue)).active).toBe(total);
    const seen = new Set<number>();
    const subscription = broker
      .client()
      .createReceiver(queue)
      .subscribe(
        {
          async processMessage({ body }) {
            seen.add(body);
          },
          async processError() {},
        },
        { maxConcurrentCalls: 200 },
      );
    const end = Date.now() + 25_000;
    while (Date.now() < end && (await broker.counts(queue)).active > 0) await new Promise((r) => setTimeout(r, 100));
    await subscription.close();
    expect(await broker.counts(queue)).toMatchObject({ active: 0, locked: 0, deadLetter: 0 });
    expect(seen.size).toBe(total);
  });

  it('answers dispositions on a link that has long carried more than 2,048 deliveries', async () => {
    const queue = await broker.queue({ LockDuration: 'PT1M' });
    const sender = broker.client().createSender(queue);
    const total = 4500;
    for (let i = 0; i < total; i += 1500) {
      await sender.sendMessages(Array.from({ length: 1500 }, (_, j) => ({ body: i + j })));
    }
    const receiver = broker.client().createReceiver(queue);
    const bodies: unknown[] = [];
    while (bodies.length < total) {
      const messages = await receiver.receiveMessages(500, SOON);
      if (messages.length === 0) break;
      await Promise.all(messages.map((message) => receiver.completeMessage(message)));
      bodies.push(...messages.map(({ body }) => body));
    }
    expect(bodies).toEqual(Array.from({ length: total }, (_, i) => i));
  });

  it('forgets the connection, links and waits of clients that are gone', async () => {
    const queue = await broker.queue({ RequiresSession: true });
    const before = (await broker.control('GET', '/health')).body.connections;
    for (let i = 0; i < 5; i++) {
      const client = new ServiceBusClient(broker.running.connectionString);
      // Never answered: the client is gone before a session comes.
      client.acceptNextSession(queue).catch(() => undefined);
      await client.createSender(queue).createMessageBatch();
      await client.close();
    }
    await until(
      async () => (await broker.control('GET', '/health')).body.connections === before,
      'the connections are gone',
    );
    await broker.client().createSender(queue).sendMessages({ body: 1, sessionId: 's' });
    expect((await broker.client().acceptNextSession(queue)).sessionId).toBe('s');
  });

  it('is idle again when a connection was cut that held one session and waited for another', async () => {
    const queue = await broker.queue({ RequiresSession: true });
    const client = broker.client();
    await client.createSender(queue).sendMessages({ body: 1, sessionId: 'held' });
    await client.acceptSession(queue, 'held');
    const waiting = client.acceptNextSession(queue).catch(() => undefined);
    await until(async () => (await broker.counts(queue)).sessions === 1, 'the session is there');
    await sleep(200);

    await broker.fault({ kind: 'drop-all-connections' });
    await client.close();
    await waiting;
    const before = performance.eventLoopUtilization();
    await sleep(300);

    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.7);
  });

  it('survives a peer that does not speak AMQP', async () => {
    const socket = connect(broker.running.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    const queue = await broker.queue();
    await broker.client().createSender(queue).sendMessages({ body: 1 });
    expect((await broker.counts(queue)).active).toBe(1);
  });
});

describe('the broker as a process', () => {
  it('says in one line where it listens, serves the declared entities, and ends on SIGTERM', async () => {
    const child = run('../main.ts', '--port', '0', '--control-port', '0');
    const exited = once(child, 'exit');
    const ready = JSON.parse(await firstLine(child.stdout));
    expect(ready).toEqual({ ready: 'service-bus', port: expect.any(Number), controlPort: expect.any(Number) });
    const client = new ServiceBusClient(
      `Endpoint=sb://127.0.0.1:${ready.port};SharedAccessKeyName=RootManageSharedAccessKey;` +
        'SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;',
    );
    await client.createSender('unification-events').sendMessages({ body: 1 });
    await client.createSender('link-tasks').sendMessages({ body: 1, sessionId: 'contact' });
    await client.createSender('linking-events').sendMessages({ body: 1 });
    const health = await (await fetch(`http://127.0.0.1:${ready.controlPort}/health`)).json();
    expect(health).toMatchObject({ queues: 2, topics: 1 });
    await client.close();
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it.each([
    { args: ['--port', 'PORT'], message: /^service-bus: port \d+ is in use; .*--port.*\n$/ },
    { args: ['--port', '0', '--control-port', 'CONTROL'], message: /^service-bus: port \d+ is in use; .*\n$/ },
    { args: ['--port', 'x'], message: /^service-bus: --port x: give a port number .*\n$/ },
    { args: ['--config', '/nowhere.json'], message: /^service-bus: \/nowhere\.json: .*\n$/ },
    { args: ['--colour', 'red'], message: /^service-bus: .*--colour.*\n$/ },
  ])('ends with code 1 and one clear line for $args', async ({ args, message }) => {
    const { port, controlPort } = broker.running;
    const given = args.map((arg) => arg.replace('PORT', String(port)).replace('CONTROL', String(controlPort)));
    const child = run('../main.ts', ...given);
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(stderr).toMatch(message);
  });
});
