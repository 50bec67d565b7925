/** Thrown when the host cannot start; the message says what is wrong and what to do, and is all the user sees. */
export class HostStartError extends Error {
  override name = 'HostStartError';
}
