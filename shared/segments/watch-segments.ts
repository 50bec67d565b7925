import { isRetryableError, isTerminalError, logTextOf } from '../errors.ts';
import type { PassOptions } from '../passes/work-parts.ts';
import type { RunParts } from '../runs/parts.ts';
import { readSegments, type SegmentParts } from './read-segments.ts';

/** Runs that are looked at: the newest that has ended is among them, unless many go at once. */
const newestRuns = 10;

/** What watching segments takes besides reading them. */
type WatchParts = SegmentParts &
  Pick<RunParts, 'runs' | 'telemetry'> & { readonly options: Pick<PassOptions, 'setup' | 'sliceMs'> };

/**
 * Counts segments anew whenever a run has ended, where business units are kept apart, and carries on where that was not
 * done in one go. A timer calls it; the next one tries again what a service refused.
 */
export async function watchSegments(parts: WatchParts): Promise<void> {
  if (parts.options.setup.businessUnits === undefined) return;
  const { state } = await parts.segments.load();
  const { runs } = await parts.runs.listRecent(newestRuns);
  const countedAt = state.shown?.countedAt ?? '';
  const mayBegin = runs.some(({ mode, endedAt = '' }) => mode !== 'rehearsal' && endedAt > countedAt);
  if (!mayBegin && state.reading === undefined && state.obsolete.length === 0) return;
  const signal = AbortSignal.timeout(2 * parts.options.sliceMs);
  try {
    await readSegments(parts, { budgetMs: parts.options.sliceMs, mayBegin, signal });
  } catch (error) {
    if (!isTerminalError(error) && !isRetryableError(error) && !signal.aborted) throw error;
    parts.telemetry.log('error', 'Segments could not be counted', { reason: logTextOf(error) });
  }
}
