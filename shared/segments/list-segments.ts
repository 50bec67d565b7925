import type { SegmentReadiness, SegmentReading } from '../contracts/segments.ts';
import { judgeSegment } from './judge-segment.ts';
import { segmentKey } from './member.ts';
import { readingOf, type SegmentParts } from './read-segments.ts';

/** A page of segments, and the key after which the next one begins. */
export interface SegmentPage extends SegmentReading {
  readonly segments: SegmentReadiness[];
  readonly after: string | undefined;
}

/** The segments as they were last counted, in the order of their names; Dataverse is not asked. */
export async function listSegments(
  { segments: store }: Pick<SegmentParts, 'segments'>,
  { after, pageSize }: { readonly after: string | undefined; readonly pageSize: number },
): Promise<SegmentPage> {
  const { state } = await store.load();
  const reading = readingOf(state);
  const { shown } = state;
  const directory = shown && (await store.directory());
  if (shown === undefined || directory === undefined) return { ...reading, segments: [], after: undefined };
  const counts = await store.counts(shown.generation);
  const all = new Set(counts.flatMap((part) => part.segments));
  const keys = [...all].filter((key) => !segmentKey.isUnreadable(key)).sort();
  const start = after === undefined ? 0 : keys.findIndex((key) => key > after);
  const page = start < 0 ? [] : keys.slice(start, start + pageSize);
  const last = page.at(-1);
  return {
    ...reading,
    segments: page.map((key) => judgeSegment(key, counts, directory)),
    after: last === keys.at(-1) ? undefined : last,
  };
}
