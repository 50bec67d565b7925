import { createReadStream } from 'node:fs';
import { parse as parsePath } from 'node:path';
import { parse } from 'csv-parse';
import { SampleDataError } from './organisation.ts';

/** One row of a source table, as the file has it; an empty field is null. */
export interface CsvRow {
  /** Lower case, with dashes. */
  readonly id: string;
  /** 32 lower-case hexadecimal digits; null where the row takes no part in unification. */
  readonly customerId: string | null;
  /** In the order of the columns. */
  readonly values: readonly (string | null)[];
}

export interface CsvTable {
  /** Logical name of the table: the file's name. */
  readonly table: string;
  /** Name of the first column. */
  readonly primaryId: string;
  /** Logical names of all other columns but `customer`. */
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

const customerColumn = 'customer';
const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const customerIdPattern = /^[0-9a-f]{32}$/;
const logicalNamePattern = /^[a-z][a-z0-9_]*$/;

/** Dataverse keeps these columns itself, and linking writes the last two: whatever an export has in them is left out. */
const columnsKeptByOthers = new Set([
  ...['versionnumber', 'createdon', 'createdby', 'modifiedon', 'modifiedby', 'statecode', 'statuscode'],
  ...['ownerid', 'owninguser', 'owningteam', 'owningbusinessunit'],
  ...['msdynci_lookupfield_customerprofile', 'msdynci_lookupfield_customerprofilepid'],
]);

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** The code of what the parser or the file system complains of. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** The records of a file with the line each ends at; what is no CSV becomes one clear error. */
async function* recordsOf(
  path: string,
  fail: (line: number, fault: string) => SampleDataError,
): AsyncGenerator<Parsed> {
  const source = createReadStream(path);
  // Ragged rows are let through, to be reported with a remedy.
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    yield* parser;
  } catch (error) {
    const code = codeOf(error);
    if (!code.startsWith('CSV_'))
      throw new SampleDataError(
        `${parsePath(path).base}: it cannot be read (${code}); make it a file that may be read.`,
      );
    throw fail(
      parser.info.lines,
      `it is no valid CSV (${code}); put fields with quotes, commas or line ends in quotes, and double the quotes in them.`,
    );
  } finally {
    source.destroy();
  }
}

/** The columns that the header names, and where. */
function readHeader(header: readonly string[], table: string, fail: (fault: string) => SampleDataError) {
  const names = header.map((name) => name.trim().toLowerCase());
  const [primaryId] = names;
  const customerAt = names.indexOf(customerColumn);
  if (customerAt < 0)
    throw fail(
      names.length === 1 && /[;\t]/.test(names[0] ?? '')
        ? 'the columns are not separated by commas; save the file as comma-separated values.'
        : `there is no column "${customerColumn}"; add it, with each row's true customer as 32 hexadecimal digits.`,
    );
  if (primaryId === undefined || customerAt === 0)
    throw fail(`the first column is "${customerColumn}"; put the row's id, a GUID, in the first column.`);
  const bad = names.find((name) => !logicalNamePattern.test(name));
  if (bad !== undefined)
    throw fail(`"${bad}" cannot be a column's name; use a letter followed by letters, digits and underscores.`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw fail(`the column "${twice}" appears twice; rename or remove one.`);
  if (columnsKeptByOthers.has(primaryId))
    throw fail(`the first column is "${primaryId}"; put the id of the ${table} there.`);
  const columns = names.flatMap((name, at) =>
    at === 0 || at === customerAt || columnsKeptByOthers.has(name) ? [] : [{ name, at }],
  );
  return { primaryId, customerAt, columns, width: names.length };
}

/**
 * Reads one source table: the first column is the row's id, `customer` its true customer, the others are data.
 * @throws SampleDataError for a fault, with file, line and remedy.
 */
export async function readCsvTable(path: string): Promise<CsvTable> {
  const { base: file, name } = parsePath(path);
  const table = name.toLowerCase();
  const fail = (line: number, fault: string) => new SampleDataError(`${file}, line ${line}: ${fault}`);
  if (!logicalNamePattern.test(table) || table.startsWith('msdynci_'))
    throw new SampleDataError(
      `${file}: "${table}" cannot be a source table; name the file after the table, such as contact.csv.`,
    );

  let header: ReturnType<typeof readHeader> | undefined;
  const rows: CsvRow[] = [];
  const lineOf = new Map<string, number>();
  for await (const { record, info } of recordsOf(path, fail)) {
    const failHere = (fault: string) => fail(info.lines, fault);
    if (header === undefined) {
      header = readHeader(record, table, failHere);
      continue;
    }
    if (record.length !== header.width)
      throw failHere(`it has ${record.length} fields, the header ${header.width}; put fields with commas in quotes.`);
    const id = record[0]?.trim().toLowerCase() ?? '';
    if (id === '') throw failHere(`"${header.primaryId}" is empty; give every row an id.`);
    if (!guidPattern.test(id))
      throw failHere(`the ${header.primaryId} "${id}" is no GUID; write it as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.`);
    const sameAt = lineOf.get(id);
    if (sameAt !== undefined)
      throw failHere(`the ${header.primaryId} ${id} stands in line ${sameAt} already; remove one.`);
    lineOf.set(id, info.lines);
    const customer = record[header.customerAt]?.trim().toLowerCase() ?? '';
    if (customer !== '' && !customerIdPattern.test(customer))
      throw failHere(
        `"${customer}" is no customer; write 32 hexadecimal digits, or nothing where the row has no profile.`,
      );
    rows.push({
      id,
      customerId: customer === '' ? null : customer,
      values: header.columns.map(({ at }) => record[at]?.trim() || null),
    });
  }
  if (header === undefined) throw fail(1, 'the file is empty; begin it with a line of column names.');
  return { table, primaryId: header.primaryId, columns: header.columns.map(({ name }) => name), rows };
}
