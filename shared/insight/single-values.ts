import type { SingleValue } from '../contracts/profile.ts';

const isSingle = (value: unknown): value is SingleValue =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/**
 * Values of a JSON text as single values, by name; what is nested stands under names joined with a dot, members of a
 * list under their number. Undefined where the text is no JSON object or list.
 */
export function singleValuesOf(text: unknown): Map<string, SingleValue> | undefined {
  if (typeof text !== 'string') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const values = new Map<string, SingleValue>();
  // A list of its own instead of recursion: depth is the sender's choice.
  const open: (readonly [name: string, value: unknown])[] = Object.entries(json).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [name, value] = next;
    if (isSingle(value)) {
      values.set(name, value);
      continue;
    }
    const members = Object.entries(value as object).reverse();
    for (const [key, member] of members) open.push([`${name}.${key}`, member]);
  }
  return values;
}

/** The names in a JSON list of names; other members are passed over. */
export function namesIn(text: unknown): string[] {
  const values = singleValuesOf(text) ?? new Map<string, SingleValue>();
  return [...values.values()].filter((value) => typeof value === 'string').map((name) => name.trim());
}
