import type { Run } from '../contracts/run.ts';
import { eventOf } from '../contracts/unification-event.ts';
import { mapColumns, mapTable } from '../customer-insights/names.ts';
import type { Dataverse } from '../dataverse/dataverse.ts';
import type { Messenger } from '../messaging/messenger.ts';
import type { PolledMap } from '../state/polled-map.ts';
import type { Runs } from '../state/runs.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { pollWithinMs, runsLookedAt } from './limits.ts';

/** The `source` of runs that begin because the map was found changed. */
export const pollSource = 'poll';

export interface PollParts {
  readonly dataverse: Pick<Dataverse, 'readPage' | 'readTables'>;
  readonly messenger: Pick<Messenger, 'sendUnificationEvent'>;
  readonly runs: Pick<Runs, 'listRecent'>;
  readonly polledMap: PolledMap;
  readonly telemetry: Pick<Telemetry, 'count' | 'log'>;
  readonly options: { readonly settlingIntervalMs: number };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The door of who has no other, or whose other failed: asks the map for its newest change, two requests, and starts a
 * run for one that no event has announced, as soon as the map has been quiet for a settling interval. What was there
 * before the first poll starts nothing: the first run is for whoever has rehearsed it. Polled twice at once, it is the
 * same event.
 */
export async function pollMap(parts: PollParts): Promise<void> {
  const newest = await newestChange(parts);
  if (newest === undefined) return;
  const answered = await parts.polledMap.answered();
  if (answered !== undefined && Date.parse(newest) <= Date.parse(answered)) return;
  const { runs } = await parts.runs.listRecent(runsLookedAt);
  if (answered !== undefined && !runs.some((run) => hasRead(run, newest, parts.options.settlingIntervalMs))) {
    // A run that is at work looks again by itself while the map changes.
    if (runs.some((run) => run.endedAt === undefined && run.mode !== 'rehearsal')) return;
    if (parts.now() - Date.parse(newest) < parts.options.settlingIntervalMs) return;
    await parts.messenger.sendUnificationEvent(eventOf({ source: pollSource, eventId: `map-${newest}` }, newest));
    parts.telemetry.count('backstamp.events', 1, { door: 'poll' });
    parts.telemetry.log('info', 'The map changed and no event said so: a run begins', { newest });
  }
  await parts.polledMap.setAnswered(newest);
}

/** When the map changed last, as Dataverse wrote it; undefined where there is no map, or nothing in it. */
async function newestChange({ dataverse }: PollParts): Promise<string | undefined> {
  const signal = AbortSignal.timeout(pollWithinMs);
  const map = (await dataverse.readTables({ tables: [mapTable] }, signal)).get(mapTable);
  if (map === undefined) return undefined;
  const { rows } = await dataverse.readPage(
    {
      entitySetName: map.entitySetName,
      select: [mapColumns.modifiedOn],
      orderBy: `${mapColumns.modifiedOn} desc`,
      pageSize: 1,
    },
    signal,
  );
  const newest = rows[0]?.[mapColumns.modifiedOn];
  return typeof newest === 'string' && !Number.isNaN(Date.parse(newest)) ? newest : undefined;
}

/**
 * Whether a run has read a change of the map: it came after the change, or ended so long after it that its last pass
 * found the map quiet.
 */
function hasRead({ mode, status, receivedAt, endedAt }: Run, change: string, settlingIntervalMs: number): boolean {
  if (mode === 'rehearsal' || status === 'Canceled' || status === 'Failed') return false;
  const at = Date.parse(change);
  return Date.parse(receivedAt) > at || (endedAt !== undefined && Date.parse(endedAt) - at >= settlingIntervalMs);
}
