import type { RunWithTasks } from '../shared/contracts/run.ts';
import { isFinal } from '../shared/contracts/status.ts';
import { type AppClient, isPassing } from './app-client.ts';
import { printableText } from './printable.ts';
import type { Session } from './session.ts';
import { numberText } from './text.ts';

const pollMs = 500;
/** Pause while the app does not answer, in milliseconds. */
const awayMs = 2_000;
/** How often progress is told where lines stay, in milliseconds. */
const lineEveryMs = 10_000;

/**
 * Waits until a run has ended, and tells how it goes. An app that does not answer for a while, or answers with a fault
 * of its own, is asked again: the run goes on without us.
 * @param timeoutMs how long to wait; for ever where absent
 * @returns undefined where that time was over first
 * @throws AppError where the app refuses
 */
export async function endOf(
  app: AppClient,
  runId: string,
  session: Session,
  timeoutMs?: number,
): Promise<RunWithTasks | undefined> {
  const { world } = session;
  const progress = new Progress(session);
  const begun = world.now();
  try {
    for (;;) {
      let pauseMs = pollMs;
      try {
        const run = await app.run(runId);
        if (run !== undefined && run.endedAt !== undefined && isFinal(run.status)) return run;
        progress.show(run === undefined ? 'waiting to begin' : progressOf(run, world.now()));
      } catch (error) {
        if (!isPassing(error)) throw error;
        progress.show(`no answer for now (${printableText(error.message.split('\n')[0] ?? '')}); the run goes on`);
        pauseMs = awayMs;
      }
      const leftMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : begun + timeoutMs - world.now();
      if (leftMs <= 0) return undefined;
      await world.sleep(Math.min(pauseMs, leftMs));
    }
  } finally {
    progress.end();
  }
}

/** How far a run is, in one line. */
export function progressOf(run: RunWithTasks, now: number): string {
  const done = run.tasks.filter(({ status }) => isFinal(status)).length;
  const read = run.tasks.reduce((sum, { counters }) => sum + counters.read, 0);
  const seconds = Math.max(1, Math.round((now - Date.parse(run.receivedAt)) / 1000));
  const atWork = run.tasks.filter(({ status }) => status === 'Refreshing').map(({ table }) => table);
  const tables = atWork.length === 0 ? '' : `; at ${atWork.slice(0, 3).join(', ')}${atWork.length > 3 ? ' …' : ''}`;
  return `${done} of ${run.tables.length} tables, ${numberText(read)} rows in ${numberText(seconds)} s${printableText(tables)}`;
}

/** One line that is written over on a terminal; elsewhere a line now and then. */
class Progress {
  readonly #session: Session;
  #last = '';
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(session: Session) {
    this.#session = session;
  }

  show(text: string): void {
    const { world, errorTerminal } = this.#session;
    if (text === this.#last) return;
    if (errorTerminal !== undefined) {
      world.complain(`\r\u001b[K${text.slice(0, Math.max(10, errorTerminal.columns() - 1))}`);
    } else {
      const isDue = world.now() - this.#lastAt >= lineEveryMs;
      if (!isDue) return;
      world.complain(`${text}\n`);
    }
    this.#lastAt = world.now();
    this.#last = text;
  }

  end(): void {
    const { world, errorTerminal } = this.#session;
    if (errorTerminal !== undefined && this.#last !== '') world.complain('\r\u001b[K');
  }
}
