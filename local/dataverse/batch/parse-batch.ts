import { badRequest, payloadError } from '../errors.ts';

/** One request inside a batch. */
export interface BatchPart {
  readonly method: string;
  /** As written: absolute, or from the host's root. */
  readonly url: string;
  /** Names in lower case; the part's own headers only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Name by which other parts of the change set refer to this one. */
  readonly contentId: string | undefined;
}

/** A batch in order: single requests, and change sets that succeed or fail as one. */
export type BatchItem = BatchPart | { readonly changeSet: readonly BatchPart[] };

const MOST_PARTS = 1_000;

/** Parses a `multipart/mixed` batch. Line ends other than CRLF, the last one included, make it unreadable, as in the service. */
export function parseBatch(contentType: string | undefined, body: string): BatchItem[] {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined)
    throw badRequest('A batch needs Content-Type multipart/mixed with a boundary.', '0x80048d19');
  if (/(^|[^\r])\n|\r(?!\n)/.test(body) || !body.endsWith('\r\n')) throw unreadable();
  const items = splitParts(body, boundary).map(parseItem);
  const count = items.reduce((sum, item) => sum + ('changeSet' in item ? item.changeSet.length : 1), 0);
  if (count > MOST_PARTS) {
    throw badRequest(`The batch holds ${count} operations; no more than ${MOST_PARTS} are allowed.`, '0x80040203');
  }
  return items;
}

function parseItem(text: string): BatchItem {
  const { headers, rest } = readHead(text);
  const boundary = boundaryOf(headers['content-type']);
  if (boundary === undefined) return parsePart(headers, rest);
  const changeSet = splitParts(rest, boundary).map((part) => {
    const inner = readHead(part);
    return parsePart(inner.headers, inner.rest);
  });
  if (changeSet.some(({ method }) => method === 'GET')) {
    throw badRequest('A change set must not contain GET requests.', '0x80048d19');
  }
  return { changeSet };
}

function parsePart(outer: Readonly<Record<string, string>>, text: string): BatchPart {
  const end = text.indexOf('\r\n');
  const request = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(text.slice(0, end));
  if (end < 0 || !request) throw unreadable();
  const { headers, rest } = readHead(text.slice(end + 2));
  const [, method = '', url = ''] = request;
  if (/\/\$batch(\?|$)/.test(url)) throw badRequest('A batch must not contain another batch.', '0x80048d19');
  return { method, url, headers, body: rest.replace(/(\r\n)+$/, ''), contentId: outer['content-id'] };
}

/** Header lines up to the empty one. */
function readHead(text: string): { headers: Record<string, string>; rest: string } {
  const headers: Record<string, string> = {};
  let position = 0;
  while (position < text.length) {
    const end = text.indexOf('\r\n', position);
    const line = end < 0 ? text.slice(position) : text.slice(position, end);
    position = end < 0 ? text.length : end + 2;
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon < 1) throw unreadable();
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, rest: text.slice(position) };
}

function splitParts(body: string, boundary: string): string[] {
  const delimiter = `--${boundary}`;
  const pieces = `\r\n${body}`.split(`\r\n${delimiter}`);
  if (pieces.length < 2 || !pieces.at(-1)?.startsWith('--')) throw unreadable();
  return pieces.slice(1, -1).map((piece) => {
    if (!piece.startsWith('\r\n')) throw unreadable();
    return piece.slice(2);
  });
}

function boundaryOf(contentType: string | undefined): string | undefined {
  const match = /^multipart\/mixed\s*;.*?boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? '');
  return match?.[1] ?? match?.[2];
}

const unreadable = () => payloadError('$batch', 'System.ArgumentException: Stream was not readable.');
