/** Runs timer functions: by NCRONTAB expression or fixed interval, never two runs of one function at a time. */
import type { RegisteredFunction } from './app-registry.ts';
import type { AppSettings } from './app-settings.ts';
import { HostStartError } from './host-start-error.ts';
import type { Invoker } from './invocation.ts';
import { messageOf } from './message-of.ts';
import { parseNcrontab } from './ncrontab.ts';
import { parseTimeSpan } from './time-span.ts';
import { traceContextOf } from './trace-context.ts';
import type { WireInvocation } from './wire-types.ts';

/** A timer function that is waiting or running. */
export interface TimerListener {
  /** No further run begins. */
  stop(): void;
}

/** When a timer ran and runs; ISO 8601. */
export interface ScheduleStatus {
  readonly Last: string;
  readonly LastUpdated: string;
  readonly Next: string;
}

/** setTimeout counts in 32 bits: longer waits are cut into pieces. */
const longestWaitMs = 2 ** 31 - 1;
const never = '0001-01-01T00:00:00';

/** The invocation of a timer function; `status` is null where the host keeps none. */
export function timerInvocation(
  fn: RegisteredFunction,
  status: ScheduleStatus | null,
  isInterval: boolean,
): WireInvocation {
  const json = JSON.stringify({ Schedule: { AdjustForDST: !isInterval }, ScheduleStatus: status, IsPastDue: false });
  return {
    inputData: [{ name: fn.triggerName, data: { json } }],
    triggerMetadata: {},
    traceContext: traceContextOf(undefined),
  };
}

/**
 * Starts a timer function's clock. A time that passes while the function still runs is left out, as in the host.
 * @throws HostStartError when the schedule cannot be read
 */
export function startTimer(fn: RegisteredFunction, invoker: Invoker, settings: AppSettings): TimerListener {
  const { next, isInterval } = parseSchedule(fn, settings);
  let last = never;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const run = async (): Promise<void> => {
    const started = new Date();
    const status = { Last: last, LastUpdated: last, Next: next(started)?.toISOString() ?? never };
    last = started.toISOString();
    // A failure is logged by the invoker, and the next time comes all the same.
    await invoker.invoke(fn, timerInvocation(fn, status, isInterval)).catch(() => undefined);
  };
  const waitUntil = (due: Date): void => {
    const waitMs = due.getTime() - Date.now();
    timer = setTimeout(
      () => (waitMs > longestWaitMs ? waitUntil(due) : void runAndGoOn()),
      Math.min(waitMs, longestWaitMs),
    );
  };
  const goOn = (): void => {
    const due = next(new Date());
    if (due && !isStopped) waitUntil(due);
  };
  const runAndGoOn = async (): Promise<void> => {
    await run();
    goOn();
  };

  if (fn.trigger.runOnStartup === true) void runAndGoOn();
  else goOn();
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function parseSchedule(fn: RegisteredFunction, settings: AppSettings) {
  const text = settings.resolve(String(fn.trigger.schedule ?? ''), `The schedule of function ${fn.name}`);
  const intervalMs = parseTimeSpan(text);
  if (intervalMs !== undefined && intervalMs > 0) {
    return { next: (after: Date): Date | undefined => new Date(after.getTime() + intervalMs), isInterval: true };
  }
  try {
    const { next } = parseNcrontab(text);
    return { next, isInterval: false };
  } catch (error) {
    throw new HostStartError(`The schedule of function ${fn.name} is wrong: ${messageOf(error)}.`, { cause: error });
  }
}
