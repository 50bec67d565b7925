/**
 * The two words every failure is sorted by.
 *
 * Terminal: repeating the work cannot help; the handler records the reason and completes the message.
 * Retryable: a later attempt may succeed; the handler throws and the message comes again.
 */

interface LoggableOptions extends ErrorOptions {
  /** What a log may say instead of the message, where the message quotes words of a service that may quote a row. */
  readonly logText?: string | undefined;
}

/** Thrown when repeating the work cannot help. `message` says what is wrong and what to do about it. */
export class TerminalError extends Error {
  readonly isTerminalError = true;
  override name = 'TerminalError';
  readonly logText: string | undefined;

  constructor(message: string, options?: LoggableOptions) {
    super(message, options);
    this.logText = options?.logText;
  }
}

/** Thrown when a later attempt may succeed; `retryAfterMs` is set where the service named a time. */
export class RetryableError extends Error {
  readonly isRetryableError = true;
  override name = 'RetryableError';
  readonly logText: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options?: LoggableOptions & { readonly retryAfterMs?: number | undefined }) {
    super(message, options);
    this.logText = options?.logText;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The guards test a brand, not the class: they hold where two copies of this module are loaded. */
export const isTerminalError = (error: unknown): error is TerminalError =>
  error instanceof Error && 'isTerminalError' in error;
export const isRetryableError = (error: unknown): error is RetryableError =>
  error instanceof Error && 'isRetryableError' in error;

/** A fault of the program itself, which no repetition mends. */
export const isProgramError = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError;

/** Whether a signal's time was up. */
export const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';

/** The text of anything that was thrown, for a task's details or an answer. For a log there is `logTextOf`. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/**
 * What logs and traces may say of anything that was thrown: no word that may quote a row. A SyntaxError gives its name
 * alone, since its message quotes the text that could not be parsed.
 */
export function logTextOf(thrown: unknown): string {
  if (thrown instanceof SyntaxError) return thrown.name;
  if ((isTerminalError(thrown) || isRetryableError(thrown)) && thrown.logText !== undefined) return thrown.logText;
  return messageOf(thrown);
}

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
