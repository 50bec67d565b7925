/** How things look on a terminal. */

const count = new Intl.NumberFormat('en');

export const numberText = (value: number): string => count.format(value);

/**
 * A plain table: words to the left, numbers to the right.
 * @param rightFrom columns from this one on stand to the right whatever they hold
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  rightFrom = Number.POSITIVE_INFINITY,
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? numberText(cell) : cell)));
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => (row[column] ?? '').length)));
  const isNumber = (column: number): boolean => rows.length > 0 && rows.every((row) => typeof row[column] === 'number');
  const isRight = head.map((_, column) => column >= rightFrom || isNumber(column));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (isRight[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), ...cells.map(line)].map((text) => `${text}\n`).join('');
}

/** Local time to the second, as `2026-03-01 08:00:30`. */
export function timeText(time: string | null | undefined): string {
  if (time === null || time === undefined) return '–';
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function secondsText(from: string | undefined, to: string | undefined, now: number): string {
  if (from === undefined) return '–';
  return `${(((to === undefined ? now : Date.parse(to)) - Date.parse(from)) / 1000).toFixed(1)} s`;
}
