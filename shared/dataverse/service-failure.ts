import { RetryableError, TerminalError } from '../errors.ts';
import { classify, type FailureClass } from './classify.ts';
import { charactersOfWords } from './limits.ts';

/** Which service protection limit refused a request. */
export type ThrottleCause = 'requests' | 'executionTime' | 'concurrency';

/** A refusal as it came over the wire, sorted by what to do about it. */
export interface Refusal {
  readonly status: number;
  /** `0x…`, lower case; empty where the service gave none. */
  readonly code: string;
  /** The service's or a third party's words, cut to a length that may be stored. */
  readonly message: string;
  /** The service itself speaks, not something on the way to it. */
  readonly isService: boolean;
  readonly failureClass: FailureClass;
}

/** Thrown inside the client when the service refused a request in a way that repeating it does not mend. */
export class ServiceFailure extends TerminalError {
  override name = 'ServiceFailure';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, what: string) {
    super(describe(refusal, refusal.message, what), { logText: describe(refusal, loggableWords(refusal), what) });
    this.refusal = refusal;
  }
}

/** Thrown where every identity was refused something for want of a privilege. */
export class MissingPrivilegeError extends TerminalError {
  override name = 'MissingPrivilegeError';
}

/** Whether Dataverse refused something because the app lacks a privilege for it. */
export const isMissingPrivilege = (error: unknown): error is TerminalError =>
  error instanceof MissingPrivilegeError ||
  (error instanceof ServiceFailure && error.refusal.failureClass === 'privilege');

/** Refusals of whoever asks, whatever is asked for. */
const ofTheApp: ReadonlySet<FailureClass> = new Set(['privilege', 'identityRefused', 'organisation', 'unauthorized']);

/** Whether Dataverse refused a definition for its own sake, not for who wanted to make it. */
export const isRefusedDefinition = (error: unknown): error is ServiceFailure =>
  error instanceof ServiceFailure && !ofTheApp.has(error.refusal.failureClass);

/** What is thrown where a refusal that may pass outlasts patience. */
export function unavailable(refusal: Refusal, what: string, retryAfterMs?: number): RetryableError {
  const failed = `Dataverse could not ${what} for now (HTTP ${refusal.status || 'none'}): `;
  return new RetryableError(failed + refusal.message, { retryAfterMs, logText: failed + loggableWords(refusal) });
}

const describe = ({ status, code, failureClass }: Refusal, words: string, what: string): string => {
  const remedy = remedies[failureClass];
  return `Dataverse refused to ${what} (HTTP ${status}${code && ` ${code}`}): ${words}${remedy ? ` ${remedy}` : ''}`;
};

/** Refusals that speak of limits, identities and names in the schema. Any other may quote a row, a plug-in's above all. */
const speaksOfNoRow: ReadonlySet<FailureClass> = new Set([
  'throttle',
  'customizationLock',
  'schemaLag',
  'unauthorized',
  'identityRefused',
  'privilege',
  'organisation',
  'unsupported',
  'expired',
  'duplicate',
]);

/** The service's words as far as a log or trace may repeat them; what never reached the service is told in full. */
export const loggableWords = ({ status, message, failureClass }: Refusal): string =>
  status === 0 || speaksOfNoRow.has(failureClass) ? message : "the service's words are not logged";

const remedies: Partial<Record<FailureClass, string>> = {
  privilege: 'Grant the application user a security role with this privilege at organization level.',
  identityRefused: 'Add an enabled application user for this client id to the environment and give it a security role.',
  unauthorized: 'Check that the identity belongs to the tenant of this environment.',
  organisation:
    "Check what keeps the app out of this environment: its address, the environment's IP firewall, a block on this application, a proxy on the way.",
  schemaLag: 'Check that the column exists and is spelled as its metadata spells it.',
};

const causesByCode: Readonly<Record<string, ThrottleCause>> = {
  '0x80072322': 'requests',
  '0x80072321': 'executionTime',
  '0x80072326': 'concurrency',
  '0x80048544': 'concurrency',
  '0x80048644': 'concurrency',
  '0x80048744': 'concurrency',
  '0x80048745': 'concurrency',
};

/** The limit behind a throttle refusal; a 429 with an unknown code is taken for the number of requests. */
export const throttleCause = ({ code }: Refusal): ThrottleCause => causesByCode[code] ?? 'requests';

/** Reads a refusal's body, `{"error":{"code","message"}}`; anything else counts as words of somebody on the way. */
export function readRefusal(status: number, body: string): Refusal {
  const error = errorIn(body);
  const code = typeof error?.code === 'string' ? error.code.slice(0, 20).toLowerCase() : '';
  const message = (typeof error?.message === 'string' ? error.message : body).slice(0, charactersOfWords);
  const evidence = { status, isService: error !== undefined, code, message };
  return { ...evidence, failureClass: classify(evidence) };
}

function errorIn(body: string): { readonly code?: unknown; readonly message?: unknown } | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'object' && error !== null ? error : undefined;
  } catch {
    // A gateway's HTML page, or nothing: the status alone must do.
    return undefined;
  }
}

/** A refusal that the client makes up where no answer came, or one that proves nothing. */
export const noAnswer = (failureClass: FailureClass, message: string, status = 0): Refusal => ({
  status,
  code: '',
  message: message.slice(0, charactersOfWords),
  isService: false,
  failureClass,
});
