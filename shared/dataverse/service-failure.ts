import { TerminalError } from '../errors.ts';

/**
 * What a refused request means for the one who sent it.
 *
 * - `throttle`: a service protection limit; wait, then the same again
 * - `customizationLock`: another customization runs; a 429 that is no throttling
 * - `transient`: the same again may succeed
 * - `tooLarge`: fewer rows at once may succeed
 * - `bulkRace`: the server is still building what the table's bulk messages need
 * - `schemaLag`: a name this request uses is unknown; soon after a schema change the server may not know it yet
 * - `unauthorized`: the token was not accepted
 * - `identityRefused`: the identity may do nothing at all here
 * - `privilege`: the identity may not do this kind of thing to this table
 * - `unsupported`: the table has no such message
 * - `nullRefused`: clearing a lookup is not accepted in this form
 * - `expired`: the starting point of a list of changes is no longer known
 * - `duplicate`: the column or relationship exists
 * - `row`: a row's fault; without that row the request may succeed
 * - `request`: the request can never succeed
 */
export type FailureClass =
  | 'throttle'
  | 'customizationLock'
  | 'transient'
  | 'tooLarge'
  | 'bulkRace'
  | 'schemaLag'
  | 'unauthorized'
  | 'identityRefused'
  | 'privilege'
  | 'unsupported'
  | 'nullRefused'
  | 'expired'
  | 'duplicate'
  | 'row'
  | 'request';

/** Which service protection limit answered 429. */
export type ThrottleCause = 'requests' | 'executionTime' | 'concurrency';

/** A refusal as it came over the wire, sorted by what to do about it. */
export interface Refusal {
  readonly status: number;
  /** `0x…`, lower case; empty where the service gave none. */
  readonly code: string;
  readonly message: string;
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

const describe = ({ status, code, failureClass }: Refusal, words: string, what: string): string => {
  const remedy = REMEDIES[failureClass];
  return `Dataverse refused to ${what} (HTTP ${status}${code && ` ${code}`}): ${words}${remedy ? ` ${remedy}` : ''}`;
};

/** Refusals that speak of limits, identities and names in the schema. Any other may quote a row, a plug-in's above all. */
const SPEAKS_OF_NO_ROW: ReadonlySet<FailureClass> = new Set([
  'throttle',
  'customizationLock',
  'schemaLag',
  'unauthorized',
  'identityRefused',
  'privilege',
  'unsupported',
  'expired',
  'duplicate',
]);

/** The service's words as far as a log or trace may repeat them; what never reached the service is told in full. */
export const loggableWords = ({ status, message, failureClass }: Refusal): string =>
  status === 0 || SPEAKS_OF_NO_ROW.has(failureClass) ? message : "the service's words are not logged";

const REMEDIES: Partial<Record<FailureClass, string>> = {
  privilege: 'Grant the application user a security role with this privilege at organization level.',
  identityRefused: 'Add an enabled application user for this client id to the environment and give it a security role.',
  unauthorized: 'Check that the identity belongs to the tenant of this environment.',
  schemaLag: 'Check that the column exists and is spelled as its metadata spells it.',
};

const THROTTLES: Readonly<Record<string, ThrottleCause>> = {
  '0x80072322': 'requests',
  '0x80072321': 'executionTime',
  '0x80072326': 'concurrency',
};

/** Codes whose meaning does not depend on the message. */
const BY_CODE: Readonly<Record<string, FailureClass>> = {
  '0x80072322': 'throttle',
  '0x80072321': 'throttle',
  '0x80072326': 'throttle',
  '0x80071151': 'customizationLock',
  '0x80044151': 'tooLarge',
  '0x8004418a': 'tooLarge',
  '0x80040255': 'transient',
  '0x80040216': 'transient',
  '0x80044352': 'expired',
  '0x80047013': 'duplicate',
  // Plug-in faults: their texts are free, so they are known by code alone.
  '0x80040265': 'row',
  '0x80040224': 'row',
  '0x8004418d': 'row',
  '0x8004f507': 'privilege',
  '0x80048306': 'privilege',
  '0x80072560': 'identityRefused',
  '0x80040225': 'identityRefused',
  '0x8004e023': 'request',
};

/** Texts, tried in order; where the service publishes no code, or one code for several faults. */
const BY_TEXT: readonly (readonly [RegExp, FailureClass])[] = [
  [/message size exceeded when sending context to sandbox/i, 'tooLarge'],
  [/right\(s\) for record with id/i, 'row'],
  // It is the owner that a row was to have who lacks the privilege, not whoever writes it: other rows have other owners.
  [/Privilege Check For Owner failed/i, 'row'],
  [/is missing .*privilege|CrmCheckPrivilege failed/i, 'privilege'],
  [/'odata\.bind' instance or property annotation has a null value/i, 'nullRefused'],
  [/stream was not readable/i, 'request'],
  [/an undeclared property '|could not find a property named '|invalid property '/i, 'schemaLag'],
  [
    /has not yet been implemented|no http resource was found|is not enabled on the entity|does not support entities of type/i,
    'unsupported',
  ],
  [/resource not found for the segment/i, 'unsupported'],
  [/there is no active transaction/i, 'request'],
];

/** SQL numbers behind the code 0x80044150: deadlock, and the three of a table whose bulk procedures are being built. */
const classifySql = (message: string): FailureClass => {
  const number = /Sql Number:\s*(-?\d+)/i.exec(message)?.[1];
  if (number === '1205') return 'transient';
  if (number === '-2') return 'tooLarge';
  return number === '3732' || number === '2766' || number === '2812' ? 'bulkRace' : 'request';
};

/** Sorts a refusal. The one place that knows the service's codes and texts. */
export function classify(status: number, code: string, message: string): FailureClass {
  const known = BY_CODE[code];
  if (known) return known;
  if (code === '0x80044150') return classifySql(message);
  if (code === '0x80040299') return /For Owner failed/i.test(message) ? 'row' : 'privilege';
  if (code === '0x80131501') return /sql/i.test(message) ? 'transient' : 'row';
  for (const [text, meaning] of BY_TEXT) if (text.test(message)) return meaning;
  if (status === 429) return 'throttle';
  if (status === 401) return 'unauthorized';
  if (status === 408 || status >= 500) return status === 501 ? 'unsupported' : 'transient';
  if (status === 413) return 'tooLarge';
  if (code === '0x80040220') return 'privilege';
  if (code === '0x80048d19' || code === '0x80060888' || code === '0x8006088a' || status === 405) return 'request';
  // Anything else of the 400 class may be one row's fault: isolating it costs a few requests, giving up costs all rows.
  return 'row';
}

/** Reads a refusal's body, `{"error":{"code","message"}}`; anything else counts as a message without a code. */
export function readRefusal(status: number, body: string): Refusal {
  let code = '';
  let message = body.slice(0, 500);
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code === 'string') code = error.code.toLowerCase();
    if (typeof error?.message === 'string') message = error.message;
  } catch {
    // A gateway's HTML page, or nothing: the status alone must do.
  }
  return { status, code, message, failureClass: classify(status, code, message) };
}

/** The limit behind a throttle refusal; a 429 with an unknown code is taken for the number of requests. */
export const throttleCause = ({ code }: Refusal): ThrottleCause => THROTTLES[code] ?? 'requests';

const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** The rows, of those a request was about, that its refusal says do not exist. Ids in lower case. */
export function missingRows({ message }: Refusal): readonly string[] {
  if (!/\bWith Ids? = .*\bDo(?:es)? Not Exist/is.test(message)) return [];
  return (message.match(GUID) ?? []).map((id) => id.toLowerCase());
}
