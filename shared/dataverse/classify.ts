/**
 * What a refused request means for the one who sent it.
 *
 * - `throttle`: a service protection limit, or one on queries; wait, then the same again
 * - `customizationLock`: another customization runs; a 429 that is no throttling
 * - `transient`: the same again may succeed
 * - `tooLarge`: fewer rows at once may succeed
 * - `bulkRace`: the server is still building what the table's bulk messages need
 * - `schemaLag`: a name this request uses is unknown; soon after a schema change the server may not know it yet
 * - `unauthorized`: the token was not accepted
 * - `identityRefused`: the identity may do nothing at all here
 * - `privilege`: the identity may not do this kind of thing to this table
 * - `organisation`: the organisation, or something on the way to it, refuses the app; no row's fault
 * - `unsupported`: the table has no such message
 * - `nullRefused`: clearing a lookup is not accepted in this form
 * - `expired`: the starting point of a list of changes is no longer known
 * - `duplicate`: the column or relationship exists
 * - `missing`: a row is said not to exist; reading tells whether that is so
 * - `row`: a row's fault; without that row the request may succeed
 * - `unknown`: anything else; it may be any of the above
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
  | 'organisation'
  | 'unsupported'
  | 'nullRefused'
  | 'expired'
  | 'duplicate'
  | 'missing'
  | 'row'
  | 'unknown';

/** What came back, in the order in which it is believed. */
export interface Evidence {
  /** HTTP status; 0 where no complete answer came. */
  readonly status: number;
  /** The body is JSON in the service's own form. Else a gateway, a proxy or a sign-in page speaks. */
  readonly isService: boolean;
  /** `0x…`, lower case; empty where the service gave none. */
  readonly code: string;
  readonly message: string;
}

/** Codes whose meaning does not depend on the message. */
const byCode: Readonly<Record<string, FailureClass>> = {
  '0x80072322': 'throttle',
  '0x80072321': 'throttle',
  '0x80072326': 'throttle',
  // Refusals of some of the attempts to run a costly query.
  '0x80048544': 'throttle',
  '0x80048644': 'throttle',
  '0x80048744': 'throttle',
  '0x80048745': 'throttle',
  '0x80071151': 'customizationLock',
  '0x80044151': 'tooLarge',
  '0x8004418a': 'tooLarge',
  '0x80040255': 'transient',
  '0x80040216': 'transient',
  '0x80040251': 'transient',
  '0x80072323': 'transient',
  '0x80072324': 'transient',
  '0x8004a001': 'transient',
  '0x8004ed47': 'transient',
  '0x80044352': 'expired',
  '0x80047013': 'duplicate',
  // Plug-ins: whatever their texts say is third parties' speech about one row's write.
  '0x80040265': 'row',
  '0x80040224': 'row',
  '0x8004418d': 'row',
  '0x80044331': 'row',
  '0x80060882': 'row',
  '0x80040237': 'row',
  '0x80060892': 'row',
  '0x80040333': 'row',
  '0x80040221': 'row',
  '0x80040217': 'missing',
  '0x80060891': 'missing',
  '0x8004f507': 'privilege',
  '0x80072560': 'identityRefused',
  '0x80040225': 'identityRefused',
};

/** Codes of a refused access, whether to a kind of row or to one row: only the platform's own words tell which. */
const accessCodes: ReadonlySet<string> = new Set(['0x80040220', '0x80048306', '0x80040299']);

/** The platform's words for an access refused to the caller as such. */
const namesPrivilege = /\bis missing prv\w{1,100} privilege|\bmissing [^.]{0,100}\bprivilege|CrmCheckPrivilege failed/i;
/** Its words for an access refused to one row, or to the owner that one row was to have. */
const namesRow = /AccessCheckEx|ObjectID|right\(s\) for record with id|Check For Owner failed|Principal team/i;

/** Words that have the same request done more carefully: in smaller parts, in another form, or later. */
const byWords: readonly (readonly [RegExp, FailureClass])[] = [
  [/message size exceeded when sending context to sandbox/i, 'tooLarge'],
  [/'odata\.bind' instance or property annotation has a null value/i, 'nullRefused'],
  [/an undeclared property '|could not find a property named '|invalid property '/i, 'schemaLag'],
  [
    /has not yet been implemented|no http resource was found|is not enabled on the entity|does not support entities of type|resource not found for the segment/i,
    'unsupported',
  ],
  [/there is no active transaction/i, 'transient'],
];

/** SQL numbers behind 0x80044150 that are a row's own fault: a broken constraint, a number too large. */
const sqlOfARow: ReadonlySet<string> = new Set(['547', '8115']);
/** Those of a table whose bulk procedures are being built. */
const sqlOfARace: ReadonlySet<string> = new Set(['3732', '2766', '2812']);

/** Any other number passes: most are failovers and deadlocks, and what stays is found by isolating rows. */
function classifySql(message: string): FailureClass {
  const number = /Sql Number:[ ]{0,5}(-?\d{1,10})/i.exec(message)?.[1] ?? '';
  if (sqlOfARow.has(number)) return 'row';
  if (sqlOfARace.has(number)) return 'bulkRace';
  return number === '-2' ? 'tooLarge' : 'transient';
}

/** What the service says by its code, and by its words where the code leaves room for them. */
function classifyCode({ status, code, message }: Evidence): FailureClass | undefined {
  const known = byCode[code];
  if (known) return known;
  if (code === '0x80044150') return classifySql(message);
  if (code === '0x80131501') return /sql/i.test(message) ? 'transient' : undefined;
  if (accessCodes.has(code)) return namesPrivilege.test(message) && !namesRow.test(message) ? 'privilege' : 'row';
  if (status === 403) return namesRow.test(message) ? 'row' : undefined;
  for (const [words, meaning] of byWords) if (words.test(message)) return meaning;
  return undefined;
}

/** What a 5xx or 408 may still mean besides that it passes. */
const passingMeanings: ReadonlySet<FailureClass> = new Set(['throttle', 'customizationLock', 'tooLarge', 'bulkRace']);

/**
 * Sorts a refusal by the order of evidence: status, media type, code, words. The one place that knows the service's
 * codes and texts. Words only ever make us more careful: none alone makes a refusal one of the identity.
 */
export function classify(evidence: Evidence): FailureClass {
  const { status, isService } = evidence;
  if (status === 401) return 'unauthorized';
  const meaning = isService ? classifyCode(evidence) : undefined;
  if (status === 429) return meaning === 'customizationLock' ? meaning : 'throttle';
  if (status === 413) return 'tooLarge';
  if (status === 0 || status === 408 || status >= 500) {
    if (status === 501 && isService) return 'unsupported';
    return meaning !== undefined && passingMeanings.has(meaning) ? meaning : 'transient';
  }
  if (!isService || status < 400) return 'organisation';
  if (status === 403) return meaning ?? 'organisation';
  // The service refuses an identity with 403; another status is somebody's inner call that went wrong.
  if (meaning === 'privilege' || meaning === 'identityRefused') return 'unknown';
  return meaning ?? (status === 404 ? 'missing' : 'unknown');
}
