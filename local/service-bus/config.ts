import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { rulesSchema } from './rule-config.ts';
import type { Rule } from './rules.ts';

/*
 * The entities to serve, in the form of the official emulator's Config.json, so that one file can start either.
 */

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms === undefined) {
    context.addIssue({ code: 'custom', message: `'${text}' is not an ISO 8601 duration such as PT1M` });
    return z.NEVER;
  }
  return ms;
});

const lockDuration = duration.refine((ms) => ms > 0 && Number.isFinite(ms), 'must be longer than zero');
const noForwarding = z.literal('', 'forwarding is not supported; leave it empty').optional();
const NEVER = Number.POSITIVE_INFINITY;

const queueProperties = z.strictObject({
  RequiresSession: z.boolean().default(false),
  RequiresDuplicateDetection: z.boolean().default(false),
  DuplicateDetectionHistoryTimeWindow: duration.default(600_000),
  LockDuration: lockDuration.default(60_000),
  MaxDeliveryCount: z.int().min(1).default(10),
  DefaultMessageTimeToLive: duration.default(NEVER),
  DeadLetteringOnMessageExpiration: z.boolean().default(false),
  ForwardTo: noForwarding,
  ForwardDeadLetteredMessagesTo: noForwarding,
});

const topicProperties = z.strictObject({
  RequiresDuplicateDetection: z.boolean().default(false),
  DuplicateDetectionHistoryTimeWindow: duration.default(600_000),
  DefaultMessageTimeToLive: duration.default(NEVER),
});

const subscriptionProperties = queueProperties.omit({
  RequiresDuplicateDetection: true,
  DuplicateDetectionHistoryTimeWindow: true,
});

/** How a queue or a subscription behaves. Durations are milliseconds; `Infinity` is "never". */
export interface QueueSettings {
  readonly requiresSession: boolean;
  readonly lockDurationMs: number;
  readonly maxDeliveryCount: number;
  readonly defaultTimeToLiveMs: number;
  readonly deadLetterOnExpiration: boolean;
  /** How long a message id is remembered; zero where duplicates are not looked for. */
  readonly duplicateWindowMs: number;
}

/** How a topic behaves. Durations are milliseconds. */
export interface TopicSettings {
  readonly defaultTimeToLiveMs: number;
  readonly duplicateWindowMs: number;
}

const windowOf = (properties: {
  RequiresDuplicateDetection: boolean;
  DuplicateDetectionHistoryTimeWindow: number;
}): number => (properties.RequiresDuplicateDetection ? properties.DuplicateDetectionHistoryTimeWindow : 0);

const toSubscriptionSettings = (properties: z.output<typeof subscriptionProperties>): QueueSettings => ({
  requiresSession: properties.RequiresSession,
  lockDurationMs: properties.LockDuration,
  maxDeliveryCount: properties.MaxDeliveryCount,
  defaultTimeToLiveMs: properties.DefaultMessageTimeToLive,
  deadLetterOnExpiration: properties.DeadLetteringOnMessageExpiration,
  duplicateWindowMs: 0,
});

/** A queue's properties, as its declaration or a PUT of the control plane gives them; what is left out has a default. */
export const queueSettingsSchema = queueProperties.transform(
  (properties): QueueSettings => ({
    ...toSubscriptionSettings(properties),
    duplicateWindowMs: windowOf(properties),
  }),
);

/** A subscription's properties; duplicates are detected on its topic. */
export const subscriptionSettingsSchema = subscriptionProperties.transform(toSubscriptionSettings);

/** A topic's properties. */
export const topicSettingsSchema = topicProperties.transform(
  (properties): TopicSettings => ({
    defaultTimeToLiveMs: properties.DefaultMessageTimeToLive,
    duplicateWindowMs: windowOf(properties),
  }),
);

/** Entity names: path segments of letters, digits, dots, hyphens and underscores, as the service allows. */
export const entityName = z
  .string()
  .max(260)
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/,
    'must be letters, digits, dots, hyphens, underscores or slashes',
  );

const absent = {};
const queue = z.strictObject({ Name: entityName, Properties: queueSettingsSchema.prefault(absent) });
const subscription = z.strictObject({
  Name: entityName,
  Properties: subscriptionSettingsSchema.prefault(absent),
  Rules: rulesSchema.prefault([]),
});
const topic = z.strictObject({
  Name: entityName,
  Properties: topicSettingsSchema.prefault(absent),
  Subscriptions: z.array(subscription).default([]),
});

const namespace = z
  .strictObject({
    Name: z.string().min(1),
    Queues: z.array(queue).default([]),
    Topics: z.array(topic).default([]),
  })
  .superRefine((declared, context) => {
    const seen = new Set<string>();
    const check = (kind: 'Queues' | 'Topics') => (entity: { Name: string }, index: number) => {
      const key = entity.Name.toLowerCase();
      if (seen.has(key)) {
        context.addIssue({
          code: 'custom',
          path: [kind, index, 'Name'],
          message: `'${entity.Name}' is declared twice`,
        });
      }
      seen.add(key);
    };
    declared.Queues.forEach(check('Queues'));
    declared.Topics.forEach(check('Topics'));
  });

const configSchema = z.strictObject({
  UserConfig: z.strictObject({
    Namespaces: z.array(namespace).length(1, 'exactly one namespace is served'),
    Logging: z.unknown().optional(),
  }),
});

/** What a namespace holds at its start. */
export interface BrokerConfig {
  readonly queues: readonly { readonly name: string; readonly settings: QueueSettings }[];
  readonly topics: readonly {
    readonly name: string;
    readonly settings: TopicSettings;
    readonly subscriptions: readonly {
      readonly name: string;
      readonly settings: QueueSettings;
      readonly rules: readonly Rule[];
    }[];
  }[];
}

/** Thrown for a declaration that cannot be served; the message names every faulty place by its path. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Every issue of a failed parse on one line: the path of the value, and what is wrong with it. */
export const describeIssues = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`).join('; ');

/**
 * Checks a parsed Config.json.
 *
 * @throws {@link ConfigError} naming each faulty value by its path.
 */
export function parseConfig(json: unknown): BrokerConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) throw new ConfigError(describeIssues(parsed.error));
  const declared = parsed.data.UserConfig.Namespaces[0];
  return {
    queues: (declared?.Queues ?? []).map(({ Name, Properties }) => ({ name: Name, settings: Properties })),
    topics: (declared?.Topics ?? []).map(({ Name, Properties, Subscriptions }) => ({
      name: Name,
      settings: Properties,
      subscriptions: Subscriptions.map((each) => ({ name: each.Name, settings: each.Properties, rules: each.Rules })),
    })),
  };
}

/**
 * Reads and checks a Config.json.
 *
 * @throws {@link ConfigError} where the file is missing, is not JSON, or declares something that cannot be served.
 */
export async function loadConfig(path: string): Promise<BrokerConfig> {
  try {
    return parseConfig(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new ConfigError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
