/** How things look on a terminal, in a file or in a pipe. */
import { styleText } from 'node:util';
import type { Terminal } from './world.ts';

const count = new Intl.NumberFormat('en');

export const numberText = (value: number): string => count.format(value);

const gap = '  ';
/** A column of words is folded down to this width, in characters, before a table stops being one. */
const minWidth = 12;

/** Words that deserve a glance. */
const styles: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  Successful: 'green',
  'Completed with warnings': 'yellow',
  Refreshing: 'cyan',
  Failed: 'red',
  Canceled: 'red',
  fault: 'red',
  warning: 'yellow',
  ok: 'green',
  failed: 'red',
};

/** A text in its colour, where there are any. */
export function painted(text: string, terminal: Terminal | undefined): string {
  const style = styles[text.trim()];
  return style === undefined || terminal?.isColoured !== true
    ? text
    : styleText(style, text, { validateStream: false });
}

type Cell = string | number;

/**
 * A plain table: words to the left, numbers to the right. On a terminal it is made to fit: columns of sentences are
 * folded, and where that is not enough each row becomes a list of its own, so that nothing is cut off. A file or a pipe
 * gets every row in one line.
 * @param rightFrom columns from this one on stand to the right whatever they hold
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  terminal?: Terminal,
  rightFrom = Number.POSITIVE_INFINITY,
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? numberText(cell) : cell)));
  const natural = head.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const widths = terminal === undefined ? natural : fitted(natural, cells, terminal.columns());
  if (widths === undefined) return recordLists(head, cells, terminal);
  const isNumber = (column: number): boolean => rows.length > 0 && rows.every((row) => typeof row[column] === 'number');
  const isRight = head.map((_, column) => column >= rightFrom || isNumber(column));
  const pad = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return isRight[column] ? text.padStart(width) : text.padEnd(width);
  };
  const lines = (row: readonly string[], paint: boolean): string[] => {
    const folded = row.map((cell, column) => fold(cell, widths[column] ?? 0));
    return Array.from({ length: Math.max(...folded.map((parts) => parts.length)) }, (_, line) =>
      folded
        .map((parts, column) => pad(parts[line] ?? '', column))
        .map((text, column) => (paint && column < row.length - 1 ? painted(text, terminal) : text))
        .join(gap)
        .trimEnd(),
    );
  };
  return [...lines(head, false), ...cells.flatMap((row) => lines(row, true))].map((text) => `${text}\n`).join('');
}

/** Widths with which a table fits; undefined where it cannot. */
function fitted(
  natural: readonly number[],
  cells: readonly (readonly string[])[],
  columns: number,
): number[] | undefined {
  const widths = [...natural];
  const canFold = widths.map((_, column) => cells.some((row) => /\s/.test(row[column] ?? '')));
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
    if (total <= columns) return widths;
    // The widest column of sentences gives way first.
    let widest = -1;
    for (const [column, width] of widths.entries()) {
      const floor = Math.max(minWidth, longestWord(cells, column));
      if (canFold[column] && width > floor && width > (widths[widest] ?? 0)) widest = column;
    }
    if (widest < 0) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

const longestWord = (cells: readonly (readonly string[])[], column: number): number =>
  Math.max(0, ...cells.flatMap((row) => (row[column] ?? '').split(/\s+/).map((word) => Math.min(word.length, 40))));

/** A text in lines of at most so many characters, broken between words where they allow it. */
export function fold(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return line === '' ? lines : [...lines, line];
}

function recordLists(
  head: readonly string[],
  cells: readonly (readonly string[])[],
  terminal: Terminal | undefined,
): string {
  const width = Math.max(...head.map((name) => name.length));
  const inside = Math.max(minWidth, (terminal?.columns() ?? 80) - width - gap.length);
  const indent = ' '.repeat(width + gap.length);
  return cells
    .map((row) =>
      row
        .flatMap((cell, column) =>
          cell === ''
            ? []
            : [
                `${(head[column] ?? '').padEnd(width)}${gap}${fold(cell, inside)
                  .map((line) => painted(line, terminal))
                  .join(`\n${indent}`)}\n`,
              ],
        )
        .join(''),
    )
    .join('\n');
}

/** Lines that begin alike, folded to what fits. */
export function indented(text: string, indent: string, terminal: Terminal | undefined): string {
  if (terminal === undefined) return `${indent}${text}\n`;
  return fold(text, Math.max(minWidth, terminal.columns() - indent.length))
    .map((line) => `${indent}${line}\n`)
    .join('');
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
