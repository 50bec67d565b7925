/** The service's "never": .NET's TimeSpan.MaxValue, about 29,000 years, read here as no limit at all. */
const NEVER_DAYS = 10_675_199;

const FORM = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/**
 * Reads an ISO 8601 duration of days, hours, minutes and seconds (`PT1M`, `P1DT12H`, `PT0.5S`) as milliseconds;
 * `undefined` for any other text. The service's longest duration is `Infinity`.
 */
export function parseDuration(text: string): number | undefined {
  const match = FORM.exec(text);
  if (!match || text === 'P') return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  if (days === undefined || hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  if (days >= NEVER_DAYS) return Number.POSITIVE_INFINITY;
  return Math.round(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000);
}

/** The inverse, for answers: the shortest text in seconds or days that {@link parseDuration} reads as `ms`. */
export function formatDuration(ms: number): string {
  return Number.isFinite(ms) ? `PT${ms / 1000}S` : 'P10675199DT2H48M5.4775807S';
}
