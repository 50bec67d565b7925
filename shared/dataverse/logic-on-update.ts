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

/**
 * Plug-in steps, workflows and flows that an update of one column of a table sets off; those of other columns, switched
 * off or belonging to Dataverse itself are left out.
 * @throws TerminalError where the identity may not read them
 */
export async function logicOnUpdate(
  dataverse: Dataverse,
  { table, column }: { readonly table: string; readonly column: string },
  signal: AbortSignal,
): Promise<UpdateLogic[]> {
  const read = async (entitySetName: string, select: readonly string[], filter: string): Promise<Row[]> => {
    const rows: Row[] = [];
    let nextLink: string | undefined;
    do {
      const page = await dataverse.readPage({ entitySetName, select, filter, pageSize, nextLink }, signal);
      rows.push(...page.rows);
      nextLink = page.nextLink;
    } while (nextLink !== undefined);
    return rows;
  };
  const isFired = (row: Row, list: string): boolean => namesColumn(row[list], column);
  const nameOf = (row: Row): string => String(row.name ?? '');

  const steps = await read(
    'sdkmessageprocessingsteps',
    ['name', 'mode', 'filteringattributes', 'customizationlevel'],
    `(sdkmessageid/name eq 'Update' or sdkmessageid/name eq 'UpdateMultiple') and sdkmessagefilterid/primaryobjecttypecode eq '${table}' and statecode eq 0 and customizationlevel eq 1`,
  );
  const workflows = await read(
    'workflows',
    ['name', 'mode', 'triggeronupdateattributelist'],
    `type eq 1 and statecode eq 1 and category eq 0 and primaryentity eq '${table}' and triggeronupdateattributelist ne null`,
  );
  const flows = await read(
    'callbackregistrations',
    ['name', 'message', 'filteringattributes'],
    `entityname eq '${table}' and softdeletestatus eq 0`,
  );
  return [
    ...steps
      .filter((row) => isFired(row, 'filteringattributes'))
      .map((row): UpdateLogic => ({ kind: 'plug-in step', name: nameOf(row), isSynchronous: row.mode === 0 })),
    ...workflows
      .filter((row) => isFired(row, 'triggeronupdateattributelist'))
      .map((row): UpdateLogic => ({ kind: 'workflow', name: nameOf(row), isSynchronous: row.mode === 1 })),
    ...flows
      .filter((row) => modifiedMessages.has(Number(row.message)) && isFired(row, 'filteringattributes'))
      .map((row): UpdateLogic => ({ kind: 'flow', name: nameOf(row), isSynchronous: false })),
  ];
}

/** A comma-separated list of columns names this one; an empty list means every column. */
function namesColumn(list: unknown, column: string): boolean {
  const names = String(list ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
  return names.length === 0 || names.includes(column);
}
