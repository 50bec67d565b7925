import { z } from 'zod';

const positive = z.number().positive();
const zeroOrMore = z.number().nonnegative();

/**
 * How the organisation behaves under load and after changes. Times are those of the real service; `timeScale` 10 lets ten of
 * its seconds pass in one of ours, so that delays, windows and Retry-After shrink to a tenth.
 * Defaults are the documented service protection limits: 6,000 requests and 1,200 s of execution time in 300 s, 52 requests at
 * once, each for one user on one web server.
 */
export const settingsSchema = z.strictObject({
  enabled: z.boolean().default(true),
  servers: z.int().positive().default(1),
  requestsPerWindow: z.int().positive().default(6_000),
  executionSeconds: positive.default(1_200),
  windowSeconds: positive.default(300),
  concurrency: z.int().positive().default(52),
  /** What Retry-After says when too much came at once. On live tenants it named minutes, though the limit clears at once. */
  concurrencyRetryAfterSeconds: positive.default(1),
  dopHint: z.int().positive().default(4),
  timeScale: positive.default(1),
  /**
   * Whose seconds Retry-After counts. `client`: real ones, shrunk like everything else, but never less than one. `service`: those
   * of the modelled service, for clients whose own clock runs as fast.
   */
  retryAfterClock: z.enum(['client', 'service']).default('client'),
  /** Time every request takes, whatever it does. */
  latencyMs: zeroOrMore.default(0),
  /** Time of every request, and of every part of a batch, whatever it does. */
  costPerRequestMs: zeroOrMore.default(0),
  /** Time for each row read. */
  costPerRowReadMs: zeroOrMore.default(0),
  /** Time for each row written. */
  costPerRowMs: zeroOrMore.default(0),
  /** Time each fired synchronous step adds to a row. */
  costPerPluginMs: zeroOrMore.default(0),
  /**
   * How requests in flight at once slow each other down: beyond `dopHint`, a request takes (in flight / dopHint) to this power
   * times as long. 0 = not at all; 1 = more than the hint brings nothing more.
   */
  contention: zeroOrMore.max(2).default(0),
  /** For how long caches do not know a new column. The service says up to 30 s. */
  schemaLagSeconds: zeroOrMore.default(0),
  /** How long the first bulk request after a schema change builds its table types; others fail meanwhile. */
  bulkPreparationMs: zeroOrMore.default(50),
  /** How long a customization takes; another one is refused meanwhile. */
  customizationMs: zeroOrMore.default(0),
  /** How long reads of elastic rows without a session token may show the previous state. */
  elasticStalenessMs: zeroOrMore.default(0),
  /** Whether a lookup to an elastic row that is not there is refused, as it is for standard tables. */
  checksElasticReferences: z.boolean().default(false),
  /** How old the numbers of RetrieveTotalRecordCount may be; the service says up to 24 h. */
  recordCountLagSeconds: zeroOrMore.default(0),
  /** Codes of the languages that are provisioned; the first is the organisation's base language. */
  languages: z.array(z.int().positive()).min(1).default([1033]),
  /** Error code of a missing row in single-row requests: live it is this, in print it is empty. */
  missingRowCode: z.enum(['0x80040217', '']).default('0x80040217'),
  /** Whether answers that list privileges name them; some tell their ids alone. */
  namesPrivileges: z.boolean().default(true),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Every setting at its default. */
export const defaultSettings = (): Settings => settingsSchema.parse({});
