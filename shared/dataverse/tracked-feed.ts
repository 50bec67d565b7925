import { type ChangeFeed, type FeedSource, modifiedOn, overlapMs } from './change-feed.ts';
import type { Dataverse } from './dataverse.ts';

/**
 * A table's changes by change tracking. A delta link ought to stand for the moment its reading began; where it stands for
 * the last page instead, what changed between the two is in neither this reading nor the next. Then that is read by the
 * time of its change, before the link is told; only deletions in between stay unknown.
 */
export function openTrackedFeed(
  dataverse: Pick<Dataverse, 'readChanges' | 'readPage'>,
  { entitySetName, select, filter }: FeedSource,
  pageSize: number,
): ChangeFeed {
  const readGap = async ({ begunAt, link, deltaLink }: Gap, signal: AbortSignal) => {
    const since = `${modifiedOn} ge ${new Date(begunAt - overlapMs).toISOString()}`;
    const conditions = [filter, since].filter((condition) => condition !== undefined).join(' and ');
    const request = { entitySetName, select, filter: conditions, pageSize, nextLink: link };
    const { rows, nextLink } = await dataverse.readPage(request, signal);
    return nextLink === undefined
      ? { rows, deleted: [], cursor: undefined, token: deltaLink }
      : { rows, deleted: [], cursor: JSON.stringify({ begunAt, link: nextLink, deltaLink }), token: undefined };
  };
  return {
    kind: 'changeTracking',
    open: async () => undefined,
    async read({ token, cursor }, signal) {
      const place = cursor === undefined ? undefined : placeOf(cursor);
      if (place !== undefined && isGap(place)) return readGap(place, signal);
      const page = await dataverse.readChanges({ entitySetName, select, pageSize, link: place?.link ?? token }, signal);
      const { rows, deleted, nextLink, deltaLink } = page;
      const begunAt = place === undefined ? page.answeredAt : place.begunAt;
      if (nextLink !== undefined) {
        const next = begunAt === undefined ? nextLink : JSON.stringify({ begunAt, link: nextLink });
        return { rows, deleted, cursor: next, token: undefined };
      }
      if (deltaLink === undefined || !isLate(place?.begunAt, page.deltaAt))
        return { rows, deleted, cursor: undefined, token: deltaLink };
      return {
        rows,
        deleted,
        cursor: JSON.stringify({ begunAt, deltaLink }),
        token: undefined,
        mayMissDeletions: true,
      };
    },
  };
}

/**
 * Whether a delta link stands for a later moment than the first answer of its reading; not so where either is unknown.
 * @param begunAt when the first of several pages was answered
 */
export const isLate = (begunAt: number | undefined, deltaAt: number | undefined): boolean =>
  begunAt !== undefined && deltaAt !== undefined && deltaAt > begunAt;

/** Where a reading goes on: at a page of changes, and when the first one was answered. */
interface Place {
  readonly begunAt?: number | undefined;
  readonly link?: string | undefined;
}

/** What changed while changes were read, and the delta link that is told when it is read too. */
interface Gap {
  readonly begunAt: number;
  readonly link?: string | undefined;
  readonly deltaLink: string;
}

const isGap = (place: Place | Gap): place is Gap => 'deltaLink' in place;

/** Of a service that does not say when it answers, a cursor is the next link alone. */
const placeOf = (cursor: string): Place | Gap => (cursor.startsWith('{') ? JSON.parse(cursor) : { link: cursor });
