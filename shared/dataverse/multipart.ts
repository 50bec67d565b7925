import { RetryableError } from '../errors.ts';

/** One request inside a `$batch`. */
export interface BatchPart {
  readonly method: 'GET' | 'PATCH';
  /** Absolute path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One answer inside a `$batch` answer. Header names in lower case. */
export interface BatchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const lineEnd = '\r\n';

/** Writes a `$batch` body. Every line ends in lineEnd, the last one too: the service reads no other. */
export function writeBatch(boundary: string, parts: readonly BatchPart[]): string {
  let text = '';
  for (const { method, path, headers, body } of parts) {
    text += `--${boundary}${lineEnd}Content-Type: application/http${lineEnd}Content-Transfer-Encoding: binary${lineEnd}${lineEnd}`;
    text += `${method} ${path} HTTP/1.1${lineEnd}`;
    for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}${lineEnd}`;
    text += `${lineEnd}${body ?? ''}${lineEnd}`;
  }
  return `${text}--${boundary}--${lineEnd}`;
}

/**
 * Reads the answers of a `$batch`, in the order of its parts.
 * @throws RetryableError where the text is no complete multipart body: an answer cut short on its way.
 */
export function readBatch(contentType: string, text: string): readonly BatchAnswer[] {
  const named = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!named) throw malformed(`no boundary in "${contentType.slice(0, 80)}"`);
  const delimiter = `--${named}`;
  const answers: BatchAnswer[] = [];
  let start = lineStart(text, delimiter, 0);
  if (start < 0) throw malformed('no part');
  while (!text.startsWith('--', start + delimiter.length)) {
    const next = lineStart(text, delimiter, start + delimiter.length);
    if (next < 0) throw malformed('the closing boundary is missing');
    answers.push(readPart(text.slice(start + delimiter.length, next)));
    start = next;
  }
  return answers;
}

/** Where `delimiter` next begins a line; it may occur inside a value, but never at the start of a line there. */
function lineStart(text: string, delimiter: string, from: number): number {
  for (let at = text.indexOf(delimiter, from); at >= 0; at = text.indexOf(delimiter, at + 1)) {
    if (at === 0 || text[at - 1] === '\n') return at;
  }
  return -1;
}

/** A part is its own headers, a blank line, and an HTTP answer. */
function readPart(part: string): BatchAnswer {
  const [, ...http] = splitOnce(part.replace(/^\r?\n/, ''));
  const [head = '', body = ''] = splitOnce(http[0] ?? '');
  const [statusLine = '', ...lines] = head.split(/\r?\n/);
  const status = Number(/^HTTP\/\d\.\d (\d{3})/.exec(statusLine)?.[1]);
  if (!status) throw malformed(`unreadable status line "${statusLine.slice(0, 80)}"`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status, headers, body: body.replace(/\r?\n$/, '') };
}

/** Parts a text at its first blank line. */
function splitOnce(text: string): readonly string[] {
  const blank = /\r?\n\r?\n/.exec(text);
  if (!blank) return [text.replace(/\r?\n$/, ''), ''];
  return [text.slice(0, blank.index), text.slice(blank.index + blank[0].length)];
}

const malformed = (why: string): RetryableError =>
  new RetryableError(`Dataverse sent a batch answer that cannot be read: ${why}.`);
