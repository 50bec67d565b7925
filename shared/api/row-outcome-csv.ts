import type { RowOutcome } from '../state/row-outcomes.ts';

/** Columns of the CSV, in this order. */
export const csvColumns = [
  'id',
  'outcome',
  'at',
  'reason',
  'previousProfileId',
  'previousCustomerId',
  'profileId',
  'customerId',
] as const satisfies readonly (keyof RowOutcome)[];

/** Cells that a spreadsheet would take for a formula: a reason may quote what a stranger wrote into a row. */
const looksLikeFormula = /^[=+\-@\t\r]/;

const cell = (value: string | undefined): string => {
  const text = value === undefined ? '' : looksLikeFormula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rows as CSV (RFC 4180); the first page begins with the names of the columns. */
export const toCsv = (rows: readonly RowOutcome[], isFirstPage: boolean): string =>
  [
    ...(isFirstPage ? [csvColumns.join(',')] : []),
    ...rows.map((row) => csvColumns.map((column) => cell(row[column])).join(',')),
  ]
    .map((line) => `${line}\r\n`)
    .join('');
