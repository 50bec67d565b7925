import type { SingleValue } from '../contracts/profile.ts';

/*
 * Columns in which Customer Insights stores JSON: measures, predictions, lists of segments. Whoever writes a measure or
 * an import decides what stands there, so every dimension of it is bounded, and what is left out is said.
 */

/** Characters of a column that are read. */
const longestColumn = 1024 * 1024;
/** Values of one column that are shown; a customer has dozens of measures at most. */
const mostValues = 500;
/** Levels of nesting that are shown. */
const deepest = 8;
/** Characters of a name and of a text that are shown. */
const longestName = 200;
const longestText = 4_000;

/** Single values of a JSON text, by name. */
export interface SingleValues {
  readonly values: ReadonlyMap<string, SingleValue>;
  /** More stands there than these, or something of them is cut. */
  readonly isShortened: boolean;
}

/** The names in a JSON list of names. */
export interface Names {
  readonly names: readonly string[];
  /** Something stands there that could not be read: there may be more names. */
  readonly isIncomplete: boolean;
}

const isSingle = (value: unknown): value is SingleValue =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/**
 * Values of a JSON text as single values, by name; what is nested stands under names joined with a dot, members of a
 * list under their number. Undefined where the text is no JSON object or list.
 */
export function singleValuesOf(text: unknown): SingleValues | undefined {
  const json = parse(text);
  if (typeof json !== 'object' || json === null) return undefined;
  const values = new Map<string, SingleValue>();
  let isShortened = false;
  // A list of its own instead of recursion: depth is the sender's choice.
  const open: (readonly [name: string, value: unknown, depth: number])[] = [];
  const openMembers = (value: object, prefix: string, depth: number) => {
    const members = Object.entries(value);
    if (members.length > mostValues) isShortened = true;
    for (const [key, member] of members.slice(0, mostValues).reverse()) open.push([`${prefix}${key}`, member, depth]);
  };
  openMembers(json, '', 1);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [name, value, depth] = next;
    if (values.size >= mostValues) return { values, isShortened: true };
    if (name.length > longestName || (!isSingle(value) && depth >= deepest)) isShortened = true;
    else if (!isSingle(value)) openMembers(value as object, `${name}.`, depth + 1);
    else if (typeof value === 'string' && value.length > longestText) {
      values.set(name, value.slice(0, longestText));
      isShortened = true;
    } else values.set(name, value);
  }
  return { values, isShortened };
}

/** Members by which a list of objects may name what it lists. */
const nameMembers = ['name', 'segmentName', 'displayName', 'Name', 'SegmentName', 'DisplayName'] as const;

/** The names in a JSON list of names, or of objects that carry one. An empty column is an empty list. */
export function namesIn(text: unknown): Names {
  if (text === null || text === undefined || text === '') return { names: [], isIncomplete: false };
  const json = parse(text);
  if (!Array.isArray(json)) return { names: [], isIncomplete: true };
  const found = json.map(nameOf);
  const names = found.filter((name) => name !== undefined && name !== '') as string[];
  return { names, isIncomplete: found.includes(undefined) };
}

function nameOf(member: unknown): string | undefined {
  if (typeof member === 'string') return member.trim();
  if (typeof member !== 'object' || member === null) return undefined;
  const values = nameMembers.map((name) => (member as Record<string, unknown>)[name]);
  const [name] = values.filter((value) => typeof value === 'string');
  return typeof name === 'string' ? name.trim() : undefined;
}

/** A text in JSON, or a number that JSON does not know, as some writers leave it for "no value". */
const noNumbers = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;
/** Digits beyond those that a number keeps. */
const manyDigits = /\d{16}/;

/** The value of a JSON text; undefined where it is none. Large numbers are texts, so that they keep their digits. */
function parse(given: unknown): unknown {
  if (typeof given !== 'string' || given.length > longestColumn) return undefined;
  const text = given.replace(/^\uFEFF/, '');
  return fromJson(text) ?? (/NaN|Infinity/.test(text) ? fromJson(text.replace(noNumbers, orNull)) : undefined);
}

const orNull = (match: string): string => (match.startsWith('"') ? match : 'null');

function fromJson(text: string): unknown {
  try {
    return manyDigits.test(text) ? JSON.parse(text, withDigits) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const digits = context.source
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  const isExact = Number.isSafeInteger(value) || (!Number.isInteger(value) && digits.length <= 17);
  return isExact ? value : context.source;
}
