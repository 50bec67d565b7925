import { isTerminalError, type TerminalError } from '../errors.ts';
import type { Row } from './dataverse.ts';
import { parseObject } from './json.ts';
import { isGiven, readInBatch } from './read-in-batch.ts';
import type { Sender } from './sender.ts';

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
  const gets = paths.map((path) => ({ path }));
  const request = { kind: 'readMetadata', table: paths.join(','), what, signal } as const;
  const answers = paths.length < 2 ? [] : await readInBatch(sender, gets, request);
  return Promise.all(
    paths.map(async (path, at) => {
      const answer = answers[at];
      if (answer !== undefined && isGiven(answer)) return parseObject(answer.body, what);
      // By itself once more: the sender knows how to wait, and which other identity may read it.
      return readObject(sender, path, what, signal).catch((error: unknown) => {
        if (isTerminalError(error)) return error;
        throw error;
      });
    }),
  );
}
