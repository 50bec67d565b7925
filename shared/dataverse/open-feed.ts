import type { FeedKind } from '../contracts/feed-kind.ts';
import { type ChangeFeed, type FeedSource, modifiedOn, overlapMs } from './change-feed.ts';
import type { Dataverse } from './dataverse.ts';
import { openTrackedFeed } from './tracked-feed.ts';

/** The feed of the given kind for a table. */
export function openFeed(
  kind: FeedKind,
  dataverse: Dataverse,
  { entitySetName, select, filter: always }: FeedSource,
  pageSize: number,
): ChangeFeed {
  if (kind === 'changeTracking') return openTrackedFeed(dataverse, { entitySetName, select, filter: always }, pageSize);
  return {
    kind,
    async open(before, signal) {
      const newest = await dataverse.readPage(
        { entitySetName, select: [modifiedOn], orderBy: `${modifiedOn} desc`, pageSize: 1 },
        signal,
      );
      const time = Date.parse(String(newest.rows[0]?.[modifiedOn])) || 0;
      // The newest row may have been deleted since the last pass.
      return new Date(Math.max(time, Date.parse(before ?? '') || 0)).toISOString();
    },
    async read({ token, cursor }, signal) {
      const since =
        kind === 'scan' || token === undefined ? undefined : new Date(Date.parse(token) - overlapMs).toISOString();
      const conditions = [always, since === undefined ? undefined : `${modifiedOn} ge ${since}`];
      const filter = conditions.filter((condition) => condition !== undefined).join(' and ') || undefined;
      const page = await dataverse.readPage({ entitySetName, select, filter, pageSize, nextLink: cursor }, signal);
      return { rows: page.rows, deleted: [], cursor: page.nextLink, token: undefined };
    },
  };
}
