import { describe, expect, it } from 'vitest';
import type { RowUpdate } from '../../shared/dataverse/dataverse.ts';
import { isMissingPrivilege } from '../../shared/dataverse/service-failure.ts';
import { isRetryableError, isTerminalError } from '../../shared/errors.ts';
import { contact, createFakeDataverse, guid } from './fake-http.ts';
import { gatewayPage, json, pretendTable, refuse } from './pretended-table.ts';

const NAV = 'msdynci_lookupfield_customerprofile';
const updates = (count: number): RowUpdate[] =>
  Array.from({ length: count }, (_, n) => ({
    id: guid(n),
    values: { [`${NAV}@odata.bind`]: `/msdynci_customerprofiles(${guid(n + 1e6)})` },
  }));
const readPage = { entitySetName: 'contacts', select: ['contactid'], pageSize: 10 };
const sql = (number: number) =>
  `Sql error: Generic SQL error. CRM ErrorCode: -2147204784 Sql ErrorCode: -2146232060 Sql Number: ${number}`;
const BAD = refuse(400, '0x80040265', 'Profile link rejected.');

async function write(table: ReturnType<typeof pretendTable>, rows: number) {
  const fake = createFakeDataverse(table.respond);
  const report = await fake.dataverse.update({ table: contact, rows: updates(rows) });
  return { ...fake, report };
}

describe('one row that is refused', () => {
  const own = [
    ['a validation error', 400, '0x80044331', 'The length of the column exceeded the maximum.'],
    ['a plug-in that speaks of privileges', 400, '0x80040265', 'User is missing prvWriteContact privilege'],
    ['a plug-in that chose status 403', 403, '0x80040265', 'is missing prvWriteContact privilege'],
    ['a plug-in that chose status 401 in words', 400, '0x80040265', 'HTTP 401 unauthorized'],
    ['a plug-in that speaks of missing rows', 400, '0x80040265', `account With Id = ${guid(7)} Does Not Exist`],
    ['an access check on the row', 403, '0x80048306', 'SecLib::AccessCheckEx failed. ObjectID: x, Rights: 2'],
    ['an access check with the other code', 403, '0x80040220', 'SecLib::AccessCheckEx failed. ObjectID: x'],
    ['a right on the record', 403, '', `Principal with id ${guid(1)} does not have WriteAccess right(s) for record`],
    [
      'the privilege of a new owner',
      403,
      '0x80040220',
      `Principal team (Id=${guid(1)}, type=9) is missing prvReadContact privilege on entity 'contact'`,
    ],
    ['a disabled new owner', 400, '0x80040225', 'The specified user is disabled.'],
    ['an unlisted code', 400, '0x80099999', 'Something new.'],
    ['an unlisted 403', 403, '0x80099999', 'Something new.'],
    ['no code at all', 400, '', 'The service is unhappy.'],
    ['an SQL fault of its own', 400, '0x80044150', sql(547)],
    ['an SQL fault for ever', 400, '0x80044150', sql(40613)],
    ['an unexpected error for ever', 500, '0x80040216', 'An unexpected error occurred.'],
    ['a crash of the sandbox', 500, '0x8004418d', 'The plug-in execution failed because the Sandbox worker crashed.'],
    ['a name unknown for this row alone', 400, '0x80048d19', "An undeclared property 'x' which only has …"],
    ['an empty 404', 404, '', ''],
    ['a lock by another customization in its words', 400, '0x80040265', 'Cannot start another [EntityCustomization]'],
    ['a null in its words', 400, '0x80040265', "The 'odata.bind' instance or property annotation has a null value."],
    ['the size of the message', 400, '0x8004418a', 'Message size exceeded when sending context to Sandbox'],
  ] as const;
  it.each(own)('%s (%i %s): the others are written, it is named with its reason', async (_, status, code, words) => {
    const table = pretendTable((row) => (row === 42 ? refuse(status, code, words) : undefined));

    const { report } = await write(table, 300);

    expect(report.stopped).toBeUndefined();
    expect(report.written.length).toBe(299);
    expect(report.failed).toEqual([{ id: guid(42), code, message: words }]);
    expect(table.written.has(guid(42))).toBe(false);
  });

  it('is written by a later try where its refusal passes', async () => {
    const table = pretendTable((row, tries) =>
      row === 42 && tries < 3 ? refuse(404, '0x80040217', `contact With Id = ${guid(42)} Does Not Exist`) : undefined,
    );

    const { report } = await write(table, 300);

    expect(report.written.length).toBe(300);
  });

  it('is gone only if reading does not find it', async () => {
    const missing = (row: number) => refuse(404, '0x80040217', `Contact With Ids = ${guid(row)} Do Not Exist`);
    const table = pretendTable((row) => (row === 41 || row === 42 ? missing(row) : undefined), {
      exists: (row) => row !== 41,
    });

    const { report } = await write(table, 300);

    expect(report.gone).toEqual([guid(41)]);
    expect(report.failed.map(({ id }) => id)).toEqual([guid(42)]);
    expect(report.written.length).toBe(298);
  });
});

describe('all rows that are refused', () => {
  const PRIVILEGE = "Principal user (Id=x, type=8) is missing prvWriteContact privilege on entity 'contact'";

  it('a missing privilege is told as one, in a few requests', async () => {
    const table = pretendTable(() => refuse(403, '0x80040220', PRIVILEGE));
    const { report, seen } = await write(table, 5000);

    expect(report.stopped).toSatisfy(isMissingPrivilege);
    expect(report.stopped?.message).toMatch(/prvWriteContact.*Grant/);
    expect([report.failed.length, report.unsent.length]).toEqual([0, 5000]);
    expect(seen.length).toBeLessThan(16);
  });

  it('a missing privilege is not asked for without end where the rows that stood for all met something else', async () => {
    const table = pretendTable(() => refuse(403, '0x80040220', PRIVILEGE), { bulk: false });
    let told = 0;
    const { dataverse, seen } = createFakeDataverse((request) => {
      if (seen.length > 100) throw new Error('Asked without end.');
      return request.method === 'POST' && ++told === 2 ? BAD : table.respond(request);
    });
    const report = await dataverse.update({ table: contact, rows: updates(2) });

    expect(report.stopped).toSatisfy(isMissingPrivilege);
    expect([report.written.length, report.unsent.length]).toEqual([0, 2]);
    expect(seen.length).toBeLessThan(20);
  });

  it('a plug-in that refuses everything stops the table, in a few requests, with its words and a remedy', async () => {
    const table = pretendTable(() => BAD);
    const { report, seen } = await write(table, 5000);

    expect(report.stopped).toSatisfy((error) => isTerminalError(error) && !isMissingPrivilege(error));
    expect(report.stopped?.message).toMatch(/Profile link rejected\..*next run/);
    expect(report.failed.length + report.unsent.length).toBe(5000);
    expect(seen.length).toBeLessThan(20);
  });

  it('the next run begins with one small request, and goes on when it is through', async () => {
    let isRefusing = true;
    const table = pretendTable(() => (isRefusing ? BAD : undefined));
    const { dataverse, seen } = createFakeDataverse(table.respond);
    await dataverse.update({ table: contact, rows: updates(5000) });

    const before = seen.length;
    const again = await dataverse.update({ table: contact, rows: updates(5000) });
    expect(again.stopped).toSatisfy(isTerminalError);
    expect(seen.length - before).toBeLessThanOrEqual(2);
    expect(seen.at(-1)?.body.match(/PATCH/g)?.length).toBeLessThanOrEqual(10);

    isRefusing = false;
    const mended = await dataverse.update({ table: contact, rows: updates(5000) });
    expect(mended.written.length).toBe(5000);
  });

  it('bad rows that follow one another do not stop a table that has good ones', async () => {
    const table = pretendTable((row) => (row < 400 ? BAD : undefined));
    const { report } = await write(table, 3000);

    expect(report.stopped).toBeUndefined();
    expect([report.written.length, report.failed.length]).toEqual([2600, 400]);
  });

  it('an app that is shut out is told so, and not what to grant', async () => {
    const table = pretendTable(() => undefined);
    const { dataverse, seen } = createFakeDataverse((request) =>
      request.method === 'POST'
        ? refuse(403, '0x80095ffc', 'Access to Dataverse API is restricted for this application Id')
        : table.respond(request),
    );
    const { stopped, unsent } = await dataverse.update({ table: contact, rows: updates(1000) });

    expect(stopped).toSatisfy((error) => isTerminalError(error) && !isMissingPrivilege(error));
    expect(stopped?.message).toMatch(/restricted for this application/);
    expect(stopped?.message).not.toMatch(/Grant the application user/);
    expect(unsent.length).toBe(1000);
    expect(seen.length).toBeLessThan(40);
  });

  it.each([200, 302, 404, 502])('a page of a gateway (%i) is never taken for written rows', async (status) => {
    const table = pretendTable(() => undefined);
    const { dataverse } = createFakeDataverse((request) =>
      request.method === 'POST' ? gatewayPage(status) : table.respond(request),
    );
    const { stopped, written, failed, gone } = await dataverse.update({ table: contact, rows: updates(500) });

    expect(stopped).toSatisfy(isRetryableError);
    expect([written, failed, gone]).toEqual([[], [], []]);
  });

  it('a database that fails over is waited for', async () => {
    let asked = 0;
    const table = pretendTable(() => undefined);
    const { dataverse } = createFakeDataverse((request) =>
      request.method === 'POST' && ++asked <= 2 ? refuse(400, '0x80044150', sql(40613)) : table.respond(request),
    );
    const { written, stopped } = await dataverse.update({ table: contact, rows: updates(300) });

    expect([written.length, stopped]).toEqual([300, undefined]);
  });

  it('what was written before a table is stopped is told', async () => {
    let isOpen = true;
    const table = pretendTable(() => undefined);
    const { dataverse } = createFakeDataverse((request) => {
      if (request.method !== 'POST') return table.respond(request);
      if (!isOpen) return refuse(403, '0x80040220', PRIVILEGE);
      if (table.written.size >= 300) isOpen = false;
      return table.respond(request);
    });
    const report = await dataverse.update({ table: contact, rows: updates(3000) });

    expect(report.stopped).toSatisfy(isMissingPrivilege);
    expect(report.written.length).toBe(table.written.size);
    expect(report.written.length).toBeGreaterThanOrEqual(300);
  });
});

describe('isolation', () => {
  const costOf = async (isBad: (row: number) => boolean) => {
    const table = pretendTable((row) => (isBad(row) ? BAD : undefined));
    const { dataverse, seen } = createFakeDataverse(table.respond);
    let [written, failed] = [0, 0];
    for (let page = 0; page < 4; page++) {
      const rows = updates(20_000).slice(page * 5000, page * 5000 + 5000);
      const report = await dataverse.update({ table: contact, rows });
      written += report.written.length;
      failed += report.failed.length;
    }
    return { requests: seen.length, written, failed };
  };
  const scattered = (perThousand: number) => (row: number) => ((row * 7919) % 10_007) / 10 < perThousand;

  it.each([
    [1, 3],
    [10, 3],
    [50, 5],
  ])('%i bad rows in a thousand cost at most %i times the requests of none', async (perThousand, times) => {
    const none = await costOf(() => false);
    const some = await costOf(scattered(perThousand));

    expect(some.failed).toBeGreaterThan(0);
    expect(some.written + some.failed).toBe(20_000);
    expect(some.requests / none.requests).toBeLessThanOrEqual(times);
  });

  it('comes back to bulk messages when it is quiet', async () => {
    const table = pretendTable((row) => (row < 5000 && scattered(10)(row) ? BAD : undefined));
    const { dataverse, seen } = createFakeDataverse(table.respond);
    await dataverse.update({ table: contact, rows: updates(5000) });
    const before = seen.length;
    await dataverse.update({ table: contact, rows: updates(25_000).slice(5000) });

    const kinds = seen.slice(before).map(({ path }) => path.includes('UpdateMultiple'));
    expect(kinds.filter(Boolean).length).toBeGreaterThan(kinds.length / 2);
  });
});

describe('reads', () => {
  const passing = [
    refuse(403, '0x80095ffc', 'Access to Dataverse API is restricted for this application Id'),
    refuse(400, '0x80044150', sql(40613)),
    refuse(400, '0x80060888', 'URL was not parsed due to an ODataUnrecognizedPathException.'),
    refuse(404, '', 'No HTTP resource was found that matches the request URI.'),
    refuse(400, '0x80048644', 'This query cannot be executed: leading wildcard.'),
    refuse(400, '0x80048744', 'This query cannot be executed.'),
    gatewayPage(200),
    gatewayPage(302),
    gatewayPage(403),
    { status: 0 },
  ];
  it.each(passing)('meet with patience what may pass: %j', async (answer) => {
    const { dataverse } = createFakeDataverse((_, count) =>
      count < 4 ? answer : json({ value: [{ contactid: '1' }] }),
    );

    await expect(dataverse.readPage(readPage)).resolves.toMatchObject({ rows: [{ contactid: '1' }] });
  });

  it('401 is a matter of the token, whatever the code in its body', async () => {
    const { dataverse } = createFakeDataverse(() => refuse(401, '0x80048306', 'is missing prvReadContact privilege'));

    const reading = dataverse.readPage(readPage);

    await expect(reading).rejects.toSatisfy((error) => isTerminalError(error) && !isMissingPrivilege(error));
    await expect(reading).rejects.not.toThrow(/security role with this privilege/);
  });

  it('whatever refuses a stored link means that all is read again', async () => {
    const link = 'https://org.example/api/data/v9.2/contacts?$select=contactid&$deltatoken=919042%2101';
    for (const answer of [
      refuse(400, '0x80044352', 'Version stamp associated with the client has expired.'),
      refuse(400, '0x80040203', 'Invalid delta token.'),
      refuse(410, '', 'Gone.'),
    ]) {
      const { dataverse } = createFakeDataverse(({ path }) =>
        path.includes('deltatoken') ? answer : json({ value: [] }),
      );
      await expect(
        dataverse.readChanges({ entitySetName: 'contacts', select: ['contactid'], pageSize: 10, link }),
      ).rejects.toMatchObject({ isExpiredChangesError: true });
    }
  });

  it('a link is not given up while the table cannot be read either', async () => {
    const link = 'https://org.example/api/data/v9.2/contacts?$select=contactid&$deltatoken=919042%2101';
    const { dataverse } = createFakeDataverse(() => refuse(500, '0x80040216', 'An unexpected error occurred.'));

    const reading = dataverse.readChanges({ entitySetName: 'contacts', select: ['contactid'], pageSize: 10, link });

    await expect(reading).rejects.toSatisfy(isRetryableError);
  });

  it('a stored link of another origin, or of other columns, means that all is read again', async () => {
    const { dataverse } = createFakeDataverse(() => json({ value: [{ contactid: '1' }], '@odata.deltaLink': 'x' }));
    const read = (link: string) =>
      dataverse.readChanges({ entitySetName: 'contacts', select: ['fullname'], pageSize: 10, link });

    for (const link of [
      'https://old.example/api/data/v9.2/contacts?$select=fullname&$deltatoken=1',
      'https://org.example/api/data/v9.2/contacts?$select=contactid&$deltatoken=1',
    ])
      await expect(read(link)).rejects.toMatchObject({ isExpiredChangesError: true });
  });
});

describe('foreign words', () => {
  it('are cut where they come in', async () => {
    const words = 'is missing '.repeat(2_000_000);
    const table = pretendTable((row) => (row === 1 ? refuse(400, '0x80040265', words) : undefined));
    const { report } = await write(table, 3);

    expect(report.failed[0]?.message.length).toBeLessThanOrEqual(2_000);
  });
});
