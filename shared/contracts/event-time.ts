/** A date and a time of day as RFC 3339 has them (`t` and `z` in lower case too), or with a blank between. */
const timePattern = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/;
/** Nothing was unified before; senders that know no time write the year 1. */
const earliest = Date.parse('2010-01-01T00:00:00Z');
/** Clocks are wrong by minutes; a time further ahead is none. */
const mostAheadMs = 24 * 3_600_000;

/**
 * The first of some values that is a plausible time; the present where none is. A sender's time is good to have and
 * identifies nothing, so an odd one never costs the event.
 * @param now milliseconds since 1970
 */
export function plausibleTime(values: readonly unknown[], now: number): string {
  for (const value of values) {
    const at = typeof value === 'string' && timePattern.test(value) ? Date.parse(value.toUpperCase()) : Number.NaN;
    if (at >= earliest && at <= now + mostAheadMs) return new Date(at).toISOString();
  }
  return new Date(now).toISOString();
}
