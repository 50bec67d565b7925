import { describe, expect, it } from 'vitest';
import { isTerminalError } from '../../shared/errors.ts';
import { parseSettings } from '../../shared/settings.ts';

const unification = JSON.stringify({
  environmentKind: 'individual',
  output: 'dataverse',
  tables: [{ table: 'contact', dataSource: 'CRM', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' }],
});
const environment = {
  DATAVERSE_URL: 'https://contoso.crm.dynamics.com/',
  ServiceBusConnection__fullyQualifiedNamespace: 'contoso.servicebus.windows.net',
  StateStorage__tableServiceUri: 'https://contoso.table.core.windows.net',
  BACKSTAMP_UNIFICATION: unification,
};

/** The message of the error that these settings lead to. */
function faultOf(settings: Readonly<Record<string, string | undefined>>): string {
  try {
    parseSettings(settings);
  } catch (error) {
    expect(isTerminalError(error)).toBe(true);
    return (error as Error).message;
  }
  throw new Error('The settings were taken.');
}

describe('the app settings', () => {
  it('are read, and what is left out has its default', () => {
    expect(parseSettings(environment)).toMatchObject({
      DATAVERSE_URL: 'https://contoso.crm.dynamics.com',
      BACKSTAMP_SLICE_SECONDS: 240,
      BACKSTAMP_PAGE_SIZE: 5000,
      BACKSTAMP_ORPHAN_LIMIT_PERCENT: 5,
    });
  });

  it('are taken under the names they had before; the name they have now counts', () => {
    const former = { ...environment, BACKSTAMP_ORPHAN_INTERVAL_DAYS: '3' };
    expect(parseSettings(former).BACKSTAMP_RECONCILE_INTERVAL_DAYS).toBe(3);
    expect(parseSettings({ ...former, BACKSTAMP_RECONCILE_INTERVAL_DAYS: '4' }).BACKSTAMP_RECONCILE_INTERVAL_DAYS).toBe(
      4,
    );
    expect(faultOf({ ...environment, BACKSTAMP_ORPHAN_INTERVAL_DAYS: '0' })).toContain(
      '  BACKSTAMP_ORPHAN_INTERVAL_DAYS: ',
    );
  });

  it('that are empty count as left out', () => {
    expect(parseSettings({ ...environment, BACKSTAMP_SLICE_SECONDS: ' ' }).BACKSTAMP_SLICE_SECONDS).toBe(240);
  });

  it('are refused with every fault at once, each by its name', () => {
    const message = faultOf({ BACKSTAMP_SLICE_SECONDS: '0', BACKSTAMP_UNIFICATION: '{' });
    for (const name of [
      'DATAVERSE_URL',
      'ServiceBusConnection',
      'StateStorage',
      'BACKSTAMP_SLICE_SECONDS',
      'BACKSTAMP_UNIFICATION',
    ]) {
      expect(message).toContain(name);
    }
    expect(message).toContain('DATAVERSE_URL: is missing');
    expect(message).toContain('BACKSTAMP_UNIFICATION: must be JSON');
  });

  it('name the place in the set-up that is wrong', () => {
    const wrong = unification.replace('"dataverse","primaryKey"', '"fax","primaryKey"');
    expect(faultOf({ ...environment, BACKSTAMP_UNIFICATION: wrong })).toContain(
      'BACKSTAMP_UNIFICATION at tables.0.connector',
    );
  });

  it('refuse a set-up that names a table twice, by its place', () => {
    const setup = JSON.parse(unification) as { tables: object[] };
    const twice = JSON.stringify({ ...setup, tables: [...setup.tables, setup.tables[0]] });
    expect(faultOf({ ...environment, BACKSTAMP_UNIFICATION: twice })).toMatch(
      /BACKSTAMP_UNIFICATION at tables\.\d+\.table: \w+ is named twice; name each table once/,
    );
  });

  it.each(['-1', '100.5', 'NaN', 'Infinity', 'five', '5 %'])(
    'refuse %s as a limit in percent, by its name',
    (value) => {
      for (const name of [
        'BACKSTAMP_ORPHAN_LIMIT_PERCENT',
        'BACKSTAMP_MOVE_LIMIT_PERCENT',
        'BACKSTAMP_PROFILE_LIMIT_PERCENT',
      ])
        expect(faultOf({ ...environment, [name]: value })).toContain(`  ${name}: `);
    },
  );

  it.each([
    ['http://contoso.crm.dynamics.com', 'must use https'],
    ['https://contoso.crm.dynamics.com/api/data/v9.2', 'must be the root address alone'],
    ['contoso', 'must be the root address of the organisation'],
  ])('refuse %s as the address of the organisation', (url, reason) => {
    expect(faultOf({ ...environment, DATAVERSE_URL: url })).toContain(reason);
  });

  it.each(['http://127.0.0.1:8610', 'http://localhost:8610', 'http://[::1]:8610'])(
    'take %s: it is this machine',
    (url) => {
      expect(parseSettings({ ...environment, DATAVERSE_URL: url }).DATAVERSE_URL).toBe(url);
    },
  );

  it('I4 let no slice last as long as the lock of its message is renewed for', () => {
    expect(faultOf({ ...environment, BACKSTAMP_SLICE_SECONDS: '481' })).toContain('BACKSTAMP_SLICE_SECONDS');
  });
});
