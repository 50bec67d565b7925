import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCsv } from '../../shared/api/row-outcome-csv.ts';
import { failedRow } from './records.ts';

/** The cells that a spreadsheet sees which splits at `delimiter`; quotation marks hold only where they open a cell. */
const cellsSeen = (csv: string, delimiter: string): string[] =>
  parse(csv, { delimiter, relax_quotes: true, relax_column_count: true, from_line: 2 }).flat();
/** How a spreadsheet that knows nothing of quotation marks would see it. */
const roughCells = (csv: string, delimiter: string): string[] =>
  csv
    .split(/[\r\n]+/)
    .slice(1)
    .flatMap((line) => line.split(delimiter));
const isFormula = (cell: string): boolean => /^["\s]*[=+\-@＝＋－＠]/.test(cell);

describe('rows as CSV', () => {
  const wicked = fc.string({
    unit: fc.constantFrom('=', '+', '-', '@', '＝', ';', ',', '"', "'", '\t', '\r', '\n', ' ', 'a', '1', '(', '|'),
    maxLength: 12,
  });

  it('holds no cell that begins like a formula, wherever a spreadsheet splits it', () => {
    fc.assert(
      fc.property(wicked, (reason) => {
        const csv = toCsv([failedRow(1, reason)], true);
        expect(cellsSeen(csv, ',').filter(isFormula)).toEqual([]);
        for (const delimiter of [';', '\t']) expect(roughCells(csv, delimiter).filter(isFormula)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['refused;=HYPERLINK("http://x")', `refused;'=HYPERLINK("http://x")`],
    ['refused; -2+3', "refused; '-2+3"],
    ['no formula: 3-4=-1, a;b', 'no formula: 3-4=-1, a;b'],
  ])('%s', (reason, seen) => {
    const [row] = parse(toCsv([failedRow(1, reason)], true), { columns: true }) as { reason: string }[];
    expect(row?.reason).toBe(seen);
  });
});
