import type { SegmentReadiness, Unit } from '../contracts/segments.ts';
import { agreeing, counted } from '../counted.ts';
import { segmentKey } from './member.ts';
import type { MemberCounts } from './member-counts.ts';
import type { Directory } from './segment-store.ts';

/** Members in the way that are shown. */
const sampleSize = 10;

/** Segments of one name that are named. */
const namedAlike = 5;

/** Whether two names are the same, as teams and values are compared too. */
const isCalled = (one: string, other: string): boolean => one.trim().toLowerCase() === other.trim().toLowerCase();

/**
 * Whether Dynamics 365 Marketing processes a segment: it does where all members belong to one business unit, and the
 * owner to the same.
 * @param parts counts that together are those of all members
 */
export function judgeSegment(key: string, parts: readonly MemberCounts[], directory: Directory): SegmentReadiness {
  const { provider, name } = segmentKey.read(key);
  const unitOf = (id: string | null): Unit => ({ id, name: id === null ? null : (directory.units[id] ?? null) });
  const byUnit = new Map<string | null, { members: number; examples: string[] }>();
  for (const [unit, { members, example }] of parts.flatMap((counts) => [...counts.of(key)])) {
    const sum = byUnit.get(unit) ?? { members: 0, examples: [] };
    byUnit.set(unit, {
      members: sum.members + members,
      examples: example === undefined ? sum.examples : [...sum.examples, example],
    });
  }
  const units = [...byUnit].sort(([a, x], [b, y]) => y.members - x.members || String(a).localeCompare(String(b)));
  const { owners } = directory;
  const called = owners.known ? owners.segments.filter((segment) => isCalled(segment.name, name)) : [];
  const ownerUnit = called.length === 1 ? called[0]?.unit : undefined;
  const unreadable = parts
    .flatMap((counts) => [...counts.of(segmentKey.unreadable(provider)).values()])
    .reduce((sum, { members }) => sum + members, 0);
  const home = ownerUnit ?? units.find(([id]) => id !== null)?.[0] ?? null;
  const strangers = units.filter(([id]) => id === null || id !== home);
  const nameOf = (id: string): string => directory.units[id] ?? id;
  const reasons = reasonsOf({ name, byUnit, ownerUnit, called, unreadable, owners, nameOf });
  const isUnknown = ownerUnit === undefined || unreadable > 0;
  return {
    name,
    provider,
    members: units.reduce((sum, [, { members }]) => sum + members, 0),
    units: units.map(([id, { members }]) => ({ ...unitOf(id), members })),
    owner: ownerUnit === undefined ? null : unitOf(ownerUnit),
    ready: strangers.length > 0 ? 'no' : isUnknown ? 'unknown' : 'yes',
    reasons,
    inTheWay: {
      members: strangers.reduce((sum, [, { members }]) => sum + members, 0),
      sample: strangers
        .flatMap(([id, { examples }]) => examples.map((customerId, turn) => ({ customerId, unit: unitOf(id), turn })))
        // One of each unit before a second of any.
        .sort((a, b) => a.turn - b.turn)
        .slice(0, sampleSize)
        .map(({ customerId, unit }) => ({ customerId, unit })),
    },
  };
}

function reasonsOf({
  name,
  byUnit,
  ownerUnit,
  called,
  unreadable,
  owners,
  nameOf,
}: {
  readonly name: string;
  readonly byUnit: ReadonlyMap<string | null, { readonly members: number }>;
  readonly ownerUnit: string | undefined;
  readonly called: readonly { readonly name: string; readonly unit: string }[];
  readonly unreadable: number;
  readonly owners: Directory['owners'];
  readonly nameOf: (id: string) => string;
}): string[] {
  const reasons: string[] = [];
  const known = [...byUnit.keys()].filter((id) => id !== null);
  if (known.length > 1) reasons.push(`Its members belong to ${known.length} business units.`);
  const [only] = known;
  if (known.length === 1 && only !== undefined && ownerUnit !== undefined && ownerUnit !== only) {
    reasons.push(`Its members belong to ${nameOf(only)}, its owner to ${nameOf(ownerUnit)}.`);
  }
  const nowhere = byUnit.get(null)?.members ?? 0;
  if (nowhere > 0) {
    reasons.push(`Where ${nowhere} of its members belong is not known: their profile is missing or has no owner.`);
  }
  if (unreadable > 0) {
    reasons.push(
      `${counted(unreadable, 'membership')} of its provider cannot be read to ${agreeing(unreadable, 'its', 'their')} end: there may be more members.`,
    );
  }
  if (called.length > 1) {
    const all = called.map((segment) => `"${segment.name}" of ${nameOf(segment.unit)}`).slice(0, namedAlike);
    reasons.push(`Its owner cannot be told, since ${called.length} segments are called so: ${all.join(', ')}.`);
  } else if (ownerUnit === undefined) {
    const why = owners.known ? `No segment of the name ${name} with an owner was found.` : owners.reason;
    reasons.push(`Its owner cannot be told. ${why}`);
  }
  return reasons;
}
