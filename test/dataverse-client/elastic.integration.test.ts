import { afterEach, beforeEach, expect, it } from 'vitest';
import { arrivedProfiles, profileLists } from '../../shared/customer-insights/map-lookup.ts';
import { guid } from './fake-http.ts';
import { COLUMN, lookupOn, type Organisation, startOrganisation } from './organisation.ts';

let organisation: Organisation;
beforeEach(async () => {
  organisation = await startOrganisation();
  await organisation.control('POST', 'limits', { checksElasticReferences: true });
});
afterEach(() => organisation.close());

const sensor = {
  ...{ logicalName: 'new_sensor', entitySetName: 'new_sensors', primaryName: 'new_name', tableType: 'Elastic' },
  ...{ changeTracking: true, bulk: true, columns: [{ logicalName: 'new_name', type: 'String' }] },
};

it('links an elastic row to a profile, each in a partition of its own, and calls neither gone', async () => {
  await organisation.control('POST', 'tables', sensor);
  await organisation.load('new_sensor', [{ new_sensorid: guid(1), partitionid: 'north' }, { new_sensorid: guid(2) }]);
  await organisation.load('msdynci_customerprofile', [
    { msdynci_customerprofileid: guid(11), partitionid: 'gold', msdynci_customerid: 'a' },
    { msdynci_customerprofileid: guid(12), msdynci_customerid: 'b' },
  ]);
  const dataverse = organisation.connect();
  const request = { tables: ['new_sensor', 'msdynci_customerprofile'], withColumns: ['msdynci_customerprofile'] };
  const before = await dataverse.readTables(request);
  const [source, profile] = [before.get('new_sensor'), before.get('msdynci_customerprofile')];
  if (!source || !profile) throw new Error('The tables are missing.');
  await dataverse.createLookup(lookupOn(source, profile));
  const table = (await dataverse.readTables({ tables: ['new_sensor'], strong: true })).get('new_sensor') ?? source;

  const context = {
    profile,
    map: { entitySetName: '' },
    source: { table: '', dataSource: '', entity: '', primaryKey: '', connector: 'dataverse' as const },
  };
  const entries = [11, 12].map((n) => ({
    ...{ mapRowId: guid(n), sourceId: guid(n), customerId: '', version: 1, changedOn: '', profileId: guid(n) },
  }));
  const [byId = [], byCustomer = []] = await dataverse.readLists(profileLists(context, entries));
  const { keyOf } = arrivedProfiles(context, [byId, byCustomer]);
  const rows = [1, 2].map((n) => ({
    id: guid(n),
    values: { [`${COLUMN}@odata.bind`]: `/msdynci_customerprofiles(${keyOf(guid(n + 10))})` },
  }));
  const report = await dataverse.update({ table, rows });

  expect([...report.written].sort()).toEqual([guid(1), guid(2)]);
  const pid = `${COLUMN}pid`;
  const list = { entitySetName: 'new_sensors', column: 'new_sensorid', values: [guid(1), guid(2)] };
  const [read = []] = await dataverse.readLists([{ ...list, select: [`_${COLUMN}_value`, pid, 'partitionid'] }]);
  const found = new Map(read.map((row) => [row.new_sensorid, row]));
  expect(found.get(guid(1))).toMatchObject({ [`_${COLUMN}_value`]: guid(11), [pid]: 'gold', partitionid: 'north' });
  expect(found.get(guid(2))).toMatchObject({ [`_${COLUMN}_value`]: guid(12) });
});
