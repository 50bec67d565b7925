import type { PersonalDataverse } from '../dataverse/dataverse.ts';
import { isTerminalError, isUnknownCallerError, RetryableError } from '../errors.ts';
import { forgetInsightTables } from './insight-tables.ts';

/** A person waits no longer than this for an answer, in milliseconds. */
const patienceMs = 30_000;

/**
 * Reads for a person who waits, by metadata that is remembered: a column may have left the profile since it was read, so
 * what is refused is read once more by the newest metadata, which has the last word.
 * @throws RetryableError where Dataverse does not answer in time
 */
export async function patiently<T>(
  { dataverse, now }: { readonly dataverse: PersonalDataverse; readonly now: () => number },
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const patience = AbortSignal.timeout(patienceMs);
  try {
    try {
      return await read(patience);
    } catch (error) {
      const isNoMatterOfMetadata = isUnknownCallerError(error) || !isTerminalError(error);
      if (isNoMatterOfMetadata || !forgetInsightTables(dataverse, now())) throw error;
      return await read(patience);
    }
  } catch (error) {
    if (!patience.aborted) throw error;
    throw new RetryableError(`Dataverse did not answer within ${patienceMs / 1000} s`, { cause: error });
  }
}
