/**
 * The host makes the top-level properties of a single JSON message body part of the trigger's metadata, and they
 * win over what the trigger itself says: a body property `messageId` hides the message's real id.
 */
import type { WireValue } from './wire-types.ts';

/** Adds a text body's properties to `metadata`, names compared without case; a body that is no JSON object adds none. */
export function mergeBodyProperties(
  metadata: Readonly<Record<string, WireValue>>,
  body: string,
): Record<string, WireValue> {
  const merged = { ...metadata };
  for (const [name, value] of Object.entries(topLevelProperties(body))) {
    const wire = toWire(value);
    if (!wire) continue;
    const taken = Object.keys(merged).find((key) => key.toLowerCase() === name.toLowerCase());
    merged[taken ?? name] = wire;
  }
  return merged;
}

function topLevelProperties(body: string): object {
  if (!/^\s*\{.*\}\s*$/s.test(body)) return {};
  try {
    return JSON.parse(body) as object;
  } catch {
    return {};
  }
}

/** Scalars travel as text, objects as JSON; arrays and nulls are passed over. */
function toWire(value: unknown): WireValue | undefined {
  if (value === null || Array.isArray(value)) return undefined;
  if (typeof value === 'object') return { json: JSON.stringify(value) };
  if (typeof value === 'boolean') return { string: value ? 'True' : 'False' };
  return { string: typeof value === 'string' ? dateAsInvariantText(value) : String(value) };
}

/** The host's JSON reader takes ISO date-times for dates, which then print as `11/30/2026 08:05:00`. */
function dateAsInvariantText(text: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match) return text;
  const [, , , , , offset] = match;
  const utc = offset && offset !== 'Z' ? new Date(text) : undefined;
  if (utc && Number.isNaN(utc.getTime())) return text;
  const [year, month, day, time] = utc
    ? [utc.getUTCFullYear(), ...utc.toISOString().slice(5, 10).split('-'), utc.toISOString().slice(11, 19)]
    : match.slice(1, 5);
  return `${month}/${day}/${year} ${time}`;
}
