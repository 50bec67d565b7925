import type { SegmentReadiness, Unit } from '../contracts/segments.ts';
import { segmentKey } from './member.ts';
import type { MemberCounts } from './member-counts.ts';
import type { Directory } from './segment-store.ts';

/** Members in the way that are shown. */
const sampleSize = 10;

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
  const ownerUnit = directory.owners.known ? directory.owners.unitOf[name] : undefined;
  const home = ownerUnit ?? units.find(([id]) => id !== null)?.[0] ?? null;
  const strangers = units.filter(([id]) => id === null || id !== home);
  const reasons = reasonsOf({ name, byUnit, ownerUnit, directory, nameOf: (id) => directory.units[id] ?? id });
  const isUnknown = ownerUnit === undefined;
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
  directory: { owners },
  nameOf,
}: {
  readonly name: string;
  readonly byUnit: ReadonlyMap<string | null, { readonly members: number }>;
  readonly ownerUnit: string | undefined;
  readonly directory: Directory;
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
  if (ownerUnit === undefined) {
    const why = owners.known ? `No segment of the name ${name} with an owner was found.` : owners.reason;
    reasons.push(`Its owner cannot be told. ${why}`);
  }
  return reasons;
}
