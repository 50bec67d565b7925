import { ExpiredChangesError, isRetryableError } from '../errors.ts';
import type { ChangePage, PageRequest, RowPage } from './dataverse.ts';
import { type ChangesRequest, readChanges, readPage } from './read-page.ts';
import type { Sender } from './sender.ts';
import { ServiceFailure } from './service-failure.ts';

/** One page, from where an earlier one ended: @throws ExpiredChangesError where that is not known any more. */
export async function followPage(sender: Sender, request: PageRequest, signal?: AbortSignal): Promise<RowPage> {
  const { nextLink } = request;
  const read = () => readPage(sender, request, signal);
  return nextLink === undefined ? read() : readStored(sender, { ...request, link: nextLink }, read, signal);
}

/** One page of changes, from where an earlier one ended: @throws ExpiredChangesError where that is not known any more. */
export async function followChanges(
  sender: Sender,
  request: ChangesRequest,
  signal?: AbortSignal,
): Promise<ChangePage> {
  const { link } = request;
  const read = () => readChanges(sender, request, signal);
  if (link === undefined) return read();
  const page = await readStored(sender, { ...request, link }, read, signal);
  demandColumns({ ...request, link }, page.rows);
  return page;
}

/** A link that an earlier answer gave, and what it was to read. */
interface StoredLink {
  readonly link: string;
  readonly entitySetName: string;
  readonly select: readonly string[];
}

/**
 * Reads from a link that may have been stored for long. Refusals of one that is worth nothing any more come under many
 * codes and texts, so the table itself is asked: where it can be read and the link cannot, it is the link's fault.
 * @throws ExpiredChangesError where the link leads nowhere: everything must be read anew
 */
async function readStored<T>(
  sender: Sender,
  stored: StoredLink,
  read: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { link, entitySetName, select } = stored;
  if (/^[a-z][a-z0-9+.-]*:/i.test(link) && new URL(link).origin !== sender.origin) {
    throw expired(entitySetName, `it is kept as a link outside the organisation ${sender.origin}`);
  }
  try {
    return await read();
  } catch (error) {
    if (isExpiry(error)) throw expired(entitySetName, 'Dataverse no longer knows it', error);
    if (!(error instanceof ServiceFailure) && !isRetryableError(error)) throw error;
    signal?.throwIfAborted();
    await readPage(sender, { entitySetName, select, pageSize: 1 }, signal);
    return read().catch((again: unknown) => {
      if (!(again instanceof ServiceFailure) && !isRetryableError(again)) throw again;
      throw expired(entitySetName, 'Dataverse refuses it, and can be read without', again);
    });
  }
}

/** Rows read from a stored link that lack columns which are wanted now: the link is of a day when others were. */
function demandColumns({ link, entitySetName, select }: StoredLink, [row]: readonly object[]): void {
  const named = new URLSearchParams(/\?(.*)$/s.exec(link)?.[1]).get('$select')?.split(',');
  if (named === undefined || row === undefined) return;
  const lacking = select.find((column) => !named.includes(column) && !(column in row));
  if (lacking !== undefined) throw expired(entitySetName, `it is kept without the column ${lacking}`);
}

const isExpiry = (error: unknown): boolean =>
  error instanceof ServiceFailure && error.refusal.failureClass === 'expired';

const expired = (entitySetName: string, why: string, cause?: unknown): ExpiredChangesError =>
  new ExpiredChangesError(
    `Where the last reading of ${entitySetName} ended is lost (${why}); all rows must be read again.`,
    { cause },
  );
