import { z } from 'zod';
import { unificationSetupSchema } from './contracts/unification-setup.ts';
import { TerminalError } from './errors.ts';

const guid = z.guid('must be a GUID');
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** https, or http on loopback for the embedded stack; kept without a trailing slash. */
const dataverseUrl = z
  .url('must be the root address of the organisation, such as https://contoso.crm.dynamics.com')
  .transform((text, context) => {
    const url = new URL(text);
    const isLocal = url.protocol === 'http:' && loopback.has(url.hostname);
    if (url.protocol !== 'https:' && !isLocal) {
      context.issues.push({ code: 'custom', input: text, message: 'must use https (http is for loopback only)' });
    }
    if (url.pathname !== '/' || url.search || url.hash) {
      context.issues.push({ code: 'custom', input: text, message: `must be the root address alone: ${url.origin}` });
    }
    return url.origin;
  });

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.issues.push({ code: 'custom', input: text, message: 'must be JSON' });
    return z.NEVER;
  }
});

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);
const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** Every app setting that the program itself reads; the Functions host reads its own. */
export const settingsSchema = z.object({
  DATAVERSE_URL: dataverseUrl,
  /** Connection string of a namespace: the embedded broker, or Microsoft's emulator. */
  ServiceBusConnection: z.string().min(1).optional(),
  /** In Azure instead: `<namespace>.servicebus.windows.net`, reached by managed identity. */
  ServiceBusConnection__fullyQualifiedNamespace: z.string().min(1).optional(),
  ServiceBusConnection__clientId: guid.optional(),
  /** Connection string of a storage account: Azurite. */
  StateStorage: z.string().min(1).optional(),
  /** In Azure instead: address of the table service, reached by managed identity. */
  StateStorage__tableServiceUri: z.url().optional(),
  StateStorage__clientId: guid.optional(),
  /** Client id of the app's own managed identity. */
  AZURE_CLIENT_ID: guid.optional(),
  /** Set by App Service where its authentication is on, as `true`, `True` or `1`; never set by hand. */
  WEBSITE_AUTH_ENABLED: z
    .string()
    .transform((text) => ['true', '1'].includes(text.trim().toLowerCase()))
    .default(false),
  BACKSTAMP_UNIFICATION: json.pipe(unificationSetupSchema),
  /** Client ids of the managed identities that the writes are spread over; the app's own where absent. */
  BACKSTAMP_DATAVERSE_CLIENT_IDS: list.pipe(z.array(guid).min(1)).optional(),
  /** How long one invocation works on a pass before it hands over to the next, in seconds. */
  BACKSTAMP_SLICE_SECONDS: wholeNumber(1, 480).default(240),
  /** Rows per page; Dataverse gives 5,000 at most. */
  BACKSTAMP_PAGE_SIZE: wholeNumber(1, 5000).default(5000),
  /** Pause before a follow-up pass while profiles are still arriving, in seconds. */
  BACKSTAMP_SETTLING_INTERVAL_SECONDS: wholeNumber(1, 86_400).default(300),
  /** How long after the event rows may wait for their profile before the task ends with a warning, in seconds. */
  BACKSTAMP_SETTLING_LIMIT_SECONDS: wholeNumber(0, 604_800).default(21_600),
  /** Every so many days a pass holds every row against the map, whether or not anybody told of a change. */
  BACKSTAMP_RECONCILE_INTERVAL_DAYS: wholeNumber(1, 365).default(7),
  /** A run that would clear more than this share of a table's linked rows, in percent, asks for confirmation first. */
  BACKSTAMP_ORPHAN_LIMIT_PERCENT: z.coerce.number().min(0).max(100).default(5),
  /** Every so many minutes the map is asked whether it changed though no event said so; 0 asks never. */
  BACKSTAMP_POLL_MINUTES: wholeNumber(0, 60)
    .refine((minutes) => minutes === 0 || 60 % minutes === 0, 'must be 0, or minutes that divide an hour')
    .default(0),
  /** The same for links that would be moved to another profile. */
  BACKSTAMP_MOVE_LIMIT_PERCENT: z.coerce.number().min(0).max(100).default(20),
  /** The same for links that would be moved to one and the same profile. */
  BACKSTAMP_PROFILE_LIMIT_PERCENT: z.coerce.number().min(0).max(100).default(1),
  /** How long runs and row outcomes are kept, in days. */
  BACKSTAMP_RETENTION_DAYS: wholeNumber(1, 3650).default(90),
  /** Custom logic that our writes do not set off; each needs its privilege. */
  BACKSTAMP_BYPASS: list.pipe(z.array(z.enum(['customSync', 'customAsync', 'flows']))).default([]),
  /** The app rehearses only: nothing is ever written to Dataverse, whatever is asked for. */
  BACKSTAMP_READ_ONLY: z
    .string()
    .transform((text) => ['true', '1'].includes(text.trim().toLowerCase()))
    .default(false),
  /** Most requests at once that one identity may have under way. */
  BACKSTAMP_MAX_CONCURRENCY: wholeNumber(1, 200).default(52),
  /** Share of each identity's execution-time budget that is left to other applications, in percent. */
  BACKSTAMP_FREE_BUDGET_PERCENT: wholeNumber(0, 90).default(0),
  /** Where spans and metrics go in Azure; the host reads it too, for what it reports itself. */
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.string().min(1).optional(),
  /** `ClientId=<id>;Authorization=AAD`: by which managed identity; without it the connection string's key must do. */
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: z.string().min(1).optional(),
  /** Root address of an OTLP receiver (http, JSON) for spans, metrics and logs. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Settings that have another name now; who has set both means the new one. */
export const formerNames = { BACKSTAMP_ORPHAN_INTERVAL_DAYS: 'BACKSTAMP_RECONCILE_INTERVAL_DAYS' } as const;

/** Of each pair one must be set: without it the first message or the first read would fail instead. */
const eitherOf = [
  ['ServiceBusConnection', 'ServiceBusConnection__fullyQualifiedNamespace'],
  ['StateStorage', 'StateStorage__tableServiceUri'],
] as const;

/**
 * Reads the settings once, at start.
 * @throws TerminalError that lists every missing or bad setting by name.
 */
export function parseSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  /** Names as they were set, by those that they have now. */
  const nameSet = new Map<string, string>();
  for (const [former, name] of Object.entries(formerNames)) {
    if (!(former in given) || name in given) continue;
    given[name] = given[former];
    nameSet.set(name, former);
  }
  const missing = eitherOf
    .filter((pair) => !pair.some((name) => name in given))
    .map((pair) => `  ${pair[0]}: is missing; set it, or ${pair[1]}`);
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success && missing.length === 0) return parsed.data;
  const faults = (parsed.error?.issues ?? []).map((issue) => {
    const [name, ...inside] = issue.path;
    const isAbsent = inside.length === 0 && !(String(name) in given);
    return `  ${nameSet.get(String(name)) ?? String(name)}${inside.length ? ` at ${inside.join('.')}` : ''}: ${isAbsent ? 'is missing' : issue.message}`;
  });
  throw new TerminalError(`Missing or bad app settings:\n${[...faults, ...missing].join('\n')}`);
}
