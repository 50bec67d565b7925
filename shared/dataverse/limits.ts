import type { RetryPolicy } from '../retry-policy.ts';

/*
 * The limits and pauses of the client, each with its unit and its reason. How the pace is found within them stands beside the
 * measures themselves (`throttle.ts`, `sliding-budget.ts`, `concurrency-window.ts`, `batch-size.ts`).
 */

/** A token is replaced so many milliseconds before it expires, so that none expires under way. */
export const tokenMarginMs = 120_000;

/** Rows refused alike that prove such a refusal, where no row of the table was ever written. */
export const refusalsOfApp = 3;

/** Rows refused alike, without one success between, after which a table is not worth more requests. */
export const refusalsInARow = 50;

/** Rows that must be taken one after another before bulk messages are tried again. */
export const quietRows = 500;

/** It doubles with each bulk message refused soon after, up to this. */
export const mostQuietRows = 16_000;

/** A refused identity is tried again after so many milliseconds: somebody may have granted what was missing. */
export const leftOutMs = 300_000;

/** Rows that kept a refusal to the end, and none that lost it, after which it is believed at once. */
export const believedAfter = 10;

/** Tables of one request: more names make a filter that servers refuse to parse. */
export const tablesPerRequest = 60;

/** How long a new column may take to be seen, in milliseconds. Metadata caches may lag up to 30 s; a strong read goes past them, so this is for slow servers only. */
export const visibleWithinMs = 120_000;

/** Pause between two looks for a new column, in milliseconds. */
export const lookAgainMs = 2_000;

/** Characters of the longest URL that the service takes of a GET by itself; in a part of a `$batch` it may have twice that. */
export const longestUrl = 32_768;

/** The most parts the service takes in one `$batch`. */
export const mostBatchParts = 1_000;

/** Parts run one after another, so a batch is kept short enough to be answered in seconds; more go side by side. */
export const listsPerBatch = 16;

/** The service gives no more rows than this per page, whatever is asked. */
export const mostRowsOfPage = 5_000;

/** Rows of one request that writes, by its form: with how many it begins, and between which bounds it learns. */
export const rowsPerRequest = {
  // More than a thousand rows at once bring nothing more and risk time-outs.
  multiple: { first: 200, smallest: 50, largest: 1_000 },
  // Each part costs the server as much as a request of its own; a long batch saves round trips while it is quick.
  batch: { first: 100, smallest: 10, largest: mostBatchParts },
} as const;

/** No chunk is made smaller than this to keep more requests busy. */
export const rowsWorthARequest = 100;

/** How often a row is sent whose refusal may pass; then it stays with the row. */
export const mostTriesOfRow = 4;

/** A read that takes longer, in milliseconds, has lost its connection: the service itself gives up after two minutes. */
export const readTimeoutMs = 120_000;

/** The same for what writes, in milliseconds: bulk requests with costly plug-ins are slow but alive; the .NET client waits as long. */
export const writeTimeoutMs = 240_000;

/** How long names may be unknown after a change of the schema, in milliseconds. Caches lag up to 30 s; the rest is for several servers one after another. */
export const schemaLagMs = 120_000;

/** Characters kept of what others wrote: enough for any message of the service, little enough to be stored a thousand times. */
export const charactersOfWords = 2_000;

/** Service protection counts over the last five minutes, in milliseconds. */
export const budgetWindowMs = 300_000;

/** Documented limit of service protection: requests of one user on one web server, in such a window. */
export const requestsPerWindow = 6_000;

/** The same of combined execution time, in milliseconds. */
export const executionMsPerWindow = 1_200_000;

/** Everything waits for the first request after a schema change: it is kept small. */
export const warmUpRows = 50;

/** Where so few rows are too many for one bulk message, it is one of them that is too large. */
export const fewRows = 16;

/** Rows that stand for all, taken from all over an update. */
export const sampleRows = 10;

/** What a whole `$batch` that is refused counts for, in rows that are refused by themselves. */
export const refusedBatchCountsFor = 4;

/** The longest pause, in milliseconds, before rows that were refused are sent once more: others wait behind them. */
export const longestPauseOfRefusedMs = 30_000;

/** Twice as long each time: what passes within a quarter of a minute is waited for. */
const passing: RetryPolicy = { pausesMs: [500, 1_000, 2_000, 4_000, 8_000], mostTries: 5 };
/** Rows are divided next, so that one of them cannot hold up the others for long; a definition is told of. */
const soon: RetryPolicy = { pausesMs: [500, 1_000], mostTries: 2 };

/** How a refusal is met with the same request again, by what it is taken for; every pause is spread by a quarter. */
export const retries = {
  transient: passing,
  // Whatever a read is refused for: the recorded refusals of each kind include some that passed.
  refused: passing,
  refusedWrite: soon,
  bulkRace: soon,
  // Caches are behind for half a minute at most; together the pauses are longer even where each is the shortest.
  schemaLag: { pausesMs: [7_000], mostTries: 7 },
  // Another customization may hold the lock for minutes while an app is installed.
  customizationLock: { pausesMs: [5_000, 7_500, 11_000, 17_000, 25_000, 30_000], mostTries: 19 },
  // The pause is the Retry-After; this one is for an answer without.
  throttle: { pausesMs: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000], mostTries: 11 },
} satisfies Record<string, RetryPolicy>;
