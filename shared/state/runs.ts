import { z } from 'zod';
import { type Run, type RunWithTasks, runSchema, type Task, taskSchema } from '../contracts/run.ts';
import { runIdOf, type UnificationEvent, unificationEventSchema } from '../contracts/unification-event.ts';
import { type EntityTable, listAll, type StoredEntity } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A value together with the ETag it was read under. */
export interface Versioned<T> {
  readonly value: T;
  readonly etag: string;
}

const runForm = new DocumentForm('run', 1, runSchema);
const taskForm = new DocumentForm('task', 1, taskSchema);
const orderForm = new DocumentForm('order', 1, z.object({ event: unificationEventSchema }));

/** Row keys of a run's partition: the run itself, and one task per table. */
const runRow = 'run';
const taskPrefix = 'task|';
const taskRow = (table: string): string => `${taskPrefix}${table}`;

/** Partition of tasks' records that could not be read, kept for whoever wants to know what stood there. */
const asidePartition = 'set-aside';

/** Partition of what operators asked for, until the run is recorded that answers it. */
const orderPartition = 'orders';

/** Partition that names the runs which have something left to do, and notes that it names all of them. */
const openPartition = 'open';
const namesAllRow = 'names-all';

/** Partition that lists runs newest first: row keys count down with time. */
const recentPartition = 'recent';
const recentRow = (receivedAt: string, runId: string): string =>
  `${String(Number.MAX_SAFE_INTEGER - Date.parse(receivedAt)).padStart(16, '0')}|${runId}`;

/** The run that an entry of the list is about. */
const listedRunId = (rowKey: string): string => rowKey.slice(rowKey.indexOf('|') + 1);

/** Whether a run has something left to do: its tasks, or telling the world that they have ended. */
const isOpen = ({ endedAt, unannounced }: Run): boolean => endedAt === undefined || unannounced !== undefined;

/** A run's entry in the list of runs. */
export interface ListedRun {
  readonly runId: string;
  readonly rowKey: string;
}

/** Runs and their tasks: the account that operators read. */
export class Runs {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /**
   * Records a run once; the same event again changes nothing. Returns the run as it stands in the record; undefined where
   * it is recorded and cannot be read, which was told.
   */
  async record(run: Run): Promise<Versioned<Run> | undefined> {
    await this.#table.insert(run.runId, runRow, runForm.mark(run));
    const recorded = await this.find(run.runId);
    if (recorded === undefined) return undefined;
    const { runId, receivedAt } = recorded.value;
    await this.#table.insert(recentPartition, recentRow(receivedAt, runId), { runId });
    if (isOpen(recorded.value)) await this.#table.insert(openPartition, runId, { runId });
    return recorded;
  }

  /**
   * Notes what an operator asked for, before the message that points at it is sent: a message alone, whoever sent it,
   * gets what any event gets.
   */
  async order(event: UnificationEvent): Promise<void> {
    await this.#table.insert(orderPartition, runIdOf(event), orderForm.mark({ event }));
  }

  /** What an operator asked for by this run; undefined where nobody did, or it is answered. */
  async findOrder(runId: string): Promise<UnificationEvent | undefined> {
    const entity = await this.#table.get(orderPartition, runId);
    return entity && orderForm.read(entity, this.#tell)?.event;
  }

  /** Lets go of orders: of one that its run answers, or of those from before a time, whose message never came. */
  async dropOrders(which: { readonly runId: string } | { readonly before: string }): Promise<void> {
    const rows: string[] = [];
    if ('runId' in which) rows.push(which.runId);
    else {
      for await (const entity of listAll(this.#table, orderPartition)) {
        const order = orderForm.read(entity, this.#tell);
        if (order === undefined || order.event.occurredAt < which.before) rows.push(entity.rowKey);
      }
    }
    await this.#table.applyAll(orderPartition, { deletes: rows });
  }

  /** Ids of the runs that have something left to do, however old they are. */
  async *open(): AsyncGenerator<string> {
    const isComplete = (await this.#table.get(openPartition, namesAllRow)) !== undefined;
    // Versions before this one named none: once, all runs are looked through.
    if (!isComplete) await this.#nameOpenRuns();
    for await (const { rowKey } of listAll(this.#table, openPartition)) if (rowKey !== namesAllRow) yield rowKey;
  }

  async #nameOpenRuns(): Promise<void> {
    for await (const { rowKey } of listAll(this.#table, recentPartition)) {
      const run = await this.find(listedRunId(rowKey));
      if (run !== undefined && isOpen(run.value)) {
        const { runId } = run.value;
        await this.#table.insert(openPartition, runId, { runId });
      }
    }
    await this.#table.insert(openPartition, namesAllRow, {});
  }

  /** Takes a run from those that have something left to do. */
  async close(runId: string): Promise<void> {
    await this.#table.applyAll(openPartition, { deletes: [runId] });
  }

  async find(runId: string): Promise<Versioned<Run> | undefined> {
    return this.#versioned(runForm, await this.#table.get(runId, runRow));
  }

  /** False where somebody else changed the run since it was read. */
  async save(run: Versioned<Run>): Promise<boolean> {
    return (await this.#table.replace(run.value.runId, runRow, runForm.mark(run.value), run.etag)) !== undefined;
  }

  /** Records a task once; what is there already stays. */
  async recordTask(task: Task): Promise<void> {
    await this.#table.insert(task.runId, taskRow(task.table), taskForm.mark(task));
  }

  async findTask(runId: string, table: string): Promise<Versioned<Task> | undefined> {
    return this.#versioned(taskForm, await this.#table.get(runId, taskRow(table)));
  }

  #versioned<T extends object>(form: DocumentForm<T>, entity: StoredEntity | undefined): Versioned<T> | undefined {
    const value = entity && form.read(entity, this.#tell);
    return entity && value && { value, etag: entity.etag };
  }

  /** False where somebody else changed the task since it was read. */
  async saveTask(task: Versioned<Task>): Promise<boolean> {
    const { value, etag } = task;
    return (await this.#table.replace(value.runId, taskRow(value.table), taskForm.mark(value), etag)) !== undefined;
  }

  /** A run and its tasks in the order of their tables' names; one read. What cannot be read is told of and left out. */
  async show(runId: string): Promise<RunWithTasks | undefined> {
    let run: Run | undefined;
    const tasks: Task[] = [];
    for await (const entity of listAll(this.#table, runId)) {
      if (entity.rowKey === runRow) run = runForm.read(entity, this.#tell);
      else {
        const task = taskForm.read(entity, this.#tell);
        if (task !== undefined) tasks.push(task);
      }
    }
    return run && { ...run, tasks };
  }

  /**
   * Sets aside the records of a run's tasks that cannot be read, so that the tasks can be recorded anew: what is done and
   * what is left to do stands in their tables' link states.
   */
  async setAsideUnreadableTasks(runId: string): Promise<void> {
    for await (const entity of listAll(this.#table, runId, { from: taskPrefix })) {
      if (!entity.rowKey.startsWith(taskPrefix) || 'value' in taskForm.parse(entity.document)) continue;
      const aside = { rowKey: `${runId}|${entity.rowKey}`, document: { document: entity.document } };
      await this.#table.applyAll(asidePartition, { upserts: [aside] });
      await this.#table.applyAll(runId, { deletes: [entity.rowKey] });
    }
  }

  /** Tables with a task in a run, readable or not. */
  async tablesOf(runId: string): Promise<string[]> {
    const tables: string[] = [];
    for await (const { rowKey } of listAll(this.#table, runId)) {
      if (rowKey.startsWith(taskPrefix)) tables.push(rowKey.slice(taskPrefix.length));
    }
    return tables;
  }

  /** Runs newest first, a page at a time. */
  async listRecent(
    pageSize: number,
    continuation?: string,
  ): Promise<{ runs: RunWithTasks[]; continuation: string | undefined }> {
    const page = await this.#table.list(recentPartition, { pageSize, continuation });
    const runs = await Promise.all(page.entities.map(({ rowKey }) => this.show(listedRunId(rowKey))));
    return { runs: runs.filter((run) => run !== undefined), continuation: page.continuation };
  }

  /**
   * Removes a run with its tasks: the run's own record after its tasks, whose tables it names, and its entry in the list
   * last. So a removal that broke off is found and finished by the next.
   */
  async remove({ runId, rowKey }: ListedRun): Promise<void> {
    const tasks: string[] = [];
    for await (const entity of listAll(this.#table, runId)) if (entity.rowKey !== runRow) tasks.push(entity.rowKey);
    await this.#table.applyAll(runId, { deletes: tasks });
    await this.#table.applyAll(runId, { deletes: [runRow] });
    await this.close(runId);
    await this.#table.applyAll(recentPartition, { deletes: [rowKey] });
  }

  /** Runs received before a time, newest first; for pruning. */
  async *receivedBefore(time: string): AsyncGenerator<ListedRun> {
    for await (const { rowKey } of listAll(this.#table, recentPartition, { from: recentRow(time, '') })) {
      yield { runId: listedRunId(rowKey), rowKey };
    }
  }
}
