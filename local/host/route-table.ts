/**
 * Finds the function for a path, by route templates as in ASP.NET Core:
 * `runs/{runId:guid}/tables/{table?}`, `files/{*rest}`, `{name=default}`, `{name}.{extension}`.
 * Literals are case-insensitive; the more specific template wins; a method that no route takes finds nothing.
 */
import { compileConstraint } from './route-constraints.ts';

/** A route to register. */
export interface Route<T> {
  readonly template: string;
  /** HTTP methods in upper case. */
  readonly methods: readonly string[];
  readonly value: T;
}

/** A route that was found, and the values of its parameters (absent optional ones are left out). */
export interface RouteMatch<T> {
  readonly value: T;
  readonly params: Readonly<Record<string, string>>;
}

interface Parameter {
  readonly name: string;
  readonly isCatchAll: boolean;
  readonly isOptional: boolean;
  readonly fallback: string | undefined;
  readonly checks: readonly ((value: string) => boolean)[];
}

interface Segment {
  /** Matches the whole segment; the groups are the parameters' values. */
  readonly pattern: RegExp;
  readonly parameters: readonly Parameter[];
  /** 1 for a literal to 5 for a catch-all: the smaller, the more specific. */
  readonly rank: number;
}

/**
 * Compiles routes into a lookup.
 * @throws Error when a template is malformed; the message holds it
 */
export function createRouteTable<T>(
  routes: readonly Route<T>[],
): (method: string, path: string) => RouteMatch<T> | undefined {
  const compiled = routes
    .map((route) => ({ ...route, segments: parseTemplate(route.template) }))
    .sort((a, b) => compareRanks(a.segments, b.segments));
  return (method, path) => {
    const parts = splitPath(path);
    if (!parts) return undefined;
    for (const route of compiled) {
      if (!route.methods.includes(method)) continue;
      const params = matchSegments(route.segments, parts);
      if (params) return { value: route.value, params };
    }
    return undefined;
  };
}

function splitPath(path: string): string[] | undefined {
  try {
    const parts = path.replace(/^\//, '').replace(/\/$/, '').split('/');
    return parts.length === 1 && parts[0] === '' ? [] : parts.map(decodeURIComponent);
  } catch {
    return undefined; // a broken percent encoding names nothing
  }
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const isCatchAll = segment.parameters.some((parameter) => parameter.isCatchAll);
    const part = isCatchAll ? parts.slice(index).join('/') : parts[index];
    if (part === undefined || (part === '' && index >= parts.length)) {
      if (!fillAbsent(segment, params)) return undefined;
      continue;
    }
    const match = segment.pattern.exec(part);
    if (!match) return undefined;
    for (const [order, parameter] of segment.parameters.entries()) {
      const value = match[order + 1] ?? '';
      if (!parameter.checks.every((check) => check(value))) return undefined;
      params[parameter.name] = value;
    }
    if (isCatchAll) return params;
  }
  return parts.length <= segments.length ? params : undefined;
}

/** Whether a segment may be missing in the path; sets its default value. */
function fillAbsent(segment: Segment, params: Record<string, string>): boolean {
  const [only] = segment.parameters;
  if (segment.parameters.length !== 1 || !only) return false;
  if (only.fallback !== undefined) params[only.name] = only.fallback;
  return only.isOptional || only.isCatchAll || only.fallback !== undefined;
}

function parseTemplate(template: string): Segment[] {
  try {
    const trimmed = hideDoubledBraces(template).replace(/^~?\/+|\/+$/g, '');
    return trimmed === '' ? [] : splitOutsideBraces(trimmed).map(parseSegment);
  } catch (error) {
    throw new Error(`route "${template}" is malformed: ${(error as Error).message}`, { cause: error });
  }
}

// A doubled brace stands for itself, as in `{code:regex(^[a-z]{{2}}$)}`: it is put aside while templates are cut up.
const hideDoubledBraces = (text: string): string => text.replaceAll('{{', '\u0001').replaceAll('}}', '\u0002');
const showBraces = (text: string): string => text.replaceAll('\u0001', '{').replaceAll('\u0002', '}');

/** Cuts at slashes, but not inside `{…}`, where a regex constraint may hold one. */
function splitOutsideBraces(template: string): string[] {
  const segments = [''];
  let depth = 0;
  for (const character of template) {
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (character === '/' && depth === 0) segments.push('');
    else segments[segments.length - 1] += character;
  }
  if (depth !== 0) throw new Error('its braces do not pair');
  return segments;
}

function parseSegment(text: string): Segment {
  const parameters: Parameter[] = [];
  let pattern = '';
  let literalFrom = 0;
  const whole = /^\{[^{}]*\}$/.test(text);
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    pattern += escapePattern(showBraces(text.slice(literalFrom, match.index)));
    literalFrom = match.index + match[0].length;
    const parameter = parseParameter(match[1] ?? '');
    parameters.push(parameter);
    pattern += parameter.isCatchAll || whole ? '(.*)' : '(.+?)';
  }
  pattern += escapePattern(showBraces(text.slice(literalFrom)));
  return { pattern: new RegExp(`^${pattern}$`, 'is'), parameters, rank: rankOf(parameters, whole) };
}

function parseParameter(text: string): Parameter {
  const match = /^(\*{0,2})([\w-]+)((?::[^:()=]+(?:\(.*\))?)*)(?:=(.*?))?(\?)?$/s.exec(text);
  const name = match?.[2];
  if (!match || name === undefined) throw new Error(`"{${text}}" is no parameter`);
  const constraints = match[3] ? splitConstraints(match[3].slice(1)) : [];
  return {
    name,
    isCatchAll: match[1] !== '',
    isOptional: match[5] !== undefined,
    fallback: match[4],
    checks: constraints.map((constraint) => compileConstraint(showBraces(constraint))),
  };
}

/** Cuts at colons, but not inside the parentheses of a constraint. */
const splitConstraints = (text: string): string[] => text.match(/[^:(]+(?:\(.*?\)(?=:|$))?/gs) ?? [];

function rankOf(parameters: readonly Parameter[], isWhole: boolean): number {
  const [first] = parameters;
  if (!first) return 1;
  if (first.isCatchAll) return first.checks.length > 0 ? 4 : 5;
  return !isWhole || first.checks.length > 0 ? 2 : 3;
}

function compareRanks(a: readonly Segment[], b: readonly Segment[]): number {
  for (const [index, segment] of a.entries()) {
    const difference = segment.rank - (b[index]?.rank ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const escapePattern = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
