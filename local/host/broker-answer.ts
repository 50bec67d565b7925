/** Waiting for the broker's answer, but not for ever. */

/** A broker that lives answers in milliseconds. */
const limitMs = 5_000;

/**
 * What `promise` brings; rejects when nothing came in 5 s. When a connection breaks at the wrong moment, the client
 * waits for the answer to a settlement or a closing for minutes, and a turn or a session slot would wait with it.
 */
export async function answered<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`the broker did not answer in ${limitMs / 1000} s`)), limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
