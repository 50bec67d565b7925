import { UnknownCallerError } from '../errors.ts';
import type { Read, ReadAnswer } from './dataverse.ts';
import { listAt, parseObject } from './json.ts';
import { mostRowsOfPage } from './limits.ts';
import type { BatchAnswer } from './multipart.ts';
import { type BatchedGet, isGiven, readInBatch } from './read-in-batch.ts';
import type { Sender } from './sender.ts';
import { MissingPrivilegeError, readRefusal, ServiceFailure, unavailable } from './service-failure.ts';

/** Codes that tell of whoever is acted for: no member of the organisation, or disabled. */
const unknownCaller: ReadonlySet<string> = new Set(['0x80072560', '0x80040225']);

/** Several reads in one `$batch`, in order; what the caller may not see is an answer, not an error. */
export async function readTogether(
  sender: Sender,
  reads: readonly Read[],
  caller: string | undefined,
  signal?: AbortSignal,
): Promise<readonly ReadAnswer[]> {
  if (reads.length === 0) return [];
  const sets = [...new Set(reads.map(({ entitySetName }) => entitySetName))];
  const what = `read ${sets.join(', ')}${caller === undefined ? '' : ' in the name of a user'}`;
  const answers = await readInBatch(sender, reads.map(getOf), {
    kind: 'readTogether',
    table: sets.join(','),
    what,
    caller,
    signal,
  }).catch((error: unknown) => {
    if (caller === undefined) throw error;
    if (error instanceof MissingPrivilegeError) throw new MissingPrivilegeError(`${error.message} ${letItAct}`);
    throw error instanceof ServiceFailure ? explain(error) : error;
  });
  return answers.map((part, at) => readPart(part, reads[at]));
}

function getOf({ entitySetName, select, id, filter, orderBy, top }: Read): BatchedGet {
  const query = [`$select=${select.join(',')}`];
  if (filter) query.push(`$filter=${encodeURIComponent(filter)}`);
  if (orderBy) query.push(`$orderby=${encodeURIComponent(orderBy)}`);
  if (top !== undefined) query.push(`$top=${top}`);
  const key = id === undefined ? '' : `(${id})`;
  // A page size and `$top` exclude each other.
  const page = id === undefined && top === undefined ? { Prefer: `odata.maxpagesize=${mostRowsOfPage}` } : {};
  return {
    path: `${entitySetName}${key}?${query.join('&')}`,
    headers: page,
  };
}

function readPart(part: BatchAnswer, read: Read | undefined): ReadAnswer {
  const { status, body } = part;
  const what = `read ${read?.entitySetName ?? 'a table'}`;
  if (isGiven(part)) {
    const object = parseObject(body, what);
    return { kind: 'rows', rows: read?.id === undefined ? listAt(object, 'value') : [object] };
  }
  const refusal = readRefusal(status, body);
  const { failureClass } = refusal;
  if (failureClass === 'privilege' || failureClass === 'row') return { kind: 'denied' };
  if (failureClass === 'missing' && read?.id !== undefined) return { kind: 'rows', rows: [] };
  if (failureClass === 'throttle' || failureClass === 'transient' || !refusal.isService)
    throw unavailable(refusal, what);
  throw new ServiceFailure(refusal, what);
}

const letItAct =
  'Give the application user a security role with the privilege Act on Behalf of Another User, such as Delegate, directly and not through a team.';

/** A refusal of the whole batch is about the person it was sent for, or about the right to act for anybody. */
function explain(error: ServiceFailure): Error {
  if (unknownCaller.has(error.refusal.code)) {
    return new UnknownCallerError('Your account is no enabled user of this Dataverse environment.', { cause: error });
  }
  return error;
}
