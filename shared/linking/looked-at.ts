import { z } from 'zod';
import type { Row } from '../dataverse/dataverse.ts';
import type { Watermark } from '../state/link-states.ts';
import { combine, noDigest } from './digest.ts';

const minuteMs = 60_000;
/**
 * How far one looks back behind what was read last, in milliseconds: rows are stamped when their write begins and appear
 * when it ends, and clocks may be apart.
 */
export const overlapMs = 12 * minuteMs;
/** Minutes that are noted at most; what was changed in others is looked at once more. */
const mostMinutes = 60;

/**
 * Rows that others changed and a pass has looked at, by the minute of their change. The next pass meets them again, since
 * rows may appear later than they are stamped; a minute that holds the same rows in the same versions needs no second
 * look. One of which the app wrote a row holds others, and is looked at again.
 */
export const lookedAtSchema = z.record(z.string(), z.object({ rows: z.number().int().positive(), digest: z.string() }));
export type LookedAt = z.infer<typeof lookedAtSchema>;

/** The minute that a time is in, as times are written in filters. */
export const minuteOf = (time: number): string => new Date(Math.floor(time / minuteMs) * minuteMs).toISOString();

const minuteAfter = (minute: string): string => minuteOf(Date.parse(minute) + minuteMs);

/** What was looked at, with further rows that were changed in the given minute or later. */
export function addLookedAt(
  looked: LookedAt,
  rows: readonly Row[],
  { id, changedOn, since }: { readonly id: string; readonly changedOn: string; readonly since: string },
): LookedAt {
  const next = { ...looked };
  for (const row of rows) {
    const time = Date.parse(String(row[changedOn]));
    if (Number.isNaN(time) || minuteOf(time) < since) continue;
    const minute = minuteOf(time);
    const { rows: count, digest } = next[minute] ?? { rows: 0, digest: noDigest };
    next[minute] = { rows: count + 1, digest: combine(digest, `${row[id]}|${row['@odata.etag']}`) };
  }
  return next;
}

/** Minutes that hold the same rows in both. */
export const sameMinutes = (before: LookedAt, now: LookedAt): string[] =>
  Object.keys(before).filter((minute) => before[minute]?.digest === now[minute]?.digest);

export const rowsIn = (looked: LookedAt): number => Object.values(looked).reduce((sum, { rows }) => sum + rows, 0);

/** The first and the last of some minutes, as a filter on a column. */
export function withinMinutes(column: string, looked: LookedAt): string {
  const minutes = Object.keys(looked).sort();
  return `${column} ge ${minutes[0]} and ${column} lt ${minuteAfter(minutes.at(-1) ?? '')}`;
}

/** Whatever is in none of some minutes, as conditions of a filter on a column. */
export function outsideMinutes(column: string, minutes: readonly string[]): string[] {
  const ranges: { readonly from: string; to: string }[] = [];
  for (const minute of [...minutes].sort()) {
    const last = ranges.at(-1);
    if (last?.to === minute) last.to = minuteAfter(minute);
    else ranges.push({ from: minute, to: minuteAfter(minute) });
  }
  return ranges.map(({ from, to }) => `(${column} lt ${from} or ${column} ge ${to})`);
}

/** What a pass notes of its look at others' changes, beside its watermark. */
export interface Look {
  /** When it began; absent where every row was looked at instead. */
  readonly lookedFrom?: string | undefined;
  readonly lookedAt?: LookedAt | undefined;
}

export const lookOf = (watermark: Watermark): Look =>
  z.object({ lookedFrom: z.string().optional(), lookedAt: lookedAtSchema.optional() }).safeParse(watermark).data ?? {};

/** What is to be noted of a look; of a few rows nothing: they are soon looked at again. */
export function lookDone(lookedFrom: string, looked: LookedAt, few: number): Look {
  if (rowsIn(looked) <= few) return { lookedFrom };
  return { lookedFrom, lookedAt: Object.fromEntries(Object.entries(looked).sort().slice(0, mostMinutes)) };
}
