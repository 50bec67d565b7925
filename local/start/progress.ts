import { textTable } from '../../cli/text.ts';
import type { RunWithTasks, Task } from '../../shared/contracts/run.ts';

const outcomes = ['linked', 'relinked', 'cleared', 'unchanged', 'waiting', 'failed', 'gone'] as const;

/** Time at work: waiting for a last look at the map does not count. */
const secondsOf = ({ startedAt, endedAt, updatedAt, workedMs }: Task): number => {
  if (startedAt === undefined) return 0;
  return Math.max(0.001, (workedMs ?? Date.parse(endedAt ?? updatedAt) - Date.parse(startedAt)) / 1000);
};

/** Shows a run's tables while it goes: rows so far, rows per second, what is left. */
export class Progress {
  readonly #expected: ReadonlyMap<string, number>;
  readonly #write: (text: string) => void;
  #shown = '';

  /** @param expected map rows by table, where known beforehand */
  constructor(expected: ReadonlyMap<string, number>, write: (text: string) => void) {
    this.#expected = expected;
    this.#write = write;
  }

  show(run: RunWithTasks): void {
    const parts = run.tasks.map((task) => {
      const { read } = task.counters;
      const expected = this.#expected.get(task.table);
      const left = expected === undefined ? '' : `, ${Math.max(0, expected - read).toLocaleString('en')} left`;
      const rate = read === 0 ? '' : `, ${Math.round(read / secondsOf(task)).toLocaleString('en')} rows/s`;
      return `${task.table} ${task.status}: ${read.toLocaleString('en')} rows${rate}${left}`;
    });
    const text = parts.join(' | ');
    // One line per change: as readable in a log as on a terminal.
    if (text === this.#shown) return;
    this.#shown = text;
    this.#write(`  ${text}\n`);
  }
}

/** What a run did, table by table. */
export function summaryOf(run: RunWithTasks): string {
  const rows = run.tasks.map((task) => [
    task.table,
    task.status,
    task.counters.read,
    ...outcomes.map((outcome) => task.counters[outcome]),
    Number(secondsOf(task).toFixed(1)),
  ]);
  const details = run.tasks.flatMap(({ table, status, details: lines }) =>
    status === 'Successful' ? [] : lines.map((line) => `  ${table}: ${line}`),
  );
  return [textTable(['table', 'status', 'read', ...outcomes, 'seconds'], rows), ...details].join('\n');
}
