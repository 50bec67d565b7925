/** Numbers, times and durations as people read them. */

const wholeNumbers = new Intl.NumberFormat('en');
export const numberText = (value: number): string => wholeNumbers.format(Math.round(value));

/** In the browser's own way of writing dates, with the zone: whoever is on call compares with logs of other places. */
const moments = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});
export const timeText = (time: string): string => moments.format(new Date(time));

const clocks = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
export const clockText = (time: string): string => clocks.format(new Date(time));

const days = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
export const dayText = (time: string): string => days.format(new Date(time));

const distances = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const units: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, milliseconds: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** How long ago something was, or how soon it will be: `3 minutes ago`. */
export function distanceText(time: string, now: number): string {
  const distance = Date.parse(time) - now;
  for (const [unit, milliseconds] of units) {
    if (Math.abs(distance) >= milliseconds) return distances.format(Math.trunc(distance / milliseconds), unit);
  }
  return distance > 30_000 ? 'in less than a minute' : 'just now';
}

export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The organisation as people name it: its host. */
export const hostOf = (address: string): string => new URL(address).host;
