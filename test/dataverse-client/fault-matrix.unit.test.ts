import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowUpdate, TableMetadata, UpdateReport } from '../../shared/dataverse/dataverse.ts';
import { isMissingPrivilege, readRefusal } from '../../shared/dataverse/service-failure.ts';
import { isRetryableError, isTerminalError } from '../../shared/errors.ts';
import { contact, createFakeDataverse, type FakeAnswer, guid, type SeenRequest } from './fake-http.ts';
import { json, pretendTable, refuse } from './pretended-table.ts';

const NAV = 'msdynci_lookupfield_customerprofile';
const updates = (count: number): RowUpdate[] =>
  Array.from({ length: count }, (_, n) => ({
    id: guid(n),
    values: { [`${NAV}@odata.bind`]: `/msdynci_customerprofiles(${guid(n + 1e6)})` },
  }));

/** The table of SPEC.md: what each kind of refusal comes to, by what meets it. */
const spec = readFileSync(new URL('../../SPEC.md', import.meta.url), 'utf8');
const [header = [], , ...lines] = (/^\| taken for.*\n(?:\|.*\n)+/m.exec(spec)?.[0] ?? '')
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const rule = new Map(lines.map((cells) => [cells[1], new Map(header.map((name, at) => [name, cells[at]]))]));

const sql = (number: number) => `Sql error: Generic SQL error. CRM ErrorCode: -2147204784 Sql Number: ${number}`;
const page = (status: number, type: string, body: string): FakeAnswer => ({
  status,
  headers: type === '' ? {} : { 'Content-Type': type },
  body,
});

/** Every published refusal, and every shape of an unlisted one. */
const shapes: readonly (readonly [string, FakeAnswer])[] = [
  ...(
    [
      [429, '0x80072322', 'Number of requests exceeded the limit of 6000 over time window of 300 seconds.'],
      [429, '0x80072321', 'Combined execution time of incoming requests exceeded limit.'],
      [429, '0x80072326', 'Number of concurrent requests exceeded the limit of 52.'],
      [429, '0x80071151', 'Cannot start another [EntityCustomization].'],
      [400, '0x80048544', 'This query cannot be executed.'],
      [400, '0x80048644', 'This query cannot be executed because of leading wildcards.'],
      [400, '0x80048744', 'This query cannot be executed.'],
      [400, '0x80048745', 'This query cannot be executed.'],
      ...[1205, 40613, 10928, 49918, 208, 547, 8115, -2, 3732, 2766, 2812].map(
        (number) => [400, '0x80044150', sql(number)] as const,
      ),
      [500, '0x80044151', 'Sql error: SQL timeout expired.'],
      [413, '0x8004418A', 'Request too large.'],
      [400, '', 'Message size exceeded when sending context to Sandbox'],
      [400, '0x80040255', 'The transaction has already been rolled back.'],
      [400, '0x80040251', 'There is no active transaction.'],
      [400, '0x80072323', 'Server is busy.'],
      [400, '0x80072324', 'Server is busy.'],
      [400, '0x8004a001', 'Server is busy.'],
      [400, '0x8004ed47', 'The lock could not be acquired in time.'],
      [500, '0x80040216', 'An unexpected error occurred.'],
      [400, '0x80131501', 'A SQL error.'],
      [400, '0x80131501', 'Something in .NET.'],
      [400, '0x80040265', 'Profile link rejected.'],
      [403, '0x80040265', 'is missing prvWriteContact privilege'],
      [401, '0x80040265', 'A plug-in says 401.'],
      [400, '0x80040224', `account With Id = ${guid(7)} Does Not Exist`],
      [400, '0x8004418d', 'The sandbox worker crashed.'],
      [400, '0x80044331', 'A validation error occurred.'],
      [404, '0x80040217', `contact With Id = ${guid(42)} Does Not Exist`],
      [404, '0x80060891', 'A record with the specified key values does not exist.'],
      [412, '0x80060882', 'The version of the existing record does not match.'],
      [412, '0x80040237', 'Cannot insert duplicate key.'],
      [412, '0x80040333', 'A duplicate of the current record already exists.'],
      [403, '', `Principal with id ${guid(1)} does not have WriteAccess right(s) for record with id ${guid(2)}.`],
      [403, '0x8004f507', 'Caller user does not have update permissions to a secured field.'],
      [403, '0x80040220', "Principal user (Id=x, type=8) is missing prvWriteContact privilege on entity 'contact'"],
      [403, '0x80048306', 'Principal user [...], is missing prvAppendContact privilege'],
      [403, '0x80048306', 'SecLib::AccessCheckEx failed. ObjectID: x'],
      [403, '0x80040220', 'Principal team (Id=x, type=9) is missing prvReadContact privilege'],
      [403, '0x80040299', 'Read Privilege Check For Owner failed'],
      [403, '0x80072560', 'The user is not a member of the organization.'],
      [403, '0x80040225', 'The specified user is disabled.'],
      [400, '0x80040225', 'The specified user is disabled.'],
      [401, '0x80048306', 'is missing prvReadContact privilege'],
      [400, '0x80048d19', "An undeclared property 'x' which only has property annotations in the payload"],
      [400, '0x0', "Could not find a property named 'x' on type 'Microsoft.Dynamics.CRM.contact'."],
      [400, '0x80048d19', 'System.ArgumentException: Stream was not readable.'],
      [400, '0x80048d19', "The 'odata.bind' instance or property annotation has a null value."],
      [404, '0x8006088a', "Resource not found for the segment 'Contact'."],
      [400, '0x80060888', 'URL was not parsed due to an ODataUnrecognizedPathException.'],
      [404, '', "No HTTP resource was found that matches the request URI '…'."],
      [400, '0x80044352', 'Version stamp associated with the client has expired.'],
      [400, '0x80047013', 'DuplicateAttributeSchemaName'],
      [400, '0x8004e023', 'The maximum record limit is exceeded.'],
      [400, '0x80044195', 'The language code 1033 is not a valid language for this organization.'],
      [403, '0x80095ffc', 'Access to Dataverse API is restricted for this application Id'],
      ...[
        400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 413, 415, 422, 429, 451, 500, 501, 502, 503, 504, 599,
      ].flatMap((status) =>
        ['', '0x80099999'].flatMap((code) =>
          ['', 'Something new.', 'is missing prvWriteContact privilege'].map((words) => [status, code, words] as const),
        ),
      ),
    ] as const
  ).map(([status, code, words]): readonly [string, FakeAnswer] => [
    `${status} ${code} ${words}`,
    refuse(status, code, words),
  ]),
  ...[200, 203, 302, 307, 400, 401, 403, 404, 429, 500, 502, 503].flatMap((status) =>
    (
      [
        ['text/html', '<html>Sign in, or is missing prvWriteContact privilege</html>'],
        ['text/plain', 'Does Not Exist'],
        ['', ''],
        ['application/json', '"is missing"'],
        ['application/xml', '<error/>'],
      ] as const
    )
      // An empty answer without a type says nothing against a read of JSON: it is no JSON, so it says nothing at all.
      .map(([type, body]): readonly [string, FakeAnswer] => [`${status} ${type} ${body}`, page(status, type, body)]),
  ),
];

/** What SPEC.md says of an answer. */
function ruleFor(answer: FakeAnswer) {
  const { body } = answer;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { failureClass, isService } = readRefusal(answer.status ?? 200, text);
  const name = failureClass === 'organisation' && isService ? 'blocked' : failureClass;
  const found = rule.get(name);
  if (found === undefined) throw new Error(`SPEC.md says nothing of ${name}.`);
  return found;
}

const outcomeOf = (error: unknown): string => {
  if (isMissingPrivilege(error)) return 'privilege';
  if (isRetryableError(error)) return 'later';
  return isTerminalError(error) ? 'failed' : `thrown: ${error}`;
};

async function read(answer: FakeAnswer, times: number): Promise<string> {
  let told = 0;
  const { dataverse } = createFakeDataverse(() => (++told <= times ? answer : json({ value: [] })));
  const request = { entitySetName: 'contacts', select: ['contactid'], pageSize: 10 };
  return dataverse.readPage(request).then(() => 'done', outcomeOf);
}

const ROWS = 300;

function written({ stopped, written: rows, failed, gone }: UpdateReport): string {
  if (stopped !== undefined) return outcomeOf(stopped);
  if (rows.length === ROWS) return 'done';
  return rows.length === ROWS - 1 && failed[0]?.id === guid(42) && gone.length === 0 ? 'row' : 'wrong';
}

/** The whole request is refused, so many times. */
async function writeAll(answer: FakeAnswer, times: number): Promise<string> {
  const table = pretendTable(() => undefined);
  let told = 0;
  const { dataverse } = createFakeDataverse((request) =>
    request.method === 'POST' && ++told <= times ? answer : table.respond(request),
  );
  return written(await dataverse.update({ table: contact, rows: updates(ROWS) }));
}

/** One row refuses whatever it travels in, or its own part of a batch. */
async function writeOne(answer: FakeAnswer, refuses: 'request' | 'part'): Promise<string> {
  const table = pretendTable((row) => (row === 42 ? answer : undefined));
  const { dataverse } = createFakeDataverse((request) =>
    refuses === 'request' && request.method === 'POST' && request.body.includes(guid(42))
      ? answer
      : table.respond(request),
  );
  return written(await dataverse.update({ table: contact, rows: updates(ROWS) }));
}

async function define(answer: FakeAnswer, times: number): Promise<string> {
  let told = 0;
  const profile: TableMetadata = { ...contact, logicalName: 'msdynci_customerprofile' };
  const { dataverse } = createFakeDataverse(({ path, method }: SeenRequest) => {
    if (path.startsWith('organizations')) return json({ value: [{ languagecode: 1031 }] });
    if (method === 'POST') {
      return ++told <= times ? answer : { status: 204, headers: { 'OData-Version': '4.0' }, body: '' };
    }
    const definition = {
      LogicalName: 'contact',
      ManyToOneRelationships: [{ ReferencingAttribute: NAV, ReferencedEntity: 'msdynci_customerprofile' }],
      Attributes: [{ LogicalName: NAV, AttributeType: 'Lookup' }],
    };
    return json({ value: [definition] });
  });
  const lookup = { table: contact, referencedTable: profile, schemaName: NAV, displayName: 'x', description: 'x' };
  return dataverse
    .createLookup({ ...lookup, relationshipSchemaName: 'msdynci_customerprofile_contact' })
    .then((outcome) => (outcome === 'created' ? 'done' : outcome), outcomeOf);
}

describe('every answer of Dataverse', () => {
  it.each(shapes)('I15 %s comes to what SPEC.md says', async (_, answer) => {
    const expected = ruleFor(answer);
    const always = Number.POSITIVE_INFINITY;

    expect({
      'read once': await read(answer, 1),
      'read for ever': await read(answer, always),
      'all rows once': await writeAll(answer, 1),
      'all rows for ever': await writeAll(answer, always),
      'one row for ever': await writeOne(answer, 'part'),
      'definition once': await define(answer, 1),
      'definition for ever': await define(answer, always),
    }).toEqual(Object.fromEntries([...expected].filter(([name = '']) => / (once|for ever)$/.test(name))));
  });

  it.each(shapes)('%s for a while is waited for', async (_, answer) => {
    const expected = ruleFor(answer);

    // What refuses the app itself is believed after a few requests.
    expect([expected.get('all rows once'), expected.get('all rows for ever')]).toContain(await writeAll(answer, 2));
  });

  it.each(shapes.filter(([, answer]) => ruleFor(answer).get('one row for ever') === 'row'))(
    '%s stays with the one row that refuses every request it is in',
    async (_, answer) => {
      expect(await writeOne(answer, 'request')).toBe('row');
    },
  );

  it('I15 calls no row written that is not, and none gone that exists, whatever comes', async () => {
    const shape = fc.constantFrom(undefined, undefined, undefined, ...shapes.map(([, answer]) => answer));
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 1, maxLength: 40 }),
        fc.array(shape, { maxLength: 12 }),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        fc.boolean(),
        async (ofRows, ofRequests, isThere, bulk) => {
          const table = pretendTable((row, tries) => ofRows[(row + 7 * tries) % ofRows.length], {
            bulk,
            exists: (row) => isThere[row] === true,
          });
          let told = 0;
          const { dataverse } = createFakeDataverse((request) =>
            request.method === 'POST' ? (ofRequests[told++] ?? table.respond(request)) : table.respond(request),
          );
          const report = await dataverse.update({ table: contact, rows: updates(40) });

          const ids = [...report.written, ...report.gone, ...report.failed.map(({ id }) => id), ...report.unsent];
          expect(ids.sort()).toEqual(updates(40).map(({ id }) => id));
          for (const id of report.written) expect(table.written.has(id)).toBe(true);
          for (const id of report.gone) expect(isThere[Number.parseInt(id.slice(-12), 16)]).toBe(false);
          if (report.unsent.length > 0) expect(report.stopped).toBeDefined();
          if (report.stopped !== undefined) expect(outcomeOf(report.stopped)).toMatch(/^(later|failed|privilege)$/);
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);
});
