import { describe, expect, it } from 'vitest';
import { readNumber, readRetryAfter } from '../../shared/dataverse/answer-headers.ts';
import type { FailureClass } from '../../shared/dataverse/classify.ts';
import { readRefusal, ServiceFailure } from '../../shared/dataverse/service-failure.ts';
import { isTerminalError } from '../../shared/errors.ts';
import { fault, guid } from './fake-http.ts';

const sql = (number: number): string =>
  `Sql error: Generic SQL error. CRM ErrorCode: -2147204784 Sql ErrorCode: -2146232060 Sql Number: ${number}`;

/** The published errors: status, code, message, and what they mean for the sender. */
const catalogue: readonly (readonly [number, string, string, FailureClass])[] = [
  [429, '0x80072322', 'Number of requests exceeded the limit of 6000 over time window of 300 seconds.', 'throttle'],
  [
    429,
    '0x80072321',
    'Combined execution time of incoming requests exceeded limit of 1,200,000  milliseconds.',
    'throttle',
  ],
  [429, '0x80072326', 'Number of concurrent requests exceeded the limit of 52.', 'throttle'],
  [429, '', '', 'throttle'],
  [429, '0x80071151', 'Cannot start another [EntityCustomization] because there is one.', 'customizationLock'],
  [503, '', '<html>Service Unavailable</html>', 'transient'],
  [408, '', '', 'transient'],
  [400, '0x80044150', sql(1205), 'transient'],
  [400, '0x80044150', sql(3732), 'bulkRace'],
  [400, '0x80044150', sql(2766), 'bulkRace'],
  [400, '0x80044150', sql(2812), 'bulkRace'],
  [400, '0x80044150', sql(8114), 'transient'],
  [400, '0x80044150', sql(40613), 'transient'],
  [400, '0x80044150', sql(547), 'row'],
  [400, '0x80044150', sql(8115), 'row'],
  [400, '0x80048644', 'This query cannot be executed because of leading wildcards.', 'throttle'],
  [403, '0x80095ffc', 'Access to Dataverse API is restricted for this application Id', 'organisation'],
  [403, '0x80048306', 'SecLib::AccessCheckEx failed. Returned hr = -2147187962, ObjectID: x', 'row'],
  [401, '0x80048306', 'is missing prvReadContact privilege', 'unauthorized'],
  [400, '0x80040265', 'User is missing prvWriteContact privilege', 'row'],
  [500, '0x80040265', 'User is missing prvWriteContact privilege', 'transient'],
  [400, '0x80040225', 'The specified user is disabled.', 'unknown'],
  [400, '0x80040251', 'There is no active transaction.', 'transient'],
  [400, '0x80099999', 'Something new.', 'unknown'],
  [404, '0x80099999', 'Something new.', 'missing'],
  [500, '0x80044151', 'Sql error: SQL timeout expired.', 'tooLarge'],
  [413, '0x8004418A', 'Request too large.', 'tooLarge'],
  [500, '', 'Message size exceeded when sending context to Sandbox', 'tooLarge'],
  [400, '0x80040255', 'The transaction of the SQL command has already been rolled back or committed.', 'transient'],
  [500, '0x80131501', 'A SQL error.', 'transient'],
  [400, '0x80040265', 'Profile link rejected.', 'row'],
  [400, '0x8004418D', 'The sandbox worker crashed.', 'row'],
  [404, '0x80040217', `contact With Id = ${guid(1)} Does Not Exist`, 'missing'],
  [404, '', `contact With Id = ${guid(1)} Does Not Exist`, 'missing'],
  [400, '0x80044331', 'A validation error occurred.  The length of the column exceeded the maximum.', 'row'],
  [403, '', `Principal with id ${guid(1)} does not have WriteAccess right(s) for record with id ${guid(2)}.`, 'row'],
  [403, '0x8004f507', 'Caller user with Id x does not have update permissions to a Email secured field.', 'privilege'],
  [403, '0x80040220', 'Principal user [...], is missing prvWriteContact privilege [...] on OTC=2', 'privilege'],
  [403, '0x80048306', 'Principal user [...], is missing prvAppend privilege', 'privilege'],
  [403, '0x80040299', 'Read Privilege Check For Owner failed', 'row'],
  [
    403,
    '0x80040299',
    'CrmCheckPrivilege failed. Returned hr = -2147220839 on UserId: u and Privilege: prvX',
    'privilege',
  ],
  [403, '0x80040299', '', 'row'],
  [403, '0x80072560', 'The user is not a member of the organization.', 'identityRefused'],
  [401, '', '', 'unauthorized'],
  [400, '0x80048d19', "… An undeclared property 'x' which only has property annotations in the payload …", 'schemaLag'],
  [400, '0x0', "Could not find a property named 'x' on type 'Microsoft.Dynamics.CRM.contact'.", 'schemaLag'],
  [400, '0x80048d19', '… System.ArgumentException: Stream was not readable. …', 'unknown'],
  [400, '0x80048d19', "The 'odata.bind' instance or property annotation has a null value.", 'nullRefused'],
  [404, '', "No HTTP resource was found that matches the request URI '…'.", 'unsupported'],
  [404, '0x8006088a', "Resource not found for the segment 'Contact'.", 'unsupported'],
  [400, '', 'The method is not enabled on the entity team.', 'unsupported'],
  [400, '0x80044352', 'Version stamp associated with the client has expired. Please perform a full sync.', 'expired'],
  [400, '0x80047013', 'DuplicateAttributeSchemaName', 'duplicate'],
];

describe('refusals', () => {
  it.each(catalogue)('%i %s %s is %s', (status, code, message, expected) => {
    expect(readRefusal(status, JSON.stringify(fault(code, message))).failureClass).toBe(expected);
  });

  it('makes do with the status where a gateway answers in HTML', () => {
    const refusal = readRefusal(502, '<html><body>Bad Gateway</body></html>');

    expect(refusal).toMatchObject({ code: '', failureClass: 'transient' });
  });

  it.each([200, 302, 403, 404])('takes a page that is not JSON (%i) for one of somebody on the way', (status) => {
    expect(readRefusal(status, '<html>Sign in</html>')).toMatchObject({
      isService: false,
      failureClass: 'organisation',
    });
  });

  it('is a terminal error that tells what was tried, what came back and what to do', () => {
    const refusal = readRefusal(403, JSON.stringify(fault('0x80040220', 'is missing prvWriteContact privilege')));
    const failure = new ServiceFailure(refusal, 'update contacts');

    expect(isTerminalError(failure)).toBe(true);
    expect(failure.message).toMatch(/update contacts .*403 0x80040220.*prvWriteContact.*Grant/);
  });
});

describe('headers', () => {
  it('reads numbers with thousands separators', () => {
    expect([
      readNumber('1,200.00'),
      readNumber('7999'),
      readNumber(''),
      readNumber(undefined),
      readNumber('x'),
    ]).toEqual([1200, 7999, undefined, undefined, undefined]);
  });

  it('reads Retry-After in seconds and as a date', () => {
    expect([readRetryAfter('12'), readRetryAfter('0'), readRetryAfter(''), readRetryAfter('soon')]).toEqual([
      12_000,
      0,
      undefined,
      undefined,
    ]);
    expect(readRetryAfter(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(58_000);
  });
});
