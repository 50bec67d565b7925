import type { SegmentList } from '../shared/api/schemas.ts';
import type { Unit } from '../shared/contracts/segments.ts';
import type { AppClient } from './app-client.ts';
import { numberText, textTable, timeText } from './text.ts';
import type { Terminal } from './world.ts';

/** Segments of one answer; all of them are shown. */
const pageSize = 500;
/** Pause before the counting is looked at again while another process does it, in milliseconds. */
const pollMs = 1_000;

/** Has the members counted anew, and waits for it. */
export async function countSegments(
  app: AppClient,
  { sleep }: { readonly sleep: (ms: number) => Promise<void> },
): Promise<void> {
  while (!(await app.refreshSegments()).complete) await sleep(pollMs);
}

export async function allSegments(app: AppClient): Promise<SegmentList> {
  const { continuation, ...first } = await app.segments(pageSize);
  const segments = [...first.segments];
  for (let next = continuation; next !== undefined; ) {
    const page = await app.segments(pageSize, next);
    segments.push(...page.segments);
    next = page.continuation;
  }
  return { ...first, segments };
}

const unitText = ({ id, name }: Unit): string => name ?? id ?? 'not known';

/** Segments as people read them. */
export function segmentsText({ segments, countedAt, complete, reading }: SegmentList, terminal?: Terminal): string {
  if (countedAt === null && reading === undefined) {
    return 'Segments were not counted yet: use --refresh.\n';
  }
  const counted = countedAt === null ? 'Not counted to the end yet' : `Counted as of ${timeText(countedAt)}`;
  const underWay = reading === undefined ? '' : `; being counted anew, ${numberText(reading.rows)} rows read`;
  const table = textTable(
    ['segment', 'members', 'units', 'owner', 'ready', 'in the way'],
    segments.map(({ name, members, units, owner, ready, inTheWay }) => [
      name,
      members,
      units.map((unit) => `${unitText(unit)} ${numberText(unit.members)}`).join(', '),
      owner === null ? 'not known' : unitText(owner),
      ready,
      inTheWay.members,
    ]),
    terminal,
  );
  const reasons = segments
    .filter((segment) => segment.reasons.length > 0)
    .map(({ name, reasons: why, inTheWay }) => {
      const sample = inTheWay.sample.map(({ customerId, unit }) => `    ${customerId}  ${unitText(unit)}\n`);
      return `\n${name}\n${why.map((line) => `  ${line}\n`).join('')}${sample.length === 0 ? '' : `  In the way, for example:\n${sample.join('')}`}`;
    });
  return [
    `${counted}${complete ? '' : underWay}.\n`,
    segments.length === 0 ? 'No customer is in a segment.\n' : table,
    ...reasons,
  ].join('');
}
