import { badRequest } from '../errors.ts';

/** Where a page ended: the values that the next page's rows come after, by column. */
export interface PagingCookie {
  /** Number of the page this cookie leads to, from 2. */
  readonly pageNumber: number;
  readonly isTracking: boolean;
  /** Column and its value in the last row of the page, in sort order; the primary key comes last. */
  readonly last: readonly (readonly [column: string, value: string])[];
  /** The same of the page's first row: of no use to us, but the service sends it. */
  readonly first: readonly string[];
}

/** Text of a `$skiptoken`, percent-encoded as the service does it: outer escapes upper case, inner ones lower case and twice. */
export function writeSkipToken(cookie: PagingCookie): string {
  const columns = cookie.last.map(
    ([column, value], i) => `<${column} last="${escapeXml(value)}" first="${escapeXml(cookie.first[i] ?? value)}" />`,
  );
  const inner = lowerCaseEscapes(`<cookie page="${cookie.pageNumber - 1}">${columns.join('')}</cookie>`);
  const outer = `<cookie pagenumber="${cookie.pageNumber}" pagingcookie="${inner}" istracking="${cookie.isTracking ? 'True' : 'False'}" />`;
  return encodeURIComponent(outer).replace(/%3D|%2F/g, (escaped) => (escaped === '%3D' ? '=' : '/'));
}

/** Reads a decoded `$skiptoken`. */
export function readSkipToken(text: string): PagingCookie {
  const outer = /^<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="(True|False)" \/>$/.exec(text);
  if (!outer) throw malformed();
  let inner: string;
  try {
    inner = decodeURIComponent(outer[2] as string);
  } catch {
    throw malformed();
  }
  const columns = [...inner.matchAll(/<([a-z0-9_]+) last="([^"]*)" first="([^"]*)" \/>/g)];
  if (columns.length === 0) throw malformed();
  return {
    pageNumber: Number(outer[1]),
    isTracking: outer[3] === 'True',
    last: columns.map((column) => [column[1] as string, unescapeXml(column[2] as string)]),
    first: columns.map((column) => unescapeXml(column[3] as string)),
  };
}

const malformed = () => badRequest('Malformed XML in the paging cookie.', '0x80041129');

const lowerCaseEscapes = (text: string) =>
  encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase());

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const unescapeXml = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
