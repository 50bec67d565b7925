import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProcess, startProcess } from '../../processes.ts';
import { fixture, type HostProcess, startHostProcess } from './host-process.ts';

/** What a function of the fixture reports of one invocation. */
interface Report {
  readonly message: unknown;
  readonly type: string;
  readonly running: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly trace: { readonly traceParent: string };
}

let broker: RunningProcess;
let client: ServiceBusClient;
let host: HostProcess;

const startBroker = (port = 0, controlPort = 0): Promise<RunningProcess> =>
  startProcess({
    name: 'broker',
    args: [
      fileURLToPath(new URL('../../service-bus/main.ts', import.meta.url)),
      ...['--port', String(port), '--control-port', String(controlPort)],
      ...['--config', `${fixture('service-bus-app')}/Config.json`],
    ],
  });
const connectionString = (): string =>
  `Endpoint=sb://127.0.0.1:${broker.ready.port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;`;
const startApp = (): Promise<HostProcess> =>
  startHostProcess(fixture('service-bus-app'), {
    ServiceBusConnection: connectionString(),
    SingleQueue: 'single',
  });

beforeAll(async () => {
  broker = await startBroker();
  client = new ServiceBusClient(connectionString());
  host = await startApp();
});
afterAll(async () => {
  await host.process.stop();
  await client.close();
  await broker.stop();
});

const send = async (entity: string, messages: ServiceBusMessage | ServiceBusMessage[]): Promise<void> => {
  const sender = client.createSender(entity);
  await sender.sendMessages(messages);
  await sender.close();
};
/** The reports of a function so far whose JSON holds `text`. */
const reports = (kind: string, text: string): Report[] =>
  host.lines
    .filter((line) => line.includes(`${kind} got `) && line.includes(text))
    .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Report);
const report = async (kind: string, text: string): Promise<Report> => {
  const line = await host.line(new RegExp(`${kind} got .*${text}`));
  return JSON.parse(line.slice(line.indexOf('{'))) as Report;
};
const activeCount = async (queue: string): Promise<unknown> => {
  const response = await fetch(`http://127.0.0.1:${broker.ready.controlPort}/__control/queues/${queue}`);
  return ((await response.json()) as { counts: { active: number } }).counts.active;
};

describe('a message of a queue', () => {
  it('arrives parsed, with its metadata', async () => {
    await send('single', {
      body: { test: 'parsed' },
      messageId: 'id-1',
      subject: 'the subject',
      correlationId: 'corr',
      contentType: 'application/json',
      to: 'there',
      replyTo: 'back',
      applicationProperties: { RunId: 'run-1', Count: 2 },
    });

    const { message, metadata } = await report('single', 'parsed');

    expect(message).toEqual({ test: 'parsed' });
    expect(metadata).toMatchObject({
      messageId: 'id-1',
      subject: 'the subject',
      label: 'the subject',
      correlationId: 'corr',
      contentType: 'application/json',
      to: 'there',
      replyTo: 'back',
      deliveryCount: 1,
      sequenceNumber: expect.any(Number),
      lockToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
      enqueuedTimeUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      expiresAtUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      // Camel case reaches down to the application's own properties.
      applicationProperties: { runId: 'run-1', count: 2 },
      userProperties: { runId: 'run-1', count: 2 },
    });
    expect(metadata).not.toHaveProperty('sessionId');
  });

  it('is completed when the function returns', async () => {
    await send('single', { body: { test: 'completed' } });
    await host.line(/single left .*completed/);

    await expect.poll(() => activeCount('single')).toBe(0);
    expect(reports('single', '"completed"')).toHaveLength(1);
  });

  it('is abandoned when the function throws, and comes again until the dead-letter queue has it', async () => {
    await send('single', { body: { test: 'failing', fail: true }, messageId: 'bad' });

    const dead = await report('dead', 'failing');

    expect(reports('single', 'failing').map(({ metadata }) => metadata.deliveryCount)).toEqual([1, 2, 3]);
    expect(dead.metadata.applicationProperties).toMatchObject({ deadLetterReason: 'MaxDeliveryCountExceeded' });
  });

  it('is one of at most maxConcurrentCalls in work', async () => {
    await send(
      'single',
      Array.from({ length: 5 }, (_, index) => ({ body: { test: 'crowd', index, ms: 150 } })),
    );
    await host.line(/single left .*"crowd".*"index":4/);

    await expect.poll(() => reports('single', 'crowd')).toHaveLength(5);
    expect(Math.max(...reports('single', 'crowd').map(({ running }) => running))).toBe(2);
  });

  it('keeps its lock for as long as the function runs', async () => {
    await send('single', { body: { test: 'long', ms: 7_000 } }); // the queue's lock lasts 5 s
    await host.line(/single left .*"long"/);

    await expect.poll(() => activeCount('single')).toBe(0);
    expect(reports('single', '"long"')).toHaveLength(1);
  });

  it('is left alone when autoCompleteMessages is false', async () => {
    await send('kept', { body: { test: 'kept', ms: 10 } });

    // Not completed, so it comes again when its lock of 5 s has run out.
    await expect
      .poll(() => reports('kept', '"kept"').map(({ metadata }) => metadata.deliveryCount), { timeout: 9_000 })
      .toEqual([1, 2]);
  });
});

describe('what surprises a handler', () => {
  it.each([
    ['123', 123, 'number'],
    ['"quoted"', 'quoted', 'string'],
    ['no json', 'no json', 'string'],
    ['true', true, 'boolean'],
  ])('a text body %s arrives as %j', async (body, message, type) => {
    await send('single', { body: Buffer.from(body), subject: `case ${message}` });

    expect(await report('single', `case ${message}`)).toMatchObject({ message, type });
  });

  it('an id of digits is a number in the metadata', async () => {
    await send('single', { body: 'digits', messageId: '4711' });

    expect((await report('single', 'digits')).metadata.messageId).toBe(4711);
  });

  it('a body property hides metadata of its name, whatever its case', async () => {
    const body = { test: 'hiding', MESSAGEID: 'from body', deliveryCount: 77, Extra: { In: 1 }, list: [1], none: null };
    await send('single', { body, messageId: 'real' });

    const { metadata, message } = await report('single', 'hiding');

    expect(message).toEqual(body);
    expect(metadata).toMatchObject({ messageId: 'from body', deliveryCount: 77, extra: { in: 1 } });
    expect(metadata).not.toHaveProperty('list');
    expect(metadata).not.toHaveProperty('none');
  });

  it('a byte order mark stays, so that JSON behind it arrives as text', async () => {
    await send('single', { body: Buffer.from('\uFEFF{"with":"mark"}') });

    const { message, type } = await report('single', 'with.*mark');

    expect([type, message]).toEqual(['string', '\uFEFF{"with":"mark"}']);
  });

  it('a message of the dead-letter queue whose function throws comes again, however often', async () => {
    await send('single', { body: { test: 'looping', fail: true, failDead: 8 } });

    // The queue gives up after three deliveries; its dead-letter queue never does.
    await expect.poll(() => reports('dead', '"looping"'), { timeout: 10_000 }).toHaveLength(9);
    const counts = reports('dead', '"looping"').map(({ metadata }) => metadata.deliveryCount);
    expect(new Set(counts).size).toBe(1);
  });

  it('a trigger with dataType binary gets bytes', async () => {
    await send('binaries', { body: Buffer.from('{"a":1}'), messageId: 'bytes-1' });

    const { message, type } = await report('binary', 'bytes-1');

    expect(type).toBe('bytes');
    expect(Buffer.from((message as { data: number[] }).data).toString()).toBe('{"a":1}');
  });

  it.each([
    ['traceparent', 'Diagnostic-Id'],
    ['Diagnostic-Id', 'other'],
  ])('the trace of the property %s goes on', async (name, other) => {
    const traceId = name === 'traceparent' ? '1'.repeat(32) : '2'.repeat(32);
    const applicationProperties = {
      [other]: `00-${'3'.repeat(32)}-b7ad6b7169203331-01`,
      [name]: `00-${traceId}-b7ad6b7169203331-01`,
    };
    await send('single', { body: `trace ${name}`, applicationProperties });

    expect((await report('single', `trace ${name}`)).trace.traceParent).toMatch(new RegExp(`^00-${traceId}-.{16}-01$`));
  });
});

describe('a topic subscription', () => {
  it('is a source like a queue', async () => {
    await send('news', { body: { test: 'headline' } });

    expect((await report('topic', 'headline')).message).toEqual({ test: 'headline' });
  });
});

describe('a batch', () => {
  it('arrives as one array, each element parsed by itself, the metadata in arrays', async () => {
    await send('batches', [
      { body: Buffer.from('{"test":"batch"}'), messageId: 'b1', applicationProperties: { RunId: 'r' } },
      { body: Buffer.from('plain'), messageId: '22' },
    ]);

    const { message, metadata } = await report('batch', '"batch"');

    expect(message).toEqual([{ test: 'batch' }, 'plain']);
    expect(metadata).toMatchObject({
      messageIdArray: ['b1', 22],
      deliveryCountArray: [1, 1],
      sequenceNumberArray: [
        { low: expect.any(Number), high: 0, unsigned: false },
        { low: expect.any(Number), high: 0, unsigned: false },
      ],
      applicationPropertiesArray: [{ runId: 'r' }, {}],
    });
    await expect.poll(() => activeCount('batches')).toBe(0);
  });
});

describe('a batch of a session', () => {
  it('holds that session alone, one at a time, and is abandoned as a whole when the function throws', async () => {
    const of = (sessionId: string) =>
      [1, 2].map((index) => ({ body: { test: 'whole', sessionId, index, ms: 200 }, sessionId }));
    await send('session-batches', [...of('x'), ...of('y')]);

    await expect.poll(() => reports('sessionBatch', '"whole"'), { timeout: 10_000 }).toHaveLength(4);
    for (const sessionId of ['x', 'y']) {
      const seen = reports('sessionBatch', `"sessionId":"${sessionId}"`);
      expect(seen.map(({ metadata }) => metadata.deliveryCountArray)).toEqual([
        [1, 1],
        [2, 2],
      ]);
      expect(seen[1]?.metadata.sessionIdArray).toEqual([sessionId, sessionId]);
      expect(seen[1]?.message).toEqual(of(sessionId).map(({ body }) => body));
    }
    await expect.poll(() => activeCount('session-batches')).toBe(0);
    const steps = host.lines.filter((line) => /sessionBatch (got|left).*"whole"/.test(line));
    expect(steps.map((line) => /sessionBatch (got|left)/.exec(line)?.[1])).toEqual(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 'got' : 'left')),
    );
  });
});

describe('sessions', () => {
  it('are worked side by side, each in order and one message at a time', async () => {
    const messages = ['s1', 's2'].flatMap((sessionId) =>
      [0, 1, 2].map((index) => ({ body: { test: 'ordered', sessionId, index, ms: 100 }, sessionId })),
    );
    await send('sessions', messages);
    const left = (): string[] => host.lines.filter((line) => /session left .*"ordered"/.test(line));
    await expect.poll(left, { timeout: 5_000 }).toHaveLength(6);

    const seen = reports('session', 'ordered').map(({ message }) => message as { sessionId: string; index: number });
    for (const sessionId of ['s1', 's2']) {
      expect(seen.filter((message) => message.sessionId === sessionId).map(({ index }) => index)).toEqual([0, 1, 2]);
    }
    // Read from the lines: the second message of a session begins after the first has left.
    const steps = host.lines.filter((line) => line.includes('"ordered"') && line.includes('"s1"'));
    expect(steps.map((line) => /session (got|left)/.exec(line)?.[1])).toEqual([
      'got',
      'left',
      'got',
      'left',
      'got',
      'left',
    ]);
    // Which session comes first is nobody's promise; that each message tells its own is.
    for (const { message, metadata } of reports('session', 'ordered')) {
      expect(metadata.sessionId).toBe((message as { sessionId: string }).sessionId);
    }
  });

  it('are given up when they stay empty, so that others get their turn', async () => {
    // Two at a time, each given up after a second without messages: the third waits about as long.
    await send(
      'sessions',
      ['t1', 't2', 't3'].map((sessionId) => ({ body: { test: 'turns', sessionId }, sessionId })),
    );

    await expect.poll(() => reports('session', 'turns'), { timeout: 8_000 }).toHaveLength(3);
  });

  it('abandon a message whose function throws, and deliver it again first', async () => {
    await send('sessions', [
      { body: { test: 'again', index: 0, fail: true }, sessionId: 'f' },
      { body: { test: 'again', index: 1 }, sessionId: 'f' },
    ]);
    await expect.poll(() => reports('session', '"again"'), { timeout: 8_000 }).toHaveLength(4);

    expect(reports('session', '"again"').map(({ message }) => (message as { index: number }).index)).toEqual([
      0, 0, 0, 1,
    ]);
  });
});

describe('an outage', () => {
  it('is reported once per function, and work goes on when the broker is back', async () => {
    const { port, controlPort } = broker.ready;
    const earlier = host.lines.length;
    await broker.stop();
    await host.line(/warn {2}session: .*not reachable/);
    broker = await startBroker(Number(port), Number(controlPort));

    await client.close();
    client = new ServiceBusClient(connectionString());
    await send('single', { body: { test: 'after outage' } });
    await send('sessions', { body: { test: 'after outage' }, sessionId: 'a' });

    await report('single', 'after outage');
    await report('session', 'after outage');
    const complaints = host.lines.slice(earlier).filter((line) => line.includes('warn  session: Queue'));
    expect(complaints).toHaveLength(1);
  });
});

describe('a dropped connection', () => {
  it('loses no message and blocks no turn', async () => {
    // Another try has messages of its own.
    const dropped = randomUUID();
    const bodies = ['one', 'two'].map((test) => ({ body: { test, dropped, ms: 4_000 } }));
    await send('single', bodies);
    await send('sessions', { body: { test: 'three', dropped, ms: 4_000 }, sessionId: dropped });
    const seen = () => [...reports('single', dropped), ...reports('session', dropped)].length;
    await expect.poll(seen, { timeout: 4_000 }).toBe(3);

    await fetch(`http://127.0.0.1:${broker.ready.controlPort}/__control/faults`, {
      method: 'POST',
      body: JSON.stringify({ kind: 'drop-all-connections' }),
    });
    const next = `next in line ${dropped}`;
    await send('single', { body: { test: next } });

    await report('single', next);
    await expect.poll(seen, { timeout: 50_000 }).toBeGreaterThanOrEqual(4);
    await expect.poll(() => activeCount('single'), { timeout: 50_000 }).toBe(0);
    await expect.poll(() => activeCount('sessions'), { timeout: 50_000 }).toBe(0);
  }, 180_000);
});

describe('SIGTERM', () => {
  let second: HostProcess | undefined;
  afterEach(async () => {
    await second?.process.stop();
  });

  it('lets running invocations end, and gives their messages back: they come again', async () => {
    await send('single', { body: { test: 'draining', ms: 1_000 } });
    await send('sessions', { body: { test: 'draining', ms: 1_000 }, sessionId: 'draining' });
    await Promise.all([report('single', 'draining'), report('session', 'draining')]);

    const end = await host.process.stop();

    expect(end).toEqual({ code: 0, signal: null });
    for (const kind of ['single', 'session']) {
      expect(host.lines.some((line) => line.includes(`${kind} left`) && line.includes('draining'))).toBe(true);
    }
    expect(await activeCount('single')).toBe(1);
    second = await startApp();
    for (const kind of ['single', 'session']) {
      expect(await second.line(new RegExp(`${kind} got .*draining`))).toContain('"deliveryCount":2');
      await second.line(new RegExp(`${kind} left .*draining`));
    }
    await expect.poll(() => activeCount('single')).toBe(0);
    await expect.poll(() => activeCount('sessions')).toBe(0);
  });
});
