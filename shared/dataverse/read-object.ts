import type { Row } from './dataverse.ts';
import { parseObject } from './json.ts';
import type { Sender } from './sender.ts';

/** One object below the API's root: what a function answers, or definitions. */
export async function readObject(sender: Sender, path: string, what: string, signal?: AbortSignal): Promise<Row> {
  // The path stands for itself: an identity that may not read this one may well read others.
  const answer = await sender.send({ kind: 'readMetadata', table: path, method: 'GET', path, what, signal });
  return parseObject(answer.body, what);
}
