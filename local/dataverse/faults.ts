import { z } from 'zod';
import { DataverseError, ForeignAnswer } from './errors.ts';
import { parsePreferences } from './query/preferences.ts';
import type { DataverseResponse } from './request.ts';
import { refusal } from './response.ts';

const NO_PREFERENCES = parsePreferences(undefined);

const faultSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      /** Regular expression over the path and query after `/api/data/v9.x/`. */
      path: z.string().optional(),
      kind: z.string().optional(),
      clientId: z.string().optional(),
      /** Only this row's write fails: alone, in a bulk message and in a batch alike. */
      rowId: z.string().optional(),
      /** Only the writes of this share of all rows fail, scattered, and of the same rows each time. */
      rowShare: z.number().min(0).max(1).optional(),
    })
    .default({}),
  times: z.int().positive().optional(),
  probability: z.number().min(0).max(1).optional(),
  after: z.enum(['before', 'after']).default('before'),
  fault: z.union([
    z.strictObject({
      status: z.int().min(100).max(599),
      code: z.string().default('0x80040216'),
      message: z.string().default('An unexpected error occurred.'),
      headers: z.record(z.string(), z.string()).default({}),
      /** Seconds, sent as Retry-After. */
      retryAfter: z.number().optional(),
      /** Sent as it is, in place of code and message: what a gateway on the way would answer. */
      body: z.string().optional(),
      /** Media type of that body. */
      contentType: z.string().default('text/html'),
    }),
    z.strictObject({ drop: z.literal(true) }),
    z.strictObject({ delayMs: z.number().positive() }),
  ]),
});

/** One or several faults, as `POST /__control/faults` takes them. */
export const faultsSchema = z.union([faultSchema.transform((one) => [one]), z.array(faultSchema)]);

type Fault = z.infer<typeof faultSchema>;

/** What a fault can be matched with. */
export interface FaultSubject {
  readonly method: string;
  readonly path: string;
  readonly kind: string;
  readonly clientId: string;
}

/** What comes of the faults that matched a request. */
export interface FaultOutcome {
  /** Sent instead of the real answer. */
  readonly response?: DataverseResponse;
  readonly delayMs: number;
}

/** Faults on demand: requests or single rows that fail, before or after they have had their effect. */
export class Faults {
  #faults: { rule: Fault; left: number; path: RegExp | undefined }[] = [];

  add(rules: readonly Fault[]): void {
    for (const rule of rules) {
      const path = rule.match.path === undefined ? undefined : new RegExp(rule.match.path);
      this.#faults.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY, path });
    }
  }

  clear(): void {
    this.#faults = [];
  }

  /** Faults of a request at one of its two moments. */
  strike(subject: FaultSubject, moment: 'before' | 'after'): FaultOutcome {
    let delayMs = 0;
    for (const entry of this.#faults) {
      const { rule } = entry;
      if (isOfRows(rule) || rule.after !== moment || !matches(entry, subject) || !draw(entry)) continue;
      if ('delayMs' in rule.fault) delayMs += rule.fault.delayMs;
      else if ('drop' in rule.fault)
        return { delayMs, response: { status: 0, headers: {}, body: '', isDropped: true } };
      else return { delayMs, response: refusal(errorOf(rule.fault), NO_PREFERENCES) };
    }
    return { delayMs };
  }

  /** Refuses the write of a row that a fault names. */
  strikeRow(subject: FaultSubject, rowId: string): void {
    if (this.#faults.length === 0) return;
    for (const entry of this.#faults) {
      if (!isOfRows(entry.rule) || !isRowMeant(entry.rule, rowId) || !matches(entry, subject)) continue;
      if ('status' in entry.rule.fault && draw(entry)) throw errorOf(entry.rule.fault);
    }
  }
}

const isOfRows = ({ match }: Fault): boolean => match.rowId !== undefined || match.rowShare !== undefined;

function isRowMeant({ match: { rowId, rowShare = 1 } }: Fault, id: string): boolean {
  if (rowId !== undefined) return rowId.toLowerCase() === id;
  return (Math.imul(Number.parseInt(id.slice(-8), 16), 2_654_435_761) >>> 0) / 2 ** 32 < rowShare;
}

function matches({ rule, left, path }: { rule: Fault; left: number; path: RegExp | undefined }, subject: FaultSubject) {
  const { method, kind, clientId } = rule.match;
  return (
    left > 0 &&
    (method === undefined || method.toUpperCase() === subject.method) &&
    (kind === undefined || kind === subject.kind) &&
    (clientId === undefined || clientId.toLowerCase() === subject.clientId) &&
    (path === undefined || path.test(subject.path))
  );
}

/** Whether the fault strikes this time. */
function draw(entry: { rule: Fault; left: number }): boolean {
  if (entry.rule.probability !== undefined && Math.random() >= entry.rule.probability) return false;
  entry.left--;
  return true;
}

function errorOf(fault: Extract<Fault['fault'], { status: number }>): DataverseError {
  const retryAfter: Record<string, string> =
    fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
  const headers = { ...fault.headers, ...retryAfter };
  if (fault.body === undefined) return new DataverseError(fault.status, fault.code, fault.message, headers);
  return new ForeignAnswer(fault.status, fault.body, { 'Content-Type': fault.contentType, ...headers });
}
