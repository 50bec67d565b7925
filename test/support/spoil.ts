import fc from 'fast-check';

/** What somebody may put in the place of a value. */
const oddValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, '', 'x', 0, -1, 1.5, Number.MAX_SAFE_INTEGER, true, [], {}, '0001-01-01T00:00:00Z', 'contact'],
    ...['9999-12-31T23:59:59.999Z', '00000000-0000-0000-0000-000000000000', '\uFEFF', 'x'.repeat(5_000), '__proto__'],
  ),
  fc.integer(),
  fc.string(),
);

/** One thing that is done to a document, at a place that `at` picks among all places there are. */
export const spoilingArbitrary = fc.record({
  kind: fc.constantFrom('replace' as const, 'remove' as const, 'add' as const, 'garbage' as const),
  at: fc.nat(),
  value: oddValues,
  garbage: fc.jsonValue(),
});
export type Spoiling = typeof spoilingArbitrary extends fc.Arbitrary<infer T> ? T : never;

type Place = readonly [holder: Record<string, unknown>, key: string];

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [[holder, key] as const, ...placesIn(holder[key])]);
}

/** A copy of a document with one thing done to it; something else altogether where that is garbage. */
export function spoil(document: unknown, { kind, at, value, garbage }: Spoiling): unknown {
  if (kind === 'garbage') return garbage;
  const copy: unknown = structuredClone(document);
  const places = placesIn(copy);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return garbage;
  const [holder, key] = place;
  if (kind === 'remove') delete holder[key];
  else if (kind === 'add') holder[`${key}X`] = value;
  else holder[key] = value;
  return copy;
}
