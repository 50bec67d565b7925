import { type LinkTask, linkTaskMessageId } from '../contracts/link-task.ts';
import type { Run } from '../contracts/run.ts';
import { isFinal, type Mode } from '../contracts/status.ts';
import { isRetryableError, isTerminalError, RetryableError, TerminalError } from '../errors.ts';
import { watchForCancel } from '../runs/cancel-run.ts';
import { endRunIfDone } from '../runs/end-run.ts';
import { dropPass, failTask } from '../runs/fail-task.ts';
import { longestWaitingMs, turnAgainMs, waitingBeyondSliceMs } from '../runs/limits.ts';
import { timeOf } from '../runs/parts.ts';
import { endTask } from '../runs/task-record.ts';
import { turnOf } from '../runs/turns.ts';
import { skippedBy, workOf } from '../runs/work.ts';
import { type LinkState, LostRaceError, type Pass, type StateKey, stateKeyOf } from '../state/link-states.ts';
import { concludePass } from './end-pass.ts';
import { joinedPass } from './join-pass.ts';
import { misfit } from './misfit.ts';
import type { PassTask } from './new-pass.ts';
import type { PassParts } from './parts.ts';
import { isReading } from './phases.ts';
import { refusedPrivilege } from './refused-privilege.ts';
import { TimeUpError } from './slice.ts';
import { reportProgress, tellExpected, tellStart, tellTurn } from './task-progress.ts';
import { lookAgain, tryLater } from './try-later.ts';
import type { Preparing, Readiness, Work } from './work.ts';

/**
 * Works on a task's message: "this run wants this table linked". The table's link state decides what is next: a pass
 * in progress is carried on first, whichever run it belongs to. One slice is done; then the task has ended, or a
 * continuation is on its way.
 * @param session the session that the message came in
 */
export async function linkTable(parts: PassParts, message: LinkTask, session?: string): Promise<void> {
  const { runId, table } = message;
  const delivery = { message, hasMoved: false };
  try {
    await receive(parts, delivery, session);
  } catch (error) {
    if (error instanceof LostRaceError) {
      parts.telemetry.log('warn', 'Another writer has this table; this slice was dropped', { runId, table });
      await lookAgain(parts, message);
    } else if (isTerminalError(error)) await failTask(parts, message, error.message, refusedPrivilege(error));
    else if (isRetryableError(error)) await tryLater(parts, delivery, error);
    else throw error;
  }
}

/** A message at work, and whether that has moved the pass on. */
interface Delivery {
  readonly message: LinkTask;
  hasMoved: boolean;
}

async function receive(parts: PassParts, delivery: Delivery, session: string | undefined): Promise<void> {
  const { runId, table } = delivery.message;
  const run = (await parts.runs.find(runId))?.value;
  const task = (await parts.runs.findTask(runId, table))?.value;
  if (run === undefined || task === undefined) {
    // Both are recorded before the message is sent.
    parts.telemetry.log('error', 'A message came for a task that was pruned long ago; it is dropped', { runId, table });
    return;
  }
  const reason = misfit(delivery.message, { run, task, session });
  if (reason !== undefined) {
    parts.telemetry.log('error', 'A message that does not fit its run is dropped', { ...delivery.message, reason });
  } else if (isFinal(task.status)) {
    if (run.mode === 'rehearsal') await parts.linkStates.removeRehearsal(runId, table);
    await endRunIfDone(parts, runId);
  } else await workOn(parts, delivery, run);
}

async function workOn(parts: PassParts, delivery: Delivery, run: Run): Promise<void> {
  const { message } = delivery;
  const { runId, table } = message;
  const timeUp = parts.startTimer(parts.options.sliceMs);
  const overdue = endOfWaiting(parts);
  const stateKey = stateKeyOf(run, table);
  for (;;) {
    const { state, etag } = await parts.linkStates.load(stateKey);
    // The process may have died between a pass's end and its task's: the conclusion is drawn now.
    const { lastPass } = state;
    if (lastPass !== undefined && (stateKey.rehearsalOf === undefined || lastPass.runId === runId)) {
      await concludePass(parts, table, lastPass);
    }
    if (state.pass === undefined && (await isDone(parts, message))) {
      if (stateKey.rehearsalOf !== undefined) await parts.linkStates.removeRehearsal(runId, table);
      return;
    }
    const joined = state.pass === undefined ? await joinedPass(parts, { message, run, lastPass }) : undefined;
    if (joined !== undefined) return concludePass(parts, table, joined);

    const owner = state.pass === undefined ? run : (await parts.runs.find(state.pass.runId))?.value;
    const work = owner && (await workIn(parts, owner, table));
    // Its run was removed, or it is none that this version carries on: it may be forgotten at any time, and begins anew.
    if (owner === undefined || work === undefined || !isOf(work, state.pass)) {
      parts.telemetry.log('warn', 'A pass in progress cannot be carried on and is dropped', { runId, table });
      await dropPass(parts, stateKey, state, etag);
      continue;
    }
    if (owner.runId !== runId) await tellTurn(parts, message, owner.runId);
    const outcome = await doSlice(parts, { stateKey, state, etag, owner, work, delivery, timeUp, overdue });
    if (outcome === 'again') continue;
    if (outcome === 'more') {
      await parts.messenger.sendLinkTasks([{ ...message, slice: message.slice + 1, failures: 0 }]);
      return;
    }
    if (owner.runId === runId) return;
  }
}

/**
 * The work that a run does on a table.
 * @throws TerminalError where this version does not know it
 */
async function workIn(parts: PassParts, { runId }: Run, table: string): Promise<Work> {
  const { kind } = (await parts.runs.findTask(runId, table))?.value ?? {};
  const work = workOf(parts.works, { kind });
  if (work === undefined) throw new TerminalError(`This version of the app knows no work of kind ${kind}.`);
  return work;
}

const isOf = ({ pass: schema }: Work, pass: Pass | undefined): boolean =>
  pass === undefined || schema.safeParse(pass).success;

/** The pass that a message asks for has ended already; it came late, or once more. */
async function isDone(parts: PassParts, { runId, table, followUp }: LinkTask): Promise<boolean> {
  const task = (await parts.runs.findTask(runId, table))?.value;
  return task === undefined || isFinal(task.status) || task.passes > followUp;
}

/** `over`: the owner's task has ended or its follow-up is on its way. `again`: its pass was dropped, and is to begin anew. */
type SliceOutcome = 'more' | 'over' | 'again';

interface SliceWork {
  readonly stateKey: StateKey;
  readonly state: LinkState;
  readonly etag: string;
  /** The run whose pass is carried on or begun. */
  readonly owner: Run;
  readonly work: Work;
  readonly delivery: Delivery;
  readonly timeUp: AbortSignal;
  readonly overdue: AbortSignal;
}

/**
 * Aborted when waiting for a service has to end. What is read then is given up and tried later, by another invocation:
 * pauses that Dataverse asks for may follow one another for longer than a host lets a function run.
 */
function endOfWaiting({ startTimer, options }: PassParts): AbortSignal {
  const waiting = new AbortController();
  const timer = startTimer(Math.min(options.sliceMs + waitingBeyondSliceMs, longestWaitingMs));
  const reason = () => new RetryableError('Dataverse kept the work waiting for longer than an invocation may last.');
  timer.addEventListener('abort', () => waiting.abort(reason()), { once: true });
  return waiting.signal;
}

async function doSlice(parts: PassParts, work: SliceWork): Promise<SliceOutcome> {
  const { stateKey, owner } = work;
  const { table } = stateKey;
  const cancel = watchForCancel(parts, owner.runId);
  try {
    if (owner.cancelRequestedAt !== undefined) throw cancel.reason;
    return await carryOnUntilTimeIsUp(parts, work, AbortSignal.any([cancel.signal, work.overdue]));
  } catch (error) {
    if (error instanceof LostRaceError) throw error;
    if (cancel.signal.aborted || error === cancel.reason) {
      const latest = await parts.linkStates.load(stateKey);
      if (latest.state.pass?.runId === owner.runId) await dropPass(parts, stateKey, latest.state, latest.etag);
      await endTask(parts, { runId: owner.runId, table }, 'canceled');
      return 'over';
    }
    if (error instanceof TimeUpError) return 'more';
    throw error;
  } finally {
    cancel.stop();
  }
}

async function carryOnUntilTimeIsUp(parts: PassParts, given: SliceWork, signal: AbortSignal): Promise<SliceOutcome> {
  const { stateKey, state, etag, owner, work, delivery, timeUp } = given;
  const { table } = stateKey;
  const task = { runId: owner.runId, table };
  let found: { state: LinkState; etag: string } = { state, etag };
  const readiness = await prepare(parts, work, {
    table,
    run: owner,
    isBeginning: state.pass === undefined && delivery.message.followUp === 0,
    // Should the process die right after the column is made, nothing may look as if rows had been linked in it.
    beforeCreate: async () => {
      const { watermark, pass: lost, ...rest } = state;
      if (watermark !== undefined || lost !== undefined) found = await save(parts, stateKey, rest, etag);
    },
    signal,
  });
  if (readiness.kind === 'skipped') {
    await dropPass(parts, stateKey, found.state, found.etag);
    await endTask(parts, task, 'a requirement fails', () => skippedBy(work, readiness.findings));
    return 'over';
  }
  const { begin, carryOn, mayCarryOn } = readiness.work;
  if (found.state.pass !== undefined && !mayCarryOn(found.state.pass)) {
    parts.telemetry.log('warn', 'What a pass in progress was begun under has changed; it begins anew', { ...task });
    await dropPass(parts, stateKey, found.state, found.etag);
    return 'again';
  }
  const followUp = found.state.pass?.followUp ?? delivery.message.followUp;
  const pass = found.state.pass ?? begin(found.state, await startedTask(parts, task, owner.mode, followUp));
  const begun = await save(parts, stateKey, { ...found.state, pass: takenOver(pass, timeOf(parts.now())) }, found.etag);
  if (found.state.pass === undefined && followUp === 0 && pass.full) await tellExpected(parts, task, readiness.work);
  const ended = await carryOn({
    stateKey,
    permission: owner,
    messageId: linkTaskMessageId(delivery.message),
    state: begun.state,
    etag: begun.etag,
    isNextUntried: pass.nextUntried,
    signal,
    timeUp,
    onProgress: reportProgress(parts, task, () => {
      delivery.hasMoved = true;
    }),
  });
  await concludePass(parts, table, ended);
  if (stateKey.rehearsalOf !== undefined) await parts.linkStates.removeRehearsal(owner.runId, table);
  return 'over';
}

/** Looks at the table, once its turn has come within the run. */
async function prepare(parts: PassParts, work: Work, preparing: Preparing): Promise<Readiness> {
  const { run, table } = preparing;
  const before = work.predecessors(table).map((first) => parts.runs.findTask(run.runId, first.table));
  const tasks = (await Promise.all(before)).flatMap((task) => (task === undefined ? [] : [task.value]));
  const turn = turnOf(work, run, table, tasks);
  if (turn.kind === 'waits')
    throw new RetryableError(`Tables that come before ${table} have not ended in this run.`, {
      retryAfterMs: turnAgainMs,
    });
  return turn.kind === 'has come' ? work.prepare(preparing) : { kind: 'skipped', findings: [turn.finding] };
}

/** Phases in which rows are written, and nothing of the feed that a watermark stands for has been read. */
const beforeReading: ReadonlySet<string> = new Set(['pending', 'profiles']);

/** The pass as a slice begins. While one runs, the page at hand counts as tried: the slice may be lost half-way. */
function takenOver(pass: Pass, now: string): Pass {
  const hasReadOn = isReading(pass) ? pass.cursor !== undefined : !beforeReading.has(pass.phase);
  const isStartFixed = pass.next !== undefined || hasReadOn;
  const wasLost = pass.sliceStartedAt !== undefined && !isStartFixed;
  return {
    ...pass,
    nextUntried: false,
    slices: pass.slices + 1,
    sliceStartedAt: now,
    ...(pass.sliceStartedAt === undefined ? {} : { hasLostSlice: true }),
    ...(wasLost ? { lostSliceAt: pass.lostSliceAt ?? pass.sliceStartedAt } : {}),
  };
}

async function save<S extends LinkState>(
  parts: PassParts,
  stateKey: StateKey,
  state: S,
  etag: string,
): Promise<{ state: S; etag: string }> {
  return { state, etag: await parts.linkStates.save(stateKey, state, etag) };
}

/** The task for which a pass begins; from now on it is at work. */
async function startedTask(
  parts: PassParts,
  key: { readonly runId: string; readonly table: string },
  mode: Mode,
  followUp: number,
): Promise<PassTask> {
  const { counters } = await tellStart(parts, key);
  return { runId: key.runId, followUp, mode, counters };
}
