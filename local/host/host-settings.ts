/** host.json, with the defaults of the Functions host and its Service Bus extension. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { AppSettings } from './app-settings.ts';
import { HostStartError } from './host-start-error.ts';
import { messageOf } from './message-of.ts';
import { parseTimeSpan } from './time-span.ts';

const noLimit = '-1';
const timeSpan = z.string().transform((text, context) => {
  const milliseconds = parseTimeSpan(text);
  if (milliseconds !== undefined) return milliseconds;
  context.addIssue({ code: 'custom', message: `"${text}" is not a time span such as 00:05:00` });
  return z.NEVER;
});
/** The extension reads this time span as "without end". */
const infiniteMs = -1;
const renewalDuration = timeSpan
  .refine((ms) => ms >= 0 || ms === infiniteMs, 'must not be negative, except -00:00:00.0010000, which is without end')
  .transform((ms) => (ms === infiniteMs ? Number.POSITIVE_INFINITY : ms));
// App settings that override host.json are text, so numbers and booleans are taken from text too.
const count = (minimum: number) => z.coerce.number().int().min(minimum);
const flag = z.union([z.boolean(), z.stringbool()]);

const retrySchema = z.object({
  mode: z
    .string()
    .transform((mode) => mode.toLowerCase())
    .pipe(z.enum(['exponential', 'fixed']))
    .default('exponential'),
  tryTimeout: timeSpan.default(60_000),
  delay: timeSpan.default(800),
  maxDelay: timeSpan.default(60_000),
  maxRetries: count(0).default(3),
});

const serviceBusSchema = z.looseObject({
  autoCompleteMessages: flag.default(true),
  prefetchCount: count(0).default(0),
  maxAutoLockRenewalDuration: renewalDuration.default(300_000),
  // The extension's default is 16 per core; a number in host.json is taken as it stands.
  maxConcurrentCalls: count(1).default(() => 16 * availableParallelism()),
  maxConcurrentSessions: count(1).default(8),
  maxConcurrentCallsPerSession: count(1).default(1),
  maxMessageBatchSize: count(1).default(1000),
  sessionIdleTimeout: timeSpan.optional(),
  clientRetryOptions: retrySchema.prefault({}),
});

// The default of the Flex Consumption plan.
const defaultTimeoutMs = 1_800_000;
const functionTimeout = z.union([z.literal(noLimit).transform(() => undefined), timeSpan], {
  error: (issue) => `"${String(issue.input)}" is neither a time span such as 00:05:00 nor "${noLimit}" for no limit`,
});

/** A number of requests; -1, as the host writes it, is no limit. */
const requestLimit = z.coerce
  .number()
  .int()
  .min(-1)
  .default(-1)
  .transform((number) => (number < 0 ? Number.POSITIVE_INFINITY : number));

const httpSchema = z.object({
  routePrefix: z.string().default('api'),
  maxConcurrentRequests: requestLimit,
  maxOutstandingRequests: requestLimit,
});

const hostSchema = z.object({
  version: z.literal('2.0', 'must be "2.0"'),
  functionTimeout: functionTimeout.default(defaultTimeoutMs),
  extensions: z
    .object({
      http: httpSchema.prefault({}),
      serviceBus: serviceBusSchema.prefault({}),
    })
    .prefault({}),
});

/** Settings of the Service Bus extension; durations in milliseconds, `Infinity` where one is without end. */
export type ServiceBusSettings = z.infer<typeof serviceBusSchema>;

/** What holds for HTTP functions. */
export interface HttpSettings {
  /** First part of every function's path, without slashes; may be empty. */
  readonly routePrefix: string;
  /** How many requests are worked on at once; others wait. */
  readonly maxConcurrentRequests: number;
  /** How many requests may be worked on or wait; one more is refused. */
  readonly maxOutstandingRequests: number;
}

/** What host.json says to this host. */
export interface HostSettings {
  readonly http: HttpSettings;
  /** Longest run of an invocation; undefined for no limit. */
  readonly functionTimeoutMs: number | undefined;
  readonly serviceBus: ServiceBusSettings;
  /** Settings that this host does not know how to follow, by their path in host.json. */
  readonly unused: readonly string[];
}

/**
 * Reads `<appDir>/host.json`. App settings named `AzureFunctionsJobHost__path__to__value` override it, as in Azure.
 * @throws HostStartError when the file is missing or wrong
 */
export async function readHostSettings(appDir: string, settings: AppSettings): Promise<HostSettings> {
  const file = join(appDir, 'host.json');
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new HostStartError(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const parsed = hostSchema.safeParse(withOverrides(content, settings));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new HostStartError(`${file} is wrong: ${faults.join('; ')}`);
  }
  const { functionTimeout, extensions } = parsed.data;
  const known = Object.keys(serviceBusSchema.shape);
  return {
    http: { ...extensions.http, routePrefix: extensions.http.routePrefix.replace(/^\/+|\/+$/g, '') },
    functionTimeoutMs: functionTimeout,
    serviceBus: extensions.serviceBus,
    unused: Object.keys(extensions.serviceBus)
      .filter((key) => !known.includes(key))
      .map((key) => `extensions.serviceBus.${key}`),
  };
}

function withOverrides(content: unknown, settings: AppSettings): unknown {
  const result = structuredClone(content);
  for (const [name, value] of settings.entries()) {
    const [root, ...path] = name.split('__');
    const last = path.pop();
    if (root?.toLowerCase() !== 'azurefunctionsjobhost' || last === undefined) continue;
    let node = result as Record<string, unknown>;
    for (const step of path) {
      const key = sameKey(node, step);
      if (typeof node[key] !== 'object' || node[key] === null) node[key] = {};
      node = node[key] as Record<string, unknown>;
    }
    node[sameKey(node, last)] = value;
  }
  return result;
}

/** The member's own spelling where one differs in case only. */
const sameKey = (node: object, name: string): string =>
  Object.keys(node).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;
