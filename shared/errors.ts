/**
 * The two words every failure is sorted by.
 *
 * Terminal: repeating the work cannot help; the handler records the reason and completes the message.
 * Retryable: a later attempt may succeed; the handler throws and the message comes again.
 */

/** Thrown when repeating the work cannot help. `message` says what is wrong and what to do about it. */
export class TerminalError extends Error {
  readonly isTerminalError = true;
  override name = 'TerminalError';
}

/** Thrown when a later attempt may succeed; `retryAfterMs` is set where the service named a time. */
export class RetryableError extends Error {
  readonly isRetryableError = true;
  override name = 'RetryableError';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly retryAfterMs?: number | undefined }) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The guards test a brand, not the class: they hold where two copies of this module are loaded. */
export const isTerminalError = (error: unknown): error is TerminalError =>
  error instanceof Error && 'isTerminalError' in error;
export const isRetryableError = (error: unknown): error is RetryableError =>
  error instanceof Error && 'isRetryableError' in error;

/** The text of anything that was thrown, for a log line or a task's details. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Thrown when Dataverse no longer knows where a list of changes began: the token expired or the schema changed. */
export class ExpiredChangesError extends TerminalError {
  readonly isExpiredChangesError = true;
  override name = 'ExpiredChangesError';
}
export const isExpiredChangesError = (error: unknown): error is ExpiredChangesError =>
  error instanceof Error && 'isExpiredChangesError' in error;

/** Thrown when Dataverse does not know the person in whose name it was asked, or has disabled the account. */
export class UnknownCallerError extends TerminalError {
  readonly isUnknownCallerError = true;
  override name = 'UnknownCallerError';
}
export const isUnknownCallerError = (error: unknown): error is UnknownCallerError =>
  error instanceof Error && 'isUnknownCallerError' in error;
