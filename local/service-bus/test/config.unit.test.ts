import { describe, expect, it } from 'vitest';
import declared from '../Config.json' with { type: 'json' };
import { parseConfig } from '../config.ts';
import { formatDuration, parseDuration } from '../duration.ts';

const configOf = (namespace: object): unknown => ({
  UserConfig: { Namespaces: [{ Name: 'n', ...namespace }], Logging: { Type: 'Console' } },
});

describe('Config.json', () => {
  it('of the local stack declares what the app uses', () => {
    const { queues, topics } = parseConfig(declared);
    expect(queues.map(({ name, settings }) => [name, settings.requiresSession, settings.duplicateWindowMs])).toEqual([
      ['unification-events', false, 300_000],
      ['link-tasks', true, 300_000],
    ]);
    expect(topics).toMatchObject([{ name: 'linking-events', subscriptions: [{ name: 'all' }] }]);
  });

  it('may leave every property out', () => {
    const { queues } = parseConfig(configOf({ Queues: [{ Name: 'q' }] }));
    expect(queues).toEqual([
      {
        name: 'q',
        settings: {
          requiresSession: false,
          lockDurationMs: 60_000,
          maxDeliveryCount: 10,
          defaultTimeToLiveMs: Number.POSITIVE_INFINITY,
          deadLetterOnExpiration: false,
          duplicateWindowMs: 0,
        },
      },
    ]);
  });

  it.each([
    [
      'a bad duration',
      { Queues: [{ Name: 'q', Properties: { LockDuration: '60' } }] },
      /Queues\.0\.Properties\.LockDuration: '60' is not an ISO 8601/,
    ],
    [
      'a lock of no length',
      { Queues: [{ Name: 'q', Properties: { LockDuration: 'PT0S' } }] },
      /LockDuration: must be longer than zero/,
    ],
    [
      'an unknown property',
      { Queues: [{ Name: 'q', Properties: { Lock: 'PT1M' } }] },
      /Queues\.0\.Properties: .*"Lock"/,
    ],
    [
      'forwarding',
      { Queues: [{ Name: 'q', Properties: { ForwardTo: 'x' } }] },
      /ForwardTo: forwarding is not supported/,
    ],
    [
      'a rule whose expression cannot be read',
      {
        Topics: [
          {
            Name: 't',
            Subscriptions: [
              {
                Name: 's',
                Rules: [{ Name: 'r', Properties: { FilterType: 'Sql', SqlFilter: { SqlExpression: 'a =' } } }],
              },
            ],
          },
        ],
      },
      /Subscriptions\.0\.Rules: The expression cannot be read: 'the end' is out of place/,
    ],
    ['a bad name', { Queues: [{ Name: 'a b' }] }, /Queues\.0\.Name: must be letters/],
    ['two of one name', { Queues: [{ Name: 'x' }], Topics: [{ Name: 'X' }] }, /Topics\.0\.Name: 'X' is declared twice/],
  ])('with %s is refused, by its path', (_, namespace, message) => {
    expect(() => parseConfig(configOf(namespace))).toThrow(message);
  });

  it('without a namespace is refused', () => {
    expect(() => parseConfig({ UserConfig: { Namespaces: [] } })).toThrow(/Namespaces: exactly one/);
    expect(() => parseConfig({})).toThrow(/UserConfig/);
  });
});

describe('an ISO 8601 duration', () => {
  it.each([
    ['PT1M', 60_000],
    ['PT0.25S', 250],
    ['P1DT2H3M4S', 93_784_000],
    ['P14D', 1_209_600_000],
    ['PT90M', 5_400_000],
    ['P10675199DT2H48M5.4775807S', Number.POSITIVE_INFINITY],
  ])('%s is %d ms, and is written so that it reads the same', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  });

  it.each(['', 'P', 'PT', 'T1M', '1M', 'PT1', 'PT-1S', 'P1Y', 'PT1M ', 'pt1m'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
