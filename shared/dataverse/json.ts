import { RetryableError } from '../errors.ts';

/**
 * Parses an answer's body that must be a JSON object.
 * @throws RetryableError where it is not: an answer cut short or replaced on its way.
 */
export function parseObject(body: string, what: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through: said below in our words.
  }
  throw new RetryableError(`Dataverse answered "${what}" with something that is not a JSON object.`);
}

/** The value of `key` where it is a string. */
export const stringAt = (object: Readonly<Record<string, unknown>>, key: string): string | undefined => {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
};

/** The list of objects under `key`; empty where there is none. */
export const listAt = (
  object: Readonly<Record<string, unknown>>,
  key: string,
): readonly Readonly<Record<string, unknown>>[] => {
  const value = object[key];
  return Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
};
