import { addCounters } from '../contracts/counters.ts';
import type { LinkTask } from '../contracts/link-task.ts';
import type { Run, Task } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { isRetryableError, isTerminalError, TerminalError } from '../errors.ts';
import type { LinkState, Pass, Slot } from '../state/link-states.ts';
import { watchForCancel } from './cancel-run.ts';
import { concludePass } from './end-pass.ts';
import { endRunIfDone } from './end-run.ts';
import { type Parts, timeOf } from './parts.ts';
import { beginPass, carryOn } from './pass.ts';
import { prepare, type TableContext } from './prepare.ts';
import { skippedDetails } from './requirements.ts';
import { LostRaceError, Slice, TimeUpError } from './slice.ts';
import { endTask, updateTask } from './task-record.ts';

/** Pauses before work is tried again while a service is unavailable, in milliseconds; the last one repeats. */
const retryPausesMs = [5_000, 15_000, 30_000, 60_000, 120_000, 300_000];
/** How the one line begins that says why a task is not getting on. */
const interruptedPrefix = 'Interrupted, ';
/** Failures in a row after which a task ends as Failed: about four hours of unavailability. */
const maxFailures = 50;
/** Progress reaches the task's record at most this often, in milliseconds. */
const progressIntervalMs = 1_000;

/**
 * Works on a task's message: "this run wants this table linked". The table's link state decides what is next: a pass
 * in progress is carried on first, whichever run it belongs to. One slice is done; then the task has ended, or a
 * continuation is on its way.
 */
export async function linkTable(parts: Parts, message: LinkTask): Promise<void> {
  const { runId, table } = message;
  const run = (await parts.runs.find(runId))?.value;
  const task = (await parts.runs.findTask(runId, table))?.value;
  if (run === undefined || task === undefined) {
    throw new TerminalError(
      `There is no record of run ${runId} with table ${table}; it was pruned, or the state is not the one it was recorded in.`,
    );
  }
  if (isFinal(task.status)) return endRunIfDone(parts, runId);
  try {
    await workOn(parts, message, run);
  } catch (error) {
    if (error instanceof LostRaceError) {
      parts.telemetry.log('warn', 'Another writer has this table; this slice was dropped', { runId, table });
      return;
    }
    if (isTerminalError(error)) return failTask(parts, message, error.message);
    if (!isRetryableError(error)) throw error;
    await tryLater(parts, message, error.message, error.retryAfterMs);
  }
}

async function workOn(parts: Parts, message: LinkTask, run: Run): Promise<void> {
  const { runId, table } = message;
  const timeUp = parts.startTimer(parts.options.sliceMs);
  const slot: Slot = run.mode === 'rehearsal' ? { table, rehearsalOf: runId } : { table };
  for (;;) {
    const { state, etag } = await parts.linkStates.load(slot);
    // The process may have died between a pass's end and its task's: the conclusion is drawn now.
    await concludeLast(parts, table, state);
    if (state.pass === undefined && state.lastPass?.runId === runId && state.lastPass.followUp >= message.followUp)
      return;

    const owner = state.pass === undefined ? run : (await parts.runs.find(state.pass.runId))?.value;
    const outcome =
      owner === undefined
        ? await dropPass(parts, slot, state, etag)
        : await doSlice(parts, { slot, state, etag, owner, message, timeUp });
    if (outcome === 'more') {
      await parts.messenger.sendLinkTasks([{ ...message, slice: message.slice + 1, failures: 0 }]);
      return;
    }
    if (outcome === 'over' && owner?.runId === runId) return;
  }
}

async function concludeLast(parts: Parts, table: string, { lastPass }: LinkState): Promise<void> {
  if (lastPass === undefined) return;
  const run = await parts.runs.find(lastPass.runId);
  if (run !== undefined) await concludePass(parts, run.value, table, lastPass);
}

/** `over`: the owner's task has ended or its follow-up is on its way. */
type SliceOutcome = 'more' | 'over';

interface SliceWork {
  readonly slot: Slot;
  readonly state: LinkState;
  readonly etag: string;
  /** The run whose pass is carried on or begun. */
  readonly owner: Run;
  readonly message: LinkTask;
  readonly timeUp: AbortSignal;
}

async function doSlice(parts: Parts, { slot, state, etag, owner, message, timeUp }: SliceWork): Promise<SliceOutcome> {
  const { table } = slot;
  const cancel = watchForCancel(parts, owner.runId);
  try {
    if (owner.cancelRequestedAt !== undefined) throw cancel.reason;
    const source = parts.options.setup.tables.find((candidate) => candidate.table === table);
    if (source === undefined)
      throw new TerminalError(`${table} is no longer among the tables of BACKSTAMP_UNIFICATION.`);
    const preparation = await prepare(parts, source, slot.rehearsalOf !== undefined, cancel.signal);
    if (preparation.kind === 'skipped') {
      const { findings } = preparation;
      await dropPass(parts, slot, state, etag);
      await endTask(parts, owner.runId, table, 'Skipped', () => ({ findings, details: skippedDetails(findings) }));
      return 'over';
    }
    const { context } = preparation;
    const pass = await passToCarryOn(parts, context, state, owner, message);
    const begun = { ...state, pass: { ...pass, untried: false, slices: pass.slices + 1 } };
    const begunEtag = await parts.linkStates.save(slot, begun, etag);
    if (begunEtag === undefined) throw new LostRaceError(`Another writer changed the link state of ${table}`);
    const slice = new Slice({
      parts,
      slot,
      context,
      isConfirmed: owner.confirm,
      state: begun,
      etag: begunEtag,
      isPageUntried: pass.untried,
      signal: cancel.signal,
      timeUp,
      onProgress: progressReporter(parts, owner.runId, table),
    });
    const ended = await carryOn(slice);
    await concludePass(parts, owner, table, ended);
    if (slot.rehearsalOf !== undefined) await parts.linkStates.removeRehearsal(owner.runId, table);
    return 'over';
  } catch (error) {
    if (error instanceof TimeUpError) return 'more';
    if (error !== cancel.reason) throw error;
    const latest = await parts.linkStates.load(slot);
    await dropPass(parts, slot, latest.state, latest.etag);
    await endTask(parts, owner.runId, table, 'Canceled');
    return 'over';
  } finally {
    cancel.stop();
  }
}

/** The pass in progress, or a new one; a new one too where the lookup column had to be made again in its midst. */
async function passToCarryOn(
  parts: Parts,
  context: TableContext,
  state: LinkState,
  owner: Run,
  message: LinkTask,
): Promise<Pass> {
  if (state.pass !== undefined && !context.columnCreated) return state.pass;
  const followUp = state.pass?.followUp ?? message.followUp;
  const task = await updateTask(parts, owner.runId, context.source.table, (current) => started(current, parts));
  if (task === undefined)
    throw new TerminalError(`There is no record of run ${owner.runId} with table ${context.source.table}.`);
  return beginPass(parts, context, state, { runId: owner.runId, followUp, mode: owner.mode, counters: task.counters });
}

const started = (task: Task, parts: Parts): Task => ({
  ...task,
  status: 'Refreshing',
  startedAt: task.startedAt ?? timeOf(parts.now()),
});

/** Writes a pass's counters to its task's record now and then. */
function progressReporter(parts: Parts, runId: string, table: string): (pass: Pass) => Promise<void> {
  let reportedAt = parts.now();
  return async ({ base, counters }) => {
    if (parts.now() - reportedAt < progressIntervalMs) return;
    reportedAt = parts.now();
    await updateTask(parts, runId, table, (task) => ({ ...task, counters: addCounters(base, counters) }));
  };
}

/** Forgets a pass in progress; the watermark stays where it was, so the next pass reads the same changes again. */
async function dropPass(parts: Parts, slot: Slot, state: LinkState, etag: string): Promise<SliceOutcome> {
  if (state.pass !== undefined) {
    const { pass: _, ...rest } = state;
    if ((await parts.linkStates.save(slot, rest, etag)) === undefined) {
      throw new LostRaceError(`Another writer changed the link state of ${slot.table}`);
    }
  }
  return 'over';
}

/** Ends a task that repeating cannot help. Its pass is forgotten, so that the next run begins afresh. */
export async function failTask(
  parts: Parts,
  { runId, table }: Pick<LinkTask, 'runId' | 'table'>,
  reason: string,
): Promise<void> {
  const run = await parts.runs.find(runId);
  const slot: Slot = run?.value.mode === 'rehearsal' ? { table, rehearsalOf: runId } : { table };
  const { state, etag } = await parts.linkStates.load(slot);
  if (state.pass?.runId === runId) await dropPass(parts, slot, state, etag);
  await endTask(parts, runId, table, 'Failed', (task) => ({ details: [reason, ...task.details] }));
}

/** A service is unavailable: the work is sent on its way again for later, and the task says so meanwhile. */
async function tryLater(
  parts: Parts,
  message: LinkTask,
  reason: string,
  retryAfterMs: number | undefined,
): Promise<void> {
  const failures = message.failures + 1;
  if (failures > maxFailures) return failTask(parts, message, `${reason} Given up after ${maxFailures} tries.`);
  const pauseMs = Math.max(retryPausesMs[Math.min(failures, retryPausesMs.length) - 1] ?? 0, retryAfterMs ?? 0);
  parts.telemetry.log('warn', 'A service is unavailable; the task goes on later', {
    runId: message.runId,
    table: message.table,
    failures,
    pauseMs,
    reason,
  });
  await parts.messenger.sendLinkTasks([{ ...message, failures }], parts.now() + pauseMs);
  await updateTask(parts, message.runId, message.table, (task) => ({
    ...task,
    details: [
      ...task.details.filter((line) => !line.startsWith(interruptedPrefix)),
      `${interruptedPrefix}goes on at ${timeOf(parts.now() + pauseMs)}. ${reason}`,
    ],
  }));
}
