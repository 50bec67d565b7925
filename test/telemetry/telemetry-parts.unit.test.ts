import type { InvocationContext } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { logTextOf, RetryableError, TerminalError } from '../../shared/errors.ts';
import { consoleTelemetry } from '../../shared/telemetry/console-telemetry.ts';
import { createTelemetry } from '../../shared/telemetry/create-telemetry.ts';
import { DeferredTelemetry } from '../../shared/telemetry/deferred-telemetry.ts';
import { Flusher } from '../../shared/telemetry/flusher.ts';
import { invocationOf } from '../../shared/telemetry/invocation.ts';
import { silentTelemetry, type Telemetry } from '../../shared/telemetry/telemetry.ts';
import { request } from '../api/requests.ts';
import { invocationWithLog } from './recording-telemetry.ts';
import { settingsOf } from './settings-of.ts';

describe('the log alone', () => {
  it('writes to the log of the call, with the attributes of all spans around', async () => {
    const { invocation, lines } = invocationWithLog();

    await consoleTelemetry.invocation(invocation, () =>
      consoleTelemetry.span('slice', { runId: 'r1', table: 'contact' }, () =>
        consoleTelemetry.span('request', { identity: 'id-1' }, async () => {
          consoleTelemetry.log('warn', 'Refused', { status: 429 });
        }),
      ),
    );

    expect(lines).toEqual(['warn: Refused {"runId":"r1","table":"contact","identity":"id-1","status":429}']);
  });

  it('hands the trace of the host on', async () => {
    const { invocation } = invocationWithLog();

    const sent = await consoleTelemetry.invocation(invocation, async () => consoleTelemetry.traceParent());

    expect(sent).toBe(invocation.hostSpan);
    expect(consoleTelemetry.traceParent()).toBeUndefined();
  });
});

describe('what the settings choose', () => {
  it('is the log alone where no receiver is named', () => {
    expect(createTelemetry(settingsOf({}), {})).toBe(consoleTelemetry);
  });

  it.each([
    { APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=11111111-1111-4111-8111-111111111111' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' },
  ])('is loaded with the first invocation where one is: %o', (settings) => {
    expect(createTelemetry(settingsOf(settings), {})).toBeInstanceOf(DeferredTelemetry);
  });
});

describe('deferred telemetry', () => {
  it('loads once, with the first invocation, and does no work before it is there', async () => {
    const events: string[] = [];
    const loaded: Telemetry = { ...silentTelemetry, count: () => void events.push('counted') };
    const telemetry = new DeferredTelemetry(silentTelemetry, async () => {
      events.push('load');
      return loaded;
    });
    const { invocation } = invocationWithLog();
    const invoke = () => telemetry.invocation(invocation, async () => telemetry.count('backstamp.events', 1));
    telemetry.count('backstamp.events', 1);

    await Promise.all([invoke(), invoke()]);

    expect(events).toEqual(['load', 'counted', 'counted']);
  });

  it('goes on with the log where nothing can be loaded, and says so', async () => {
    const said: unknown[] = [];
    const fallback: Telemetry = { ...silentTelemetry, log: (...line) => void said.push(line) };
    const telemetry = new DeferredTelemetry(fallback, () => Promise.reject(new Error('no such exporter')));

    const result = await telemetry.invocation(invocationWithLog().invocation, async () => 'done');

    expect(result).toBe('done');
    expect(said).toEqual([
      ['error', 'Telemetry cannot be exported; only the log is left', { reason: 'no such exporter' }],
    ]);
  });
});

describe('the flush at the end of an invocation', () => {
  it('is shared by invocations that end together, and has what each of them recorded', async () => {
    const sent: number[][] = [];
    let recorded: number[] = [];
    const flusher = new Flusher(async () => {
      const batch = recorded;
      recorded = [];
      await new Promise((resolve) => setTimeout(resolve, 10));
      sent.push(batch);
    });
    const end = async (n: number) => {
      recorded.push(n);
      await flusher.flush();
      expect(sent.flat()).toContain(n);
    };

    const first = end(1);
    await Promise.all([first, end(2), end(3), end(4)]);

    expect(sent).toEqual([[1], [2, 3, 4]]);
  });

  it('does not fail where sending does', async () => {
    await expect(new Flusher(() => Promise.reject(new Error('refused'))).flush()).resolves.toBeUndefined();
  });

  it('waits again when the pause is over', async () => {
    let now = 0;
    let answer: () => void = () => {};
    const flusher = new Flusher(
      () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
      () => now,
    );
    await flusher.flush();
    answer();
    now = 29_999;
    await flusher.flush();
    answer();
    now = 30_000;
    let isOver = false;

    const flushed = flusher.flush().then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(isOver).toBe(false);
    answer();
    await flushed;
  });
});

describe('what the host tells of a call', () => {
  const context = (change: object = {}): InvocationContext =>
    ({
      functionName: 'orchestrate-run',
      invocationId: 'i1',
      traceContext: { traceParent: 'host' },
      ...change,
    }) as unknown as InvocationContext;

  it.each([
    ['a message with the property of the Service Bus libraries', { 'diagnostic-Id': 'sender' }, 'sender'],
    ['a message that carries W3C trace context', { traceparent: 'w3c', 'diagnostic-Id': 'sender' }, 'w3c'],
    ['a message without a trace', {}, undefined],
    ['a property of another type', { 'diagnostic-Id': 7 }, undefined],
  ])('is the sender of %s', (_, applicationProperties, sender) => {
    const invocation = invocationOf(context({ triggerMetadata: { applicationProperties } }));

    expect(invocation).toMatchObject({ name: 'orchestrate-run', id: 'i1', hostSpan: 'host', sender });
  });

  it('is the caller of a request', () => {
    const incoming = request('GET', '/api/status', { headers: { traceparent: 'caller' } });

    expect(invocationOf(context(), incoming).sender).toBe('caller');
  });

  it('is no span where it has no trace, which it says by empty text', () => {
    expect(invocationOf(context({ traceContext: { traceParent: '' } })).hostSpan).toBeUndefined();
  });
});

describe('what a log may say of an error', () => {
  it.each([
    ['a message of our own', new TerminalError('Set DATAVERSE_URL'), 'Set DATAVERSE_URL'],
    [
      'no words of a service',
      new RetryableError('Refused: Jane Doe', { logText: 'Refused (HTTP 503)' }),
      'Refused (HTTP 503)',
    ],
    ['no text that could not be parsed', parseFailure('{"name": Jane Doe}'), 'SyntaxError'],
    ['another fault’s message', new TypeError('x is not a function'), 'x is not a function'],
  ])('is %s', (_, error, text) => {
    expect(logTextOf(error)).toBe(text);
  });

  function parseFailure(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      return error;
    }
  }
});
