import type { RequestContext } from './context.ts';
import { badRequest } from './errors.ts';
import type { Table } from './metadata/table.ts';
import type { Organisation } from './organisation.ts';
import { compileFilter } from './query/filter-compile.ts';
import { parseFilter } from './query/filter-parser.ts';
import { rowOperands } from './query/row-operands.ts';

/** What a write is, in the words of steps and triggers. */
export type WriteMessage = 'Create' | 'Update' | 'Delete';

interface Trigger {
  readonly id: string;
  readonly name: string;
  readonly kind: 'step' | 'flow';
  readonly isSync: boolean;
  /** Whether the bypass headers reach it: Microsoft's own steps and flows are out of their reach. */
  readonly isBypassable: boolean;
  readonly messages: readonly WriteMessage[];
  /** Columns of which one must be written; `undefined` if every update fires. */
  readonly columns: ReadonlySet<string> | undefined;
  /** OData condition of a flow's trigger. */
  readonly condition: string | undefined;
}

/** Which messages of a flow trigger a write answers to. */
const FLOW_MESSAGES: Readonly<Record<number, readonly WriteMessage[]>> = {
  1: ['Create'],
  2: ['Delete'],
  3: ['Update'],
  4: ['Create', 'Update'],
  5: ['Create', 'Delete'],
  6: ['Update', 'Delete'],
  7: ['Create', 'Update', 'Delete'],
};

const MOST_BYPASSED_STEPS = 3;

/** The tables that triggers are read from. */
const SOURCES = ['sdkmessageprocessingstep', 'sdkmessagefilter', 'workflow', 'callbackregistration'];

/**
 * Plug-in steps, workflows and flow triggers that the organisation has registered, and which of them a write fires. Steps on
 * `Update` and on `UpdateMultiple` both fire for single and for bulk writes, since the service merges the two pipelines.
 */
export class CustomLogic {
  readonly #organisation: Organisation;
  #revision = 0;
  #triggers = new Map<string, Trigger[]>();

  constructor(organisation: Organisation) {
    this.#organisation = organisation;
  }

  /** Fires what a write of one row sets off, counts it, and charges synchronous logic to the request. */
  fire(context: RequestContext, table: Table, slot: number, message: WriteMessage, columns: readonly string[]): void {
    const triggers = this.#triggersOf(table);
    if (triggers.length === 0) return;
    const bypass = bypassOf(context);
    for (const trigger of triggers) {
      if (!trigger.messages.includes(message) || bypass(trigger)) continue;
      if (message === 'Update' && trigger.columns && !columns.some((column) => trigger.columns?.has(column))) continue;
      if (trigger.condition !== undefined && message !== 'Delete') {
        if (!compileFilter(parseFilter(trigger.condition), rowOperands(context, table))(slot)) continue;
      }
      context.stats.fired(trigger.name);
      if (trigger.isSync) context.cost.pluginRuns++;
    }
  }

  /** Refuses bypass headers that the caller may not send, whether or not anything would fire. */
  checkBypass(context: RequestContext): void {
    bypassOf(context);
  }

  #triggersOf(table: Table): readonly Trigger[] {
    let revision = 0;
    for (const name of SOURCES) revision += this.#organisation.builtIn(name).rows.revision;
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#triggers = new Map();
    }
    let triggers = this.#triggers.get(table.name);
    if (!triggers) {
      triggers = [...this.#steps(table), ...this.#workflows(table), ...this.#flows(table)];
      this.#triggers.set(table.name, triggers);
    }
    return triggers;
  }

  #steps(table: Table): Trigger[] {
    const filters = this.#organisation.builtIn('sdkmessagefilter');
    const messages = this.#organisation.builtIn('sdkmessage');
    return aliveRows(this.#organisation.builtIn('sdkmessageprocessingstep'), (cell, id) => {
      const filter = filters.rows.find(String(cell('sdkmessagefilterid')));
      if (cell('statecode') !== 0) return [];
      if (filter !== undefined && filters.cell(filter, 'primaryobjecttypecode') !== table.name) return [];
      const messageId = cell('sdkmessageid') ?? (filter === undefined ? null : filters.cell(filter, 'sdkmessageid'));
      const messageRow = messages.rows.find(String(messageId));
      const message = messageRow === undefined ? '' : String(messages.cell(messageRow, 'name'));
      const single = message.replace(/Multiple$/, '');
      if (single !== 'Create' && single !== 'Update' && single !== 'Delete') return [];
      return [
        {
          id,
          name: String(cell('name') ?? id),
          kind: 'step',
          isSync: cell('mode') !== 1,
          isBypassable: cell('customizationlevel') !== 0 && cell('canbebypassed') !== false,
          messages: [single],
          columns: columnList(cell('filteringattributes')),
          condition: undefined,
        },
      ];
    });
  }

  #workflows(table: Table): Trigger[] {
    return aliveRows(this.#organisation.builtIn('workflow'), (cell, id) => {
      const isActive = cell('type') === 1 && cell('statecode') === 1 && cell('category') === 0;
      if (!isActive || cell('primaryentity') !== table.name) return [];
      const columns = columnList(cell('triggeronupdateattributelist'));
      const messages: WriteMessage[] = [];
      if (cell('triggeroncreate') === true) messages.push('Create');
      if (columns) messages.push('Update');
      if (cell('triggerondelete') === true) messages.push('Delete');
      const name = String(cell('name') ?? id);
      const isSync = cell('mode') === 1;
      return [{ id, name, kind: 'step', isSync, isBypassable: true, messages, columns, condition: undefined }];
    });
  }

  #flows(table: Table): Trigger[] {
    return aliveRows(this.#organisation.builtIn('callbackregistration'), (cell, id) => {
      if (cell('entityname') !== table.name || (cell('softdeletestatus') ?? 0) !== 0) return [];
      const condition = cell('filterexpression');
      return [
        {
          id,
          name: String(cell('name') ?? id),
          kind: 'flow',
          isSync: false,
          isBypassable: false,
          messages: FLOW_MESSAGES[Number(cell('message'))] ?? [],
          columns: columnList(cell('filteringattributes')),
          condition: typeof condition === 'string' && condition !== '' ? condition : undefined,
        },
      ];
    });
  }
}

type Cell = (column: string) => string | number | boolean | null;

function aliveRows(table: Table, read: (cell: Cell, id: string) => Trigger[]): Trigger[] {
  return table.rows.ids.flatMap((id, slot) =>
    table.rows.isAlive(slot) ? read((column) => table.cell(slot, column), id) : [],
  );
}

function columnList(value: string | number | boolean | null): ReadonlySet<string> | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return new Set(value.split(',').map((name) => name.trim().toLowerCase()));
}

/** What the request's headers keep from firing. */
function bypassOf(context: RequestContext): (trigger: Trigger) => boolean {
  const { headers, caller } = context;
  const logic = headers['mscrm.bypassbusinesslogicexecution'];
  const stepIds = headers['mscrm.bypassbusinesslogicexecutionstepids'];
  const plugins = headers['mscrm.bypasscustompluginexecution']?.toLowerCase() === 'true';
  const flows = headers['mscrm.suppresscallbackregistrationexpanderjob']?.toLowerCase() === 'true';
  if (logic !== undefined || stepIds !== undefined) caller.demandPrivilege('prvBypassCustomBusinessLogic');
  if (plugins) caller.demandPrivilege('prvBypassCustomPlugins');
  const scopes = new Set(
    (logic ?? '')
      .toLowerCase()
      .split(',')
      .map((scope) => scope.trim()),
  );
  const steps = new Set(
    (stepIds ?? '')
      .toLowerCase()
      .split(',')
      .map((id) => id.trim()),
  );
  if (steps.size > MOST_BYPASSED_STEPS) {
    throw badRequest(`No more than ${MOST_BYPASSED_STEPS} step ids may be bypassed in one request.`, '0x80040203');
  }
  return (trigger) => {
    if (trigger.kind === 'flow') return flows;
    if (!trigger.isBypassable) return false;
    if (scopes.has(trigger.isSync ? 'customsync' : 'customasync') || steps.has(trigger.id)) return true;
    return plugins && trigger.isSync;
  };
}
