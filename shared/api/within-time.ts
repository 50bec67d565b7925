import { RetryableError } from '../errors.ts';

/**
 * How long a route may take, in milliseconds. Who asks gives up after ten seconds or so; storage and queues that are
 * away are asked again by their clients for minutes.
 */
export const answeredWithinMs = 9_000;

/** How long a route may take that looks at much of Dataverse: a little less than the platform leaves a request. */
export const lookedThroughWithinMs = 200_000;

/**
 * Does work for an answer, and gives up waiting for it when the time is over. The work itself may still be done: it is
 * such as may be done again.
 * @throws RetryableError when the time is over
 */
export async function withinTime<T>(ms: number, work: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => over.reject(new RetryableError('What the answer takes could not be reached in time')),
    ms,
  );
  // Whatever comes of it after the time is over, nobody waits for it.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
