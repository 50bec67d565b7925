import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowUpdate, TableMetadata, UpdateReport } from '../../shared/dataverse/dataverse.ts';
import { isTerminalError } from '../../shared/errors.ts';
import { contact, createFakeDataverse, type FakeAnswer, fault, guid } from './fake-http.ts';
import { pretendTable, refuse } from './pretended-table.ts';

const NAV = 'msdynci_lookupfield_customerprofile';
const update = (n: number, value: string | null = `/msdynci_customerprofiles(${guid(n + 1e6)})`): RowUpdate => ({
  id: guid(n),
  values: value === null ? { [NAV]: null } : { [`${NAV}@odata.bind`]: value },
});
const updates = (count: number): RowUpdate[] => Array.from({ length: count }, (_, n) => update(n));
const supported: FakeAnswer = { body: { value: [{ sdkmessagefilterid: guid(0) }] } };

type RowFate = 'ok' | 'gone' | 'bad';

/** A table whose rows have fates. */
const tableOf = (fates: ReadonlyMap<string, RowFate>, options: { readonly bulk?: boolean } = {}) =>
  pretendTable(
    (row) => {
      const fate = fates.get(guid(row));
      if (fate === 'gone') return refuse(404, '0x80040217', `contact With Id = ${guid(row)} Does Not Exist`);
      return fate === 'bad' ? refuse(400, '0x80040265', 'Profile link rejected.') : undefined;
    },
    { ...options, exists: (row) => fates.get(guid(row)) !== 'gone' },
  );

const idsOf = (report: UpdateReport): string[] =>
  [...report.written, ...report.gone, ...report.failed.map(({ id }) => id), ...report.unsent].sort();

describe('update', () => {
  it('names type, primary id and the changed value only, in one UpdateMultiple', async () => {
    const { respond } = tableOf(new Map());
    const { dataverse, seen } = createFakeDataverse(respond, { tag: 'profilelink' });

    const report = await dataverse.update({ table: contact, rows: [update(1), update(2, null)] });

    expect(report.written).toEqual([guid(1), guid(2)]);
    expect(seen.at(-1)?.path).toBe('contacts/Microsoft.Dynamics.CRM.UpdateMultiple?tag=profilelink');
    expect(JSON.parse(seen.at(-1)?.body ?? '')).toEqual({
      Targets: [
        {
          '@odata.type': 'Microsoft.Dynamics.CRM.contact',
          contactid: guid(1),
          [`${NAV}@odata.bind`]: `/msdynci_customerprofiles(${guid(1 + 1e6)})`,
        },
        { '@odata.type': 'Microsoft.Dynamics.CRM.contact', contactid: guid(2), [NAV]: null },
      ],
    });
  });

  it('I6 books every row exactly once, whatever fate rows have and however they are written', async () => {
    const fates = fc.array(fc.constantFrom<RowFate>('ok', 'ok', 'ok', 'ok', 'gone', 'bad'), { maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(fates, fc.boolean(), async (list, bulk) => {
        const { respond, written } = tableOf(new Map(list.map((fate, n) => [guid(n), fate])), { bulk });
        const { dataverse } = createFakeDataverse(respond);

        const report = await dataverse.update({ table: contact, rows: updates(list.length) });

        const having = (fate: RowFate): string[] => list.flatMap((one, n) => (one === fate ? [guid(n)] : [])).sort();
        expect([...report.written].sort()).toEqual(having('ok'));
        expect([...report.gone].sort()).toEqual(having('gone'));
        expect(report.failed.map(({ id }) => id).sort()).toEqual(having('bad'));
        expect(report.failed.every(({ code }) => code === '0x80040265')).toBe(true);
        expect(idsOf(report)).toEqual(updates(list.length).map(({ id }) => id));
        expect(written.size).toBe(having('ok').length);
      }),
      { numRuns: 40 },
    );
  });

  it('finds one bad row among a thousand in a number of requests that grows with its logarithm', async () => {
    const { respond } = tableOf(new Map([[guid(777), 'bad']]));
    const { dataverse, seen } = createFakeDataverse(respond);
    await dataverse.update({ table: contact, rows: updates(1000).filter(({ id }) => id !== guid(777)) });
    const without = seen.length;

    const report = await dataverse.update({ table: contact, rows: updates(1000) });

    expect(report.failed.map(({ id }) => id)).toEqual([guid(777)]);
    expect(seen.length - without).toBeLessThan(6 + 2 * Math.log2(1000));
  });

  it('falls back to batches where UpdateMultiple is refused although announced, and remembers it', async () => {
    const { respond } = tableOf(new Map());
    const { dataverse, seen } = createFakeDataverse((request) =>
      request.path.includes('CRM.UpdateMultiple')
        ? { status: 400, body: fault('', "The 'UpdateMultiple' method is not enabled on the entity contact.") }
        : respond(request),
    );

    const first = await dataverse.update({ table: contact, rows: updates(3) });
    const second = await dataverse.update({ table: contact, rows: updates(3) });

    expect([first.written.length, second.written.length]).toEqual([3, 3]);
    expect(seen.filter(({ path }) => path.includes('CRM.UpdateMultiple')).length).toBe(1);
    expect(seen.filter(({ path }) => path.startsWith('sdkmessagefilters')).length).toBe(1);
  });

  it('sends rows that clear a lookup as batches where UpdateMultiple does not take them', async () => {
    const { respond } = tableOf(new Map());
    const { dataverse, seen } = createFakeDataverse((request) =>
      request.path.includes('CRM.UpdateMultiple') && request.body.includes(`"${NAV}":null`)
        ? {
            status: 400,
            body: fault('0x80048d19', "The 'odata.bind' instance or property annotation has a null value."),
          }
        : respond(request),
    );

    const rows = [update(1), update(2, null), update(3)];
    const first = await dataverse.update({ table: contact, rows });
    const before = seen.length;
    const second = await dataverse.update({ table: contact, rows });

    expect([first.written.length, second.written.length]).toEqual([3, 3]);
    expect(seen.slice(before).map(({ path }) => path.replace(/.*CRM\./, ''))).toEqual(['UpdateMultiple', '$batch']);
  });

  it('halves what is too large for the service and keeps to smaller requests', async () => {
    const { respond } = tableOf(new Map());
    const timeout = fault(
      '0x80044151',
      'Sql error: SQL timeout expired. CRM ErrorCode: -2147204783 Sql ErrorCode: -2146232060 Sql Number: -2',
    );
    const sizes: number[] = [];
    const { dataverse } = createFakeDataverse((request) => {
      if (!request.path.includes('CRM.UpdateMultiple')) return respond(request);
      const rows = JSON.parse(request.body).Targets.length as number;
      sizes.push(rows);
      return rows > 110 ? { status: 500, body: timeout } : respond(request);
    });

    const report = await dataverse.update({ table: contact, rows: updates(2000) });

    expect(report.written.length).toBe(2000);
    const tooLarge = sizes.filter((rows) => rows > 110).length;
    expect(tooLarge).toBeLessThan(12);
    expect(sizes.slice(-5).every((rows) => rows <= 110)).toBe(true);
  });

  it('sends one request alone after a schema change, and waits while names are unknown', async () => {
    const { respond } = tableOf(new Map());
    let inFlight = 0;
    const inFlightBefore: number[] = [];
    let updatesSeen = 0;
    const { dataverse, now } = createFakeDataverse(async (request) => {
      if (!request.path.includes('CRM.UpdateMultiple')) return respond(request);
      updatesSeen++;
      inFlightBefore.push(inFlight++);
      await new Promise(setImmediate);
      inFlight--;
      if (updatesSeen === 1) {
        const text = `An undeclared property '${NAV}' which only has property annotations in the payload`;
        return { status: 400, body: fault('0x80048d19', text) };
      }
      return respond(request);
    });

    const report = await dataverse.update({ table: contact, rows: updates(1000), warmUp: true });

    expect(report.written.length).toBe(1000);
    expect(inFlightBefore.slice(0, 2)).toEqual([0, 0]);
    expect(Math.max(...inFlightBefore)).toBeGreaterThan(0);
    expect(now()).toBeGreaterThanOrEqual(5_000);
  });

  it('begins no request after its signal is aborted, and reports what was under way', async () => {
    const controller = new AbortController();
    const { respond } = tableOf(new Map());
    const { dataverse, seen } = createFakeDataverse((request) => {
      if (request.path.includes('CRM.UpdateMultiple')) controller.abort(new Error('time is over'));
      return respond(request);
    });

    const report = await dataverse.update({ table: contact, rows: updates(5000), signal: controller.signal });

    expect(report.written.length).toBeGreaterThan(0);
    expect(report.unsent.length).toBeGreaterThan(0);
    expect(idsOf(report)).toEqual(updates(5000).map(({ id }) => id));
    expect(seen.filter(({ path }) => path.includes('CRM.UpdateMultiple')).length).toBeLessThanOrEqual(4);
  });

  it('is stopped by a TerminalError that names the missing privilege', async () => {
    const text = "Principal user [...], is missing prvWriteContact privilege [...] on OTC=2 for entity 'contact'";
    const { dataverse } = createFakeDataverse(({ path }) =>
      path.startsWith('sdkmessagefilters') ? supported : { status: 403, body: fault('0x80040220', text) },
    );

    const { stopped } = await dataverse.update({ table: contact, rows: updates(300) });

    expect(stopped).toSatisfy((error) => isTerminalError(error) && /prvWriteContact/.test(error.message));
  });

  it('writes in the name of the identity that may, where another may not', async () => {
    const text = "Principal user [...], is missing prvWriteContact privilege [...] on OTC=2 for entity 'contact'";
    const { respond } = tableOf(new Map());
    const { dataverse, seen } = createFakeDataverse(
      (request) =>
        request.clientId === 'app-1' && request.path.includes('CRM.UpdateMultiple')
          ? { status: 403, body: fault('0x80040220', text) }
          : respond(request),
      { clientIds: ['app-1', 'app-2'] },
    );

    const report = await dataverse.update({ table: contact, rows: updates(3000) });

    expect(report.written.length).toBe(3000);
    const refused = seen.filter(({ path, clientId }) => path.includes('CRM.UpdateMultiple') && clientId === 'app-1');
    expect(refused.length).toBeLessThanOrEqual(4);
  });

  it('bypasses custom logic and flows only where asked, in every part of a batch too', async () => {
    const { respond } = tableOf(new Map(), { bulk: false });
    const asked = createFakeDataverse(respond, { bypass: { customLogic: 'all', flows: true } });
    const plain = createFakeDataverse(respond);

    await asked.dataverse.update({ table: contact, rows: updates(2) });
    await plain.dataverse.update({ table: contact, rows: updates(2) });

    const body = asked.seen.at(-1)?.body ?? '';
    expect(body.match(/MSCRM\.BypassBusinessLogicExecution: CustomSync,CustomAsync\r\n/g)?.length).toBe(2);
    expect(body.match(/MSCRM\.SuppressCallbackRegistrationExpanderJob: true\r\n/g)?.length).toBe(2);
    expect(JSON.stringify(plain.seen)).not.toContain('MSCRM.');
  });

  it('refuses a row that is named twice', async () => {
    const { dataverse, seen } = createFakeDataverse(() => supported);
    const table: TableMetadata = contact;

    await expect(dataverse.update({ table, rows: [update(1), update(1)] })).rejects.toThrow(/names a row twice/);
    expect(seen).toEqual([]);
  });
});
