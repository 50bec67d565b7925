/** Numbers in headers come with thousands separators (`1,200.00`). Undefined where absent or unreadable. */
export function readNumber(value: string | undefined): number | undefined {
  const number = Number(value?.replaceAll(',', '') || Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

/** A Retry-After in seconds or as a date; milliseconds. Undefined where absent or unreadable. */
export function readRetryAfter(value: string | undefined): number | undefined {
  if (!value) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
