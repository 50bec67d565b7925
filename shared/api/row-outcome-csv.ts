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

/**
 * Where a spreadsheet would see a formula begin: a reason may quote what a stranger wrote into a row. Half of Europe's
 * spreadsheets split this file at semicolons, and then pay no heed to its quotation marks: there a cell may begin in
 * the middle of ours, after a semicolon, a tab or a new line. The wide forms count as the plain ones in East Asia.
 */
const formulaBegins = /(^["\s]*|[;\t\r\n]["\s]*)(?=[=+\-@＝＋－＠])|^(?=[\t\r\n])/g;

const cell = (value: string | undefined): string => {
  const text = (value ?? '').replaceAll(formulaBegins, "$1'");
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
