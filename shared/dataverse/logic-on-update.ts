import { isTerminalError, type TerminalError } from '../errors.ts';
import type { Dataverse, Row } from './dataverse.ts';

/** Something that the organisation has registered and that an update of the link would set off. */
export interface UpdateLogic {
  readonly kind: 'plug-in step' | 'workflow' | 'flow';
  readonly name: string;
  /** It runs within the update, and makes each request slower. */
  readonly isSynchronous: boolean;
}

/** `message` of a flow trigger that an update fires: Modified, alone or with other events. */
const modifiedMessages = new Set([3, 4, 6, 7]);
const pageSize = 500;

/** Tables of one request: more names make a filter that servers refuse to parse. */
const tablesPerRequest = 40;

/**
 * Plug-in steps, workflows and flows that an update of one column of a table sets off; those of other columns, switched
 * off or belonging to Dataverse itself are left out.
 * @throws TerminalError where the identity may not read them
 */
export async function logicOnUpdate(
  dataverse: Pick<Dataverse, 'readPage'>,
  { table, column }: { readonly table: string; readonly column: string },
  signal: AbortSignal,
): Promise<readonly UpdateLogic[]> {
  const { byTable, refusals } = await logicOnUpdates(dataverse, { tables: [table], column }, signal);
  const [refusal] = refusals;
  if (refusal !== undefined) throw refusal;
  return byTable.get(table) ?? [];
}

/** The same of several tables, in a few requests; with what may not be read, which loses nothing else. */
export async function logicOnUpdates(
  dataverse: Pick<Dataverse, 'readPage'>,
  { tables, column }: { readonly tables: readonly string[]; readonly column: string },
  signal: AbortSignal,
): Promise<{ readonly byTable: ReadonlyMap<string, readonly UpdateLogic[]>; readonly refusals: TerminalError[] }> {
  const byTable = new Map<string, UpdateLogic[]>(tables.map((table) => [table, []]));
  const refusals: TerminalError[] = [];
  const questions = [readSteps, readWorkflows, readFlows].map(async (read) => {
    for (let at = 0; at < tables.length; at += tablesPerRequest) {
      for (const { table, ...logic } of await read(
        dataverse,
        tables.slice(at, at + tablesPerRequest),
        column,
        signal,
      )) {
        byTable.get(table)?.push(logic);
      }
    }
  });
  for (const answer of await Promise.allSettled(questions)) {
    if (answer.status === 'fulfilled') continue;
    if (!isTerminalError(answer.reason)) throw answer.reason;
    refusals.push(answer.reason);
  }
  return { byTable, refusals };
}

type LogicOfTable = UpdateLogic & { readonly table: string };
type Reader = Pick<Dataverse, 'readPage'>;

const anyOf = (property: string, tables: readonly string[]): string => {
  const conditions = tables.map((table) => `${property} eq '${table}'`).join(' or ');
  return tables.length > 1 ? `(${conditions})` : conditions;
};
const onUpdate = "(sdkmessageid/name eq 'Update' or sdkmessageid/name eq 'UpdateMultiple')";
const nameOf = (row: Row): string => String(row.name ?? '');

async function readSteps(
  dataverse: Reader,
  tables: readonly string[],
  column: string,
  signal: AbortSignal,
): Promise<LogicOfTable[]> {
  const steps = await readAll(
    dataverse,
    'sdkmessageprocessingsteps',
    ['name', 'mode', 'filteringattributes', 'customizationlevel', '_sdkmessagefilterid_value'],
    `${onUpdate} and ${anyOf('sdkmessagefilterid/primaryobjecttypecode', tables)} and statecode eq 0 and customizationlevel eq 1`,
    signal,
  );
  const fired = steps.filter((row) => namesColumn(row.filteringattributes, column));
  const [only] = tables;
  // Which table a step is for stands in its filter; of one table alone there is nothing to ask.
  const tableOf = tables.length > 1 && fired.length > 0 ? await readFilters(dataverse, tables, signal) : undefined;
  return fired.map((row) => ({
    table: (tableOf === undefined ? only : tableOf.get(String(row._sdkmessagefilterid_value))) ?? '',
    kind: 'plug-in step',
    name: nameOf(row),
    isSynchronous: row.mode === 0,
  }));
}

async function readFilters(
  dataverse: Reader,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const select = ['sdkmessagefilterid', 'primaryobjecttypecode'];
  const filter = `${onUpdate} and ${anyOf('primaryobjecttypecode', tables)}`;
  const rows = await readAll(dataverse, 'sdkmessagefilters', select, filter, signal);
  return new Map(rows.map((row) => [String(row.sdkmessagefilterid), String(row.primaryobjecttypecode)]));
}

async function readWorkflows(
  dataverse: Reader,
  tables: readonly string[],
  column: string,
  signal: AbortSignal,
): Promise<LogicOfTable[]> {
  const rows = await readAll(
    dataverse,
    'workflows',
    ['name', 'mode', 'primaryentity', 'triggeronupdateattributelist'],
    `type eq 1 and statecode eq 1 and category eq 0 and ${anyOf('primaryentity', tables)} and triggeronupdateattributelist ne null`,
    signal,
  );
  return rows
    .filter((row) => namesColumn(row.triggeronupdateattributelist, column))
    .map((row) => ({
      table: String(row.primaryentity),
      kind: 'workflow',
      name: nameOf(row),
      isSynchronous: row.mode === 1,
    }));
}

async function readFlows(
  dataverse: Reader,
  tables: readonly string[],
  column: string,
  signal: AbortSignal,
): Promise<LogicOfTable[]> {
  const rows = await readAll(
    dataverse,
    'callbackregistrations',
    ['name', 'message', 'entityname', 'filteringattributes'],
    `${anyOf('entityname', tables)} and softdeletestatus eq 0`,
    signal,
  );
  return rows
    .filter((row) => modifiedMessages.has(Number(row.message)) && namesColumn(row.filteringattributes, column))
    .map((row) => ({ table: String(row.entityname), kind: 'flow', name: nameOf(row), isSynchronous: false }));
}

async function readAll(
  dataverse: Reader,
  entitySetName: string,
  select: readonly string[],
  filter: string,
  signal: AbortSignal,
): Promise<Row[]> {
  const rows: Row[] = [];
  let nextLink: string | undefined;
  do {
    const page = await dataverse.readPage({ entitySetName, select, filter, pageSize, nextLink }, signal);
    rows.push(...page.rows);
    nextLink = page.nextLink;
  } while (nextLink !== undefined);
  return rows;
}

/** A comma-separated list of columns names this one; an empty list means every column. */
function namesColumn(list: unknown, column: string): boolean {
  const names = String(list ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
  return names.length === 0 || names.includes(column);
}
