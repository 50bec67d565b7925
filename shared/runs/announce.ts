import {
  type LinkingCompleted,
  type LinkingEvent,
  type LinkingStarted,
  linkingCompletedType,
  linkingStartedType,
} from '../contracts/linking-events.ts';
import type { Run, RunWithTasks } from '../contracts/run.ts';
import { isWorse } from '../contracts/status.ts';
import { logTextOf } from '../errors.ts';
import { charactersOfReason, charactersOfTables, mostAnnouncements } from './limits.ts';
import type { RunParts } from './parts.ts';

type AnnounceParts = Pick<RunParts, 'messenger' | 'telemetry' | 'options'>;

const envelope = ({ options }: Pick<RunParts, 'options'>, runId: string, time: string) => ({
  specversion: '1.0' as const,
  source: options.dataverseUrl,
  subject: runId,
  time,
  datacontenttype: 'application/json' as const,
});

const about = ({ runId, eventId, mode }: Run) => ({ runId, eventId, mode });

/** The event that tells of a run's beginning. */
export const startedEvent = (parts: Pick<RunParts, 'options'>, run: Run): LinkingStarted => ({
  ...envelope(parts, run.runId, run.receivedAt),
  id: `${run.runId}/started`,
  type: linkingStartedType,
  data: { ...about(run), tables: run.tables.length },
});

/** The event that tells of a run's end, whatever the number of its tables: the worst are told before the others. */
export function completedEvent(parts: Pick<RunParts, 'options'>, run: RunWithTasks): LinkingCompleted {
  const tables = run.tasks.map(({ table, status, counters }) => ({ table, status, counters }));
  const isTooMuch = JSON.stringify(tables).length > charactersOfTables;
  if (isTooMuch) tables.sort((a, b) => (isWorse(a.status, b.status) ? -1 : isWorse(b.status, a.status) ? 1 : 0));
  const told: typeof tables = [];
  let length = 0;
  for (const table of tables) {
    length += JSON.stringify(table).length + 1;
    if (length > charactersOfTables) break;
    told.push(table);
  }
  const leftOut = tables.length - told.length;
  return {
    ...envelope(parts, run.runId, run.endedAt ?? run.receivedAt),
    id: `${run.runId}/completed`,
    type: linkingCompletedType,
    data: {
      ...about(run),
      status: run.status,
      tables: told,
      ...(leftOut === 0 ? {} : { tablesLeftOut: leftOut }),
    },
  };
}

/** Publishes an event; resolves to why it could not be, where it could not: nothing else waits for it. */
export async function publishOrSay(
  { messenger, telemetry }: AnnounceParts,
  event: LinkingEvent,
): Promise<string | undefined> {
  try {
    await messenger.publish(event);
    return undefined;
  } catch (error) {
    const reason = logTextOf(error).slice(0, charactersOfReason);
    telemetry.log('warn', 'An event of a run could not be published', { id: event.id, reason });
    return reason;
  }
}

/** Tells the end of a run that could not be told before; given up after a while, which stays on the run. */
export async function announceEnd(parts: AnnounceParts & Pick<RunParts, 'runs'>, shown: RunWithTasks): Promise<void> {
  const reason = await publishOrSay(parts, completedEvent(parts, shown));
  const run = await parts.runs.find(shown.runId);
  if (run === undefined) return;
  const { unannounced, ...rest } = run.value;
  const tries = (unannounced?.tries ?? 0) + 1;
  const value = reason === undefined ? rest : { ...rest, unannounced: { reason, tries } };
  const isSaved = await parts.runs.save({ value, etag: run.etag });
  if (!isSaved || (reason !== undefined && tries < mostAnnouncements)) return;
  await parts.runs.close(shown.runId);
  if (reason === undefined) return;
  parts.telemetry.log('error', 'The end of a run was told in vain', { runId: shown.runId, tries, reason });
}
