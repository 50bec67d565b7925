import { randomUUID } from 'node:crypto';
import { isTerminalError, RetryableError, type TerminalError } from '../errors.ts';
import type { Row } from './dataverse.ts';
import { parseObject } from './json.ts';
import { readBatch, writeBatch } from './multipart.ts';
import type { Sender } from './sender.ts';
import { API_PATH } from './transport.ts';

/** One object below the API's root: what a function answers, or definitions. */
export async function readObject(sender: Sender, path: string, what: string, signal?: AbortSignal): Promise<Row> {
  // The path stands for itself: an identity that may not read this one may well read others.
  const answer = await sender.send({ kind: 'readMetadata', table: path, method: 'GET', path, what, signal });
  return parseObject(answer.body, what);
}

/** Several such objects in one `$batch`, in order; where one may not be read, why. */
export async function readObjects(
  sender: Sender,
  paths: readonly string[],
  what: string,
  signal?: AbortSignal,
): Promise<readonly (Row | TerminalError)[]> {
  const answers = paths.length < 2 ? [] : await readInBatch(sender, paths, what, signal);
  return Promise.all(
    paths.map(async (path, at) => {
      const answer = answers[at];
      if (answer !== undefined && answer.status < 300) return parseObject(answer.body, what);
      // By itself once more: the sender knows how to wait, and which other identity may read it.
      return readObject(sender, path, what, signal).catch((error: unknown) => {
        if (isTerminalError(error)) return error;
        throw error;
      });
    }),
  );
}

async function readInBatch(sender: Sender, paths: readonly string[], what: string, signal: AbortSignal | undefined) {
  const boundary = `batch_${randomUUID()}`;
  const headers = { Accept: 'application/json' };
  const answer = await sender.send({
    kind: 'readMetadata',
    table: paths.join(','),
    method: 'POST',
    path: '$batch',
    headers: { 'Content-Type': `multipart/mixed; boundary="${boundary}"`, Prefer: 'odata.continue-on-error' },
    body: writeBatch(
      boundary,
      paths.map((path) => ({ method: 'GET', path: `${API_PATH}/${path}`, headers })),
    ),
    what,
    signal,
  });
  const answers = readBatch(answer.headers.get('Content-Type') ?? '', answer.body);
  if (answers.length !== paths.length) {
    throw new RetryableError(`Dataverse answered ${answers.length} of ${paths.length} parts of a batch.`);
  }
  return answers;
}
