import { describe, expect, it } from 'vitest';
import { createAppSettings } from '../app-settings.ts';
import { mergeBodyProperties } from '../body-properties.ts';
import { createLog, parseLogLevel } from '../log.ts';
import { resolveConnection } from '../service-bus-connection.ts';
import { parseTimeSpan } from '../time-span.ts';
import { traceContextOf } from '../trace-context.ts';

describe('parseTimeSpan', () => {
  it.each([
    ['00:05:00', 300_000],
    ['1.02:03:04.5', 93_784_500],
    ['00:00:00.8000000', 800],
    ['02:30', 9_000_000],
    ['-00:00:01', -1_000],
    ['24:00:00', undefined],
    ['00:60:00', undefined],
    ['5', undefined],
    ['soon', undefined],
  ])('%s is %s ms', (text, milliseconds) => {
    expect(parseTimeSpan(text)).toBe(milliseconds);
  });
});

describe('mergeBodyProperties', () => {
  it('passes scalars as text, objects as JSON, and leaves out arrays and nulls', () => {
    const body = JSON.stringify({ n: 1.5, yes: true, text: 'x', object: { a: [1] }, list: [], none: null });

    expect(mergeBodyProperties({}, body)).toEqual({
      n: { string: '1.5' },
      yes: { string: 'True' },
      text: { string: 'x' },
      object: { json: '{"a":[1]}' },
    });
  });

  it('overwrites what has the same name, whatever the case', () => {
    const metadata = { MessageId: { string: 'real' }, To: { string: 'kept' } };

    expect(mergeBodyProperties(metadata, '{"messageid":"body"}')).toEqual({
      MessageId: { string: 'body' },
      To: { string: 'kept' },
    });
  });

  it.each([
    ['2026-11-30T08:05:00Z', '11/30/2026 08:05:00'],
    ['2026-11-30T08:05:00', '11/30/2026 08:05:00'],
    ['2026-12-01T01:05:00.5+02:00', '11/30/2026 23:05:00'],
    ['2026-11-30', '2026-11-30'],
  ])('prints the date-time %s as the host does', (text, printed) => {
    expect(mergeBodyProperties({}, JSON.stringify({ text }))).toEqual({ text: { string: printed } });
  });

  it.each(['[1]', 'text', '{broken}', '', '"{}"'])('adds nothing for the body %s', (body) => {
    expect(mergeBodyProperties({}, body)).toEqual({});
  });
});

describe('traceContextOf', () => {
  it.each([undefined, 7, 'nonsense', '00-short-b7ad6b7169203331-01'])('is empty text for %s', (traceParent) => {
    expect(traceContextOf(traceParent).traceParent).toBe('');
  });
});

describe('resolveConnection', () => {
  const resolve = (values: Record<string, string>) => resolveConnection('Bus', createAppSettings(values), 'Function f');

  it('prefers the connection string to the namespace', () => {
    expect(resolve({ BUS: 'Endpoint=sb://x;', Bus__fullyQualifiedNamespace: 'x' })).toEqual({
      connectionString: 'Endpoint=sb://x;',
    });
  });

  it('reads a namespace with its identity, also by the prefixed name', () => {
    const expected = { namespace: 'ns.servicebus.windows.net', clientId: 'id', isManagedIdentity: true };
    for (const prefix of ['Bus', 'AzureWebJobsBus']) {
      const values = {
        [`${prefix}__fullyQualifiedNamespace`]: 'ns.servicebus.windows.net',
        [`${prefix}__clientId`]: 'id',
        [`${prefix}__credential`]: 'managedidentity',
      };
      expect(resolve(values)).toEqual(expected);
    }
  });
});

describe('the log', () => {
  const write = (level: 'debug' | 'warning', message: string): string[] => {
    const lines: string[] = [];
    createLog(
      'information',
      (line) => lines.push(line),
      () => new Date('2026-11-22T10:00:00.5Z'),
    ).write(level, 'f', message);
    return lines;
  };

  it('keeps a record on one line, and drops what is below its level', () => {
    expect(write('warning', 'one\n   two\r\n')).toEqual([
      expect.stringMatching(/^10:00:00\.500 .*warn .* f: one ⏎ two$/),
    ]);
    expect(write('debug', 'unseen')).toEqual([]);
  });

  it.each([
    ['info', 'information'],
    ['WARN', 'warning'],
    ['critical', 'critical'],
    ['loud', undefined],
  ])('reads the level %s as %s', (text, level) => {
    expect(parseLogLevel(text)).toBe(level);
  });
});
