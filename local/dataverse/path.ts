import { unreadablePath } from './errors.ts';

/** A part of a URL's path between slashes, e.g. `contacts(3f1c…)`. */
export interface Segment {
  readonly name: string;
  /** What stands in the brackets; `undefined` without brackets. */
  readonly key: string | undefined;
}

/** Cuts a decoded path into its segments; slashes inside brackets or literals do not count. */
export function parsePath(path: string): Segment[] {
  const segments: Segment[] = [];
  let start = 0;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i <= path.length; i++) {
    const char = path[i];
    if (char === "'") quoted = !quoted;
    else if (!quoted && char === '(') depth++;
    else if (!quoted && char === ')') depth--;
    if (i === path.length || (char === '/' && depth === 0 && !quoted)) {
      if (i > start) segments.push(parseSegment(path.slice(start, i)));
      start = i + 1;
    }
  }
  if (depth !== 0 || quoted) throw unreadablePath();
  return segments;
}

function parseSegment(text: string): Segment {
  const open = text.indexOf('(');
  if (open < 0) return { name: text, key: undefined };
  if (!text.endsWith(')')) throw unreadablePath();
  return { name: text.slice(0, open), key: text.slice(open + 1, -1) };
}
