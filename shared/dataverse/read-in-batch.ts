import { randomUUID } from 'node:crypto';
import { RetryableError } from '../errors.ts';
import { type BatchAnswer, readBatch, writeBatch } from './multipart.ts';
import { provesSuccess } from './proves-success.ts';
import type { Request, Sender } from './sender.ts';
import { apiPath } from './transport.ts';

/** One GET among several. */
export interface BatchedGet {
  /** Below the API's root. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends several GETs in one `$batch`; one answer for each, in order, whatever became of the others.
 * @throws RetryableError where answers are missing
 */
export async function readInBatch(
  sender: Sender,
  gets: readonly BatchedGet[],
  request: Pick<Request, 'kind' | 'table' | 'what' | 'caller' | 'signal'>,
): Promise<readonly BatchAnswer[]> {
  const boundary = `batch_${randomUUID()}`;
  const parts = gets.map(({ path, headers }) => ({
    method: 'GET' as const,
    path: `${apiPath}/${path}`,
    headers: { Accept: 'application/json', ...headers },
  }));
  const answer = await sender.send({
    ...request,
    method: 'POST',
    path: '$batch',
    headers: { 'Content-Type': `multipart/mixed; boundary="${boundary}"`, Prefer: 'odata.continue-on-error' },
    body: writeBatch(boundary, parts),
  });
  const answers = readBatch(answer.headers.get('Content-Type') ?? '', answer.body);
  if (answers.length !== gets.length) {
    throw new RetryableError(`Dataverse answered ${answers.length} of ${gets.length} parts of a batch.`);
  }
  return answers;
}

/** Whether a part holds what was asked for. */
export const isGiven = ({ status, headers, body }: BatchAnswer): boolean =>
  provesSuccess({ kind: 'read', path: '' }, { status, headers: { get: (name) => headers[name.toLowerCase()] }, body });
