import { type Run, type RunWithTasks, runSchema, type Task, taskSchema } from '../contracts/run.ts';
import { type EntityTable, listAll } from './entity-table.ts';

/** A value together with the ETag it was read under. */
export interface Versioned<T> {
  readonly value: T;
  readonly etag: string;
}

/** Row keys of a run's partition: the run itself, and one task per table. */
const runRow = 'run';
const taskRow = (table: string): string => `task|${table}`;

/** Partition that lists runs newest first: row keys count down with time. */
const recentPartition = 'recent';
const recentRow = (receivedAt: string, runId: string): string =>
  `${String(Number.MAX_SAFE_INTEGER - Date.parse(receivedAt)).padStart(16, '0')}|${runId}`;

/** A run's entry in the list of runs. */
export interface ListedRun {
  readonly runId: string;
  readonly rowKey: string;
}

/** Runs and their tasks: the account that operators read. */
export class Runs {
  readonly #table: EntityTable;

  constructor(table: EntityTable) {
    this.#table = table;
  }

  /** Records a run once; the same event again changes nothing. Returns the run as it stands in the record. */
  async record(run: Run): Promise<Versioned<Run>> {
    await this.#table.insert(run.runId, runRow, run);
    const recorded = await this.find(run.runId);
    if (recorded === undefined) throw new Error(`Run ${run.runId} vanished while it was being recorded`);
    await this.#table.insert(recentPartition, recentRow(recorded.value.receivedAt, run.runId), { runId: run.runId });
    return recorded;
  }

  async find(runId: string): Promise<Versioned<Run> | undefined> {
    const entity = await this.#table.get(runId, runRow);
    return entity && { value: runSchema.parse(entity.document), etag: entity.etag };
  }

  /** False where somebody else changed the run since it was read. */
  async save(run: Versioned<Run>): Promise<boolean> {
    return (await this.#table.replace(run.value.runId, runRow, run.value, run.etag)) !== undefined;
  }

  /** Records a task once; what is there already stays. */
  async recordTask(task: Task): Promise<void> {
    await this.#table.insert(task.runId, taskRow(task.table), task);
  }

  async findTask(runId: string, table: string): Promise<Versioned<Task> | undefined> {
    const entity = await this.#table.get(runId, taskRow(table));
    return entity && { value: taskSchema.parse(entity.document), etag: entity.etag };
  }

  /** False where somebody else changed the task since it was read. */
  async saveTask(task: Versioned<Task>): Promise<boolean> {
    return (
      (await this.#table.replace(task.value.runId, taskRow(task.value.table), task.value, task.etag)) !== undefined
    );
  }

  /** A run and its tasks in the order of their tables' names; one read. */
  async show(runId: string): Promise<RunWithTasks | undefined> {
    let run: Run | undefined;
    const tasks: Task[] = [];
    for await (const { rowKey, document } of listAll(this.#table, runId)) {
      if (rowKey === runRow) run = runSchema.parse(document);
      else tasks.push(taskSchema.parse(document));
    }
    return run && { ...run, tasks };
  }

  /** Runs newest first, a page at a time. */
  async listRecent(
    pageSize: number,
    continuation?: string,
  ): Promise<{ runs: RunWithTasks[]; continuation: string | undefined }> {
    const page = await this.#table.list(recentPartition, { pageSize, continuation });
    const runs = await Promise.all(
      page.entities.map(({ document }) => this.show((document as { runId: string }).runId)),
    );
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
    await this.#table.applyAll(recentPartition, { deletes: [rowKey] });
  }

  /** Runs received before a time, newest first; for pruning. */
  async *receivedBefore(time: string): AsyncGenerator<ListedRun> {
    for await (const { rowKey, document } of listAll(this.#table, recentPartition, { from: recentRow(time, '') })) {
      yield { runId: (document as { runId: string }).runId, rowKey };
    }
  }
}
