import { faults } from './amqp-fault.ts';

/*
 * Reads the values of a management request's body. rhea hands a 64-bit number over as a Number or as its 8 bytes, an
 * array as a plain list or as an object around one.
 */

/** The fields of a request's body. */
export type RequestBody = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  if (Buffer.isBuffer(value) && value.length === 8) return Number(value.readBigInt64BE());
  if (value instanceof Date) return value.getTime();
  return isObject(value) && 'value' in value ? numberOf(value.value) : undefined;
};

/** A whole request's body as its fields. */
export const asBody = (body: unknown): RequestBody => (isObject(body) ? body : {});

/** @throws AmqpFault `amqp:invalid-field` where the field is no number; so for each reader below. */
export function readNumber(body: RequestBody, field: string): number {
  const number = numberOf(body[field]);
  if (number === undefined) throw faults.invalidField(`The request's '${field}' must be a number.`);
  return number;
}

/** A list or an AMQP array. */
export function readList(body: RequestBody, field: string): readonly unknown[] {
  const value = body[field];
  if (Array.isArray(value)) return value;
  if (isObject(value) && Array.isArray(value.value)) return value.value;
  throw faults.invalidField(`The request's '${field}' must be a list.`);
}

export const readNumbers = (body: RequestBody, field: string): number[] =>
  readList(body, field).map((value) => {
    const number = numberOf(value);
    if (number === undefined) throw faults.invalidField(`The request's '${field}' must hold numbers only.`);
    return number;
  });

/** Sixteen bytes each. */
export const readUuids = (body: RequestBody, field: string): Buffer[] =>
  readList(body, field).map((value) => {
    const bytes = isObject(value) && !Buffer.isBuffer(value) ? value.value : value;
    if (!Buffer.isBuffer(bytes) || bytes.length !== 16) {
      throw faults.invalidField(`The request's '${field}' must hold UUIDs only.`);
    }
    return bytes;
  });

/** Text, or `undefined` where the field is left out. */
export function readOptionalText(body: RequestBody, field: string): string | undefined {
  const value = body[field] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw faults.invalidField(`The request's '${field}' must be text.`);
}

export function readText(body: RequestBody, field: string): string {
  const text = readOptionalText(body, field);
  if (text === undefined) throw faults.invalidField(`The request's '${field}' is missing.`);
  return text;
}

/** Bytes, or `undefined` for null. */
export function readOptionalBytes(body: RequestBody, field: string): Buffer | undefined {
  const value = body[field] ?? undefined;
  if (value === undefined || Buffer.isBuffer(value)) return value;
  throw faults.invalidField(`The request's '${field}' must be binary.`);
}
