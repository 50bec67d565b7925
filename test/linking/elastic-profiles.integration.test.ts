import { afterEach, beforeEach, expect, it } from 'vitest';
import { noRows } from '../../shared/contracts/counters.ts';
import { firstLinkTask } from '../../shared/contracts/link-task.ts';
import { linkTable } from '../../shared/passes/link-table.ts';
import { memoryParts } from '../api/memory-parts.ts';
import { guid } from '../dataverse-client/fake-http.ts';
import { COLUMN, contacts, type Organisation, startOrganisation } from '../dataverse-client/organisation.ts';

const column = (name: string) => ({ logicalName: name, type: 'String' });
const map = {
  ...{ logicalName: 'msdynci_alternatekey', entitySetName: 'msdynci_alternatekeys', tableType: 'Elastic' },
  ...{ primaryName: 'msdynci_identifier', changeTracking: true, bulk: true },
  columns: [
    ...['identifier', 'datasourcename', 'entityname', 'alternatevalue', 'customerid'].map((name) =>
      column(`msdynci_${name}`),
    ),
    { logicalName: 'msdynci_keyring', type: 'Memo' },
    { logicalName: 'msdynci_lookupfield_customer', type: 'Lookup', targets: ['msdynci_customerprofile'] },
  ],
};
const link = {
  ...{ logicalName: COLUMN, relationshipName: 'msdynci_customerprofile_contact', type: 'Lookup' },
  targets: ['msdynci_customerprofile'],
};

let organisation: Organisation;
beforeEach(async () => {
  organisation = await startOrganisation();
  await organisation.control('POST', 'tables', [{ ...map }, { logicalName: 'contact', ...contactTable }]);
});
afterEach(() => organisation.close());

const contactTable = {
  ...{ tableType: 'Standard', changeTracking: true, bulk: true },
  columns: [link],
};

/** Links contacts in one run after the other; gives a way to begin the next. */
function linker() {
  const dataverse = organisation.connect();
  const defaults = memoryParts().parts;
  const { parts, outbox } = memoryParts({
    dataverse,
    options: { ...defaults.options, settlingIntervalMs: 0, settlingLimitMs: 0 },
  });
  let runs = 0;
  return async (mode: 'full' | 'incremental') => {
    const runId = String(++runs).padStart(32, '0');
    const at = new Date().toISOString();
    const common = { runId, mode, status: 'Queued' } as const;
    await parts.runs.record({
      ...{ ...common, eventId: runId, source: 'test', tables: ['contact'], occurredAt: at, receivedAt: at },
      ...{ beyondLimits: false, giveOwners: false, confirm: false },
    });
    await parts.runs.recordTask({
      ...{ ...common, table: 'contact', queuedAt: at, updatedAt: at, counters: { ...noRows } },
      ...{ passes: 0, details: [], findings: [] },
    });
    const queue = [firstLinkTask(runId, 'contact')];
    for (let message = queue.shift(); message; message = queue.shift()) {
      await linkTable(parts, message);
      queue.push(...outbox.tasks.splice(0));
    }
    return (await parts.runs.findTask(runId, 'contact'))?.value;
  };
}

const pid = `${COLUMN}pid`;
const profile = (n: number, partitionid?: string) => ({
  ...{ msdynci_customerprofileid: guid(n), msdynci_customerid: `c${n}` },
  ...(partitionid === undefined ? {} : { partitionid }),
});
/** A map row that gives a contact a profile. */
const mapRow = (n: number, contact: number, to: number) => ({
  ...{ msdynci_alternatekeyid: guid(n), msdynci_datasourcename: 'Dynamics', msdynci_entityname: 'contact' },
  ...{ msdynci_alternatevalue: guid(contact), msdynci_customerid: `c${to}`, msdynci_lookupfield_customer: guid(to) },
});

/** The profile that a contact is linked to, and the partition in which it is looked for. */
async function linkOf(contact: number): Promise<unknown[]> {
  const list = { entitySetName: 'contacts', column: 'contactid', select: [`_${COLUMN}_value`, pid] };
  const [rows = []] = await organisation.connect().readLists([{ ...list, values: [guid(contact)] }]);
  return rows.map((row) => [row[`_${COLUMN}_value`], row[pid]]);
}

it('I13 puts a link right that names its profile in a wrong partition, and leaves right ones as they are', async () => {
  await organisation.load('msdynci_customerprofile', [profile(11, 'gold'), profile(12, 'gold'), profile(13)]);
  await organisation.load('contact', [
    ...contacts(4),
    { contactid: guid(1), [COLUMN]: guid(11), [pid]: 'silver' },
    { contactid: guid(2), [COLUMN]: guid(12), [pid]: 'gold' },
    { contactid: guid(3), [COLUMN]: guid(13) },
  ]);
  await organisation.load('msdynci_alternatekey', [mapRow(21, 1, 11), mapRow(22, 2, 12), mapRow(23, 3, 13)]);
  const link = linker();

  const first = await link('full');
  const second = await link('full');

  expect(first).toMatchObject({ status: 'Successful', counters: { linked: 0, relinked: 1, unchanged: 2 } });
  expect(second).toMatchObject({ status: 'Successful', counters: { linked: 0, relinked: 0, unchanged: 3 } });
  expect(await linkOf(1)).toEqual([[guid(11), 'gold']]);
});

it('I13 finds the partition of a profile that only another row of the map names', async () => {
  await organisation.load('msdynci_customerprofile', [profile(11, 'gold'), profile(12, 'gold')]);
  await organisation.load('contact', contacts(2));
  await organisation.load('msdynci_alternatekey', [mapRow(21, 1, 11), mapRow(22, 9, 12)]);
  const link = linker();
  await link('incremental');
  await organisation.load('contact', contacts(1, 9));
  await organisation.load('msdynci_alternatekey', [mapRow(23, 9, 14)]);

  await link('incremental');

  expect(await linkOf(9)).toEqual([[guid(12), 'gold']]);
});
