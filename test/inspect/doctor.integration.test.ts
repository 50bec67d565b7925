import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callDoctor } from '../../shared/inspect/doctor.ts';
import { administer } from '../cli/grant-world.ts';
import { client, otherClient, startWorld, type World } from './look-world.ts';

const north = '44444444-2222-4333-8444-555555555555';

describe('the doctor', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  const faults = (checks: readonly { level: string; code: string; subject: string }[]) =>
    checks.filter(({ level }) => level === 'fault').map(({ code, subject }) => `${subject} ${code}`);
  const ends = async (app: ReturnType<World['connect']>) =>
    Object.fromEntries([...(await app.run())].map(([table, { status }]) => [table, status]));
  const all = (status: string) => Object.fromEntries(world.setup.tables.map(({ table }) => [table, status]));

  it('finds nothing where all is well, and what it calls good links', async () => {
    await world.allow(client, { privileges: world.enough });
    const app = world.connect();
    expect(await app.doctor()).toEqual([]);
    expect(await ends(app)).toEqual(all('Successful'));
    expect(await app.doctor()).toEqual([]);
  });

  describe('judges depth by the unit and the tree', () => {
    const atDepth = (depth: string) =>
      world.enough.map((name) => (/(Contact|Lead|Opportunity|Account)$/.test(name) ? `${name}/${depth}` : name));
    const makeNorth = () => world.load('businessunit', [{ businessunitid: north, name: 'North', isdisabled: false }]);

    it.each(['Deep', 'Local'])('%s in an organisation of one unit reaches everything', async (depth) => {
      await world.allow(client, { privileges: [...atDepth(depth), 'prvReadBusinessUnit'] });
      const app = world.connect();
      expect(faults(await app.doctor())).toEqual([]);
      expect(await ends(app)).toEqual(all('Successful'));
    });

    it('Deep in the root unit reaches every unit; Local there does not, nor Deep in a unit below', async () => {
      await makeNorth();
      await world.allow(client, { privileges: [...atDepth('Deep'), 'prvReadBusinessUnit'] });
      const app = world.connect();
      expect(faults(await app.doctor())).toEqual([]);
      expect(await ends(app)).toEqual(all('Successful'));

      for (const [depth, businessUnit] of [['Local'], ['Deep', north]]) {
        const privileges = [...atDepth(depth as string), 'prvReadBusinessUnit'];
        await world.allow(client, { privileges, ...(businessUnit === undefined ? {} : { businessUnit }) });
        const other = world.connect();
        expect(faults(await other.doctor()).sort()).toEqual(
          expect.arrayContaining(world.setup.tables.map(({ table }) => `${table} privilege-depth`)),
        );
        expect(await ends(other)).toEqual(all('Skipped'));
      }
    });

    it('says so where the tree may not be read, and where changes are told to none but who reads everything', async () => {
      await world.allow(client, { privileges: atDepth('Deep') });
      const app = world.connect();
      const found = await app.doctor();
      expect(faults(found)).toContain('contact privilege-depth');
      expect(found.map(({ finding }) => finding).join()).toContain('may not read them');
      expect(await ends(app)).toEqual(all('Skipped'));

      const map = 'prvReadmsdynci_alternatekey';
      const privileges = [...world.enough.filter((name) => name !== map), `${map}/Deep`, 'prvReadBusinessUnit'];
      await world.allow(client, { privileges });
      const tracked = world.connect();
      expect((await tracked.doctor()).map(({ finding }) => finding).join()).toContain('changes of a table');
      expect(await ends(tracked)).toEqual(all('Skipped'));
    });
  });

  describe("judges what comes through a team by how far the team's roles reach", () => {
    const [team, role] = ['77777777-2222-4333-8444-555555555555', '88888888-2222-4333-8444-555555555555'];
    const ofContacts = /Contact$/;
    /** An app that has what it needs of contacts through a team of this unit alone, or itself at depth Basic. */
    const connectWith = async (depth: string, through: 'team' | 'itself', ...more: string[]) => {
      await world.load('businessunit', [{ businessunitid: north, name: 'North', isdisabled: false }]);
      const own = world.enough.filter((name) => !ofContacts.test(name));
      const contacts = world.enough.filter((name) => ofContacts.test(name));
      const direct = through === 'itself' ? contacts.map((name) => `${name}/${depth}`) : [];
      await world.allow(client, { privileges: [...own, ...direct, ...more] });
      if (through === 'team') {
        const { send, list } = await administer(world.url);
        const [user] = await list(`systemusers?$select=systemuserid&$filter=applicationid eq ${client}`);
        await world.load('team', [{ teamid: team, name: 'Apps', businessunitid: north }]);
        await world.load('role', [{ roleid: role, name: 'Of contacts' }]);
        const privileges = await list('privileges?$select=privilegeid,name');
        await send('POST', `roles(${role})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
          Privileges: privileges
            .filter(({ name }) => contacts.includes(String(name)))
            .map(({ privilegeid }) => ({ PrivilegeId: privilegeid, Depth: depth })),
        });
        await send('POST', `teams(${team})/teamroles_association/$ref`, { '@odata.id': `roles(${role})` });
        const member = { '@odata.id': `systemusers(${String(user?.systemuserid)})` };
        await send('POST', `teams(${team})/teammembership_association/$ref`, member);
      }
      return world.connect();
    };
    const depthsOf = (checks: readonly { level: string; code: string; finding: string }[]) => [
      ...new Set(
        checks
          .filter(({ code }) => code === 'privilege-depth')
          .map(({ level, finding }) => `${level}: ${/at depth \w+ only|through a team/.exec(finding)?.[0]}`),
      ),
    ];

    it.each([
      ['Global', 'team', ['prvReadTeam', 'prvReadBusinessUnit'], [], 'Successful'],
      ['Deep', 'team', ['prvReadTeam', 'prvReadBusinessUnit'], ['fault: at depth Deep only'], 'Skipped'],
      ['Basic', 'itself', ['prvReadTeam'], ['fault: at depth Basic only'], 'Skipped'],
      ['Global', 'team', [], ['warning: through a team'], 'Successful'],
    ] as const)('%s by %s, with %j', async (depth, through, more, told, status) => {
      const app = await connectWith(depth, through, ...more);
      expect(depthsOf(await app.doctor())).toEqual(told);
      expect(await ends(app)).toEqual({ ...all('Successful'), contact: status });
    });
  });

  describe('has the same eyes as linking', () => {
    it('where two identities may not read users', async () => {
      const privileges = world.enough.filter((name) => name !== 'prvReadUser');
      for (const id of [client, otherClient]) await world.allow(id, { privileges });
      const app = world.connect({ clientIds: [client, otherClient] });
      const found = await app.doctor();
      expect(faults(found)).toEqual([]);
      expect(found.map(({ code }) => code)).toContain('privileges-unknown');
      expect(await ends(app)).toEqual(all('Successful'));
    });

    it('where one of two identities is unknown, and where one only writes', async () => {
      await world.allow(client, { privileges: world.enough });
      const withUnknown = world.connect({ clientIds: [client, otherClient] });
      const found = await withUnknown.doctor();
      expect(faults(found)).toEqual([]);
      expect(found).toMatchObject([{ code: 'identity', level: 'warning', subject: otherClient }]);
      expect(await ends(withUnknown)).toEqual(all('Successful'));

      const writing = world.enough.filter((name) => !/Create|Sdk|Workflow|Callback|ReadUser/.test(name));
      await world.allow(otherClient, { privileges: writing });
      const withWriter = world.connect({ clientIds: [client, otherClient] });
      expect(await withWriter.doctor()).toEqual([]);
      expect(await ends(withWriter)).toEqual(all('Successful'));
    });

    it('where nobody is known', async () => {
      const app = world.connect();
      expect(faults(await app.doctor())).toContain(`${client} identity`);
      expect(Object.values(await ends(app))).not.toContain('Successful');
    });

    it('where column security closes the lookup', async () => {
      await world.control('POST', 'tables', {
        ...world.organisation.tables.find(({ logicalName }) => logicalName === 'lead'),
        columns: [
          {
            ...{ logicalName: 'msdynci_lookupfield_customerprofile', type: 'Lookup', secured: true },
            targets: ['msdynci_customerprofile'],
          },
        ],
      });
      await world.allow(client, { privileges: world.enough });
      const app = world.connect();
      expect(faults(await app.doctor())).toEqual(['lead column-secured']);
      expect(await ends(app)).toEqual({ ...all('Successful'), lead: 'Skipped' });

      const securedColumns = ['lead.msdynci_lookupfield_customerprofile'];
      await world.allow(client, { privileges: world.enough, securedColumns });
      const opened = world.connect();
      expect(await opened.doctor()).toEqual([]);
      expect(await ends(opened)).toEqual(all('Successful'));
    });

    it('where the name of the relationship, or of the column, is taken', async () => {
      await world.control('POST', 'tables', [
        {
          ...{ logicalName: 'new_other', tableType: 'Standard', changeTracking: false, bulk: false },
          columns: [
            {
              ...{ logicalName: 'new_profile', type: 'Lookup', targets: ['msdynci_customerprofile'] },
              relationshipName: 'msdynci_customerprofile_lead',
            },
          ],
        },
        {
          ...world.organisation.tables.find(({ logicalName }) => logicalName === 'account'),
          columns: [{ logicalName: 'msdynci_lookupfield_customerprofile', type: 'String' }],
        },
      ]);
      await world.allow(client, { privileges: world.enough });
      const app = world.connect();
      const found = await app.doctor();
      expect(faults(found).sort()).toEqual(['account column-in-the-way', 'lead relationship-in-the-way']);
      expect(found.find(({ code }) => code === 'relationship-in-the-way')?.remedy).toContain(
        'msdynci_customerprofile_lead',
      );
      expect(await ends(app)).toEqual({ ...all('Successful'), lead: 'Skipped', account: 'Skipped' });
    });
  });

  it('keeps what it found where one part is refused or slow', async () => {
    await world.allow(client, { privileges: world.enough });
    const message = 'Boom';
    await world.control('POST', 'faults', [
      { match: { path: '^sdkmessageprocessingsteps' }, fault: { status: 400, code: '0x80040203', message } },
      { match: { path: '^RetrieveDependencies' }, fault: { status: 400, code: '0x80040203', message } },
    ]);
    const found = await world.connect().doctor();
    expect(found.map(({ code }) => code)).toEqual(['logic-unknown']);

    await world.control('POST', 'faults', {
      match: { path: '^RelationshipDefinitions' },
      fault: { status: 400, code: '0x80040203', message },
    });
    expect((await world.connect().doctor()).map(({ code }) => code).sort()).toEqual(['logic-unknown', 'unchecked']);
  });

  it('tells of tables that the map names and the set-up lacks', async () => {
    await world.allow(client, { privileges: world.enough });
    const [left, ...listed] = world.setup.tables;
    const app = world.connect({ setup: { ...world.setup, tables: listed } });
    expect((await app.doctor()).filter(({ code }) => code === 'table-not-linked')).toEqual([
      expect.objectContaining({
        level: 'warning',
        subject: left?.table,
        finding: expect.stringContaining(`"${left?.entity}" of data source "${left?.dataSource}"`),
        remedy: expect.stringContaining('backstamp discover'),
      }),
    ]);
  });

  it('keeps what it found where a part does not answer', async () => {
    await world.allow(client, { privileges: world.enough });
    const slow = { match: { path: '^workflows' }, fault: { delayMs: 2_500 } };
    await world.control('POST', 'faults', slow);
    const { checks } = await callDoctor(world.connect().parts, 1_000);
    const bad = checks.filter(({ level }) => level !== 'good');
    expect(bad).toMatchObject([
      { code: 'dataverse', level: 'note', finding: expect.stringContaining('did not answer') },
    ]);
    expect(checks.filter(({ code }) => code === 'requirements')).toHaveLength(4);

    await world.control('DELETE', 'faults');
    await world.control('POST', 'faults', { match: { path: 'RetrieveUserPrivileges' }, fault: { delayMs: 2_500 } });
    const unknown = (await callDoctor(world.connect().parts, 1_000)).checks;
    expect(unknown.find(({ code, level }) => code === 'dataverse' && level === 'fault')?.finding).toContain(
      'identities',
    );
    expect(unknown.filter(({ code }) => code === 'logic')).toHaveLength(4);
  });

  it('takes few requests for two hundred units and forty tables, and two who ask at once share one look', async () => {
    const names = Array.from({ length: 36 }, (_, n) => `new_table${n}`);
    await world.control(
      'POST',
      'tables',
      names.map((logicalName) => ({
        ...{
          logicalName,
          schemaName: logicalName,
          tableType: 'Standard',
          changeTracking: true,
          bulk: true,
          columns: [],
        },
      })),
    );
    const idOf = (kind: string, n: number) => `${kind}0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const units = Array.from({ length: 200 }, (_, n) => n);
    await world.load(
      'businessunit',
      units.map((n) => ({ businessunitid: idOf('a', n), name: `Unit ${n}`, isdisabled: false })),
    );
    await world.load(
      'team',
      units.map((n) => ({ teamid: idOf('b', n), name: `Team ${n}`, businessunitid: idOf('a', n) })),
    );
    await world.load(
      'msdynci_alternatekey',
      // Rows enough to judge by; none of them is here.
      names.flatMap((entity, n) =>
        [0, 1, 2, 3, 4, 5].map((row) => ({
          msdynci_alternatekeyid: idOf('c', 10 * n + row),
          ...{ msdynci_datasourcename: 'Dynamics', msdynci_entityname: entity },
          msdynci_alternatevalue: idOf('d', 10 * n + row),
        })),
      ),
    );
    await world.allow(client, { privileges: 'all' });
    const setup = {
      ...world.setup,
      tables: [
        ...world.setup.tables,
        ...names.map((table) => ({
          ...{ table, dataSource: 'Dynamics', entity: table },
          connector: 'dataverse' as const,
          primaryKey: `${table}id`,
        })),
      ],
      businessUnits: {
        teams: units.map((n) => ({ businessUnit: `Unit ${n}`, team: `Team ${n}`, values: [`value ${n}`] })),
        ownership: { column: 'msdynci_customerid' },
      },
    };
    const app = world.connect({ setup });
    await world.control('POST', 'stats/reset');
    await world.control('POST', 'limits', { latencyMs: 150 });
    const [one, two] = await Promise.all([app.doctor(), app.doctor()]);
    const { requests } = (await world.control('GET', 'stats')) as {
      requests: { total: number; byKind: Record<string, number> };
    };

    expect(one).toEqual(two);
    expect(one.filter(({ code }) => code === 'team-role')).toHaveLength(400);
    expect(one.filter(({ code }) => code === 'dataverse' || code === 'unchecked')).toEqual([]);
    expect(one.filter(({ code }) => code === 'other-environment').map(({ subject }) => subject)).toEqual(names);
    expect(requests.total).toBeLessThanOrEqual(30);
  });
});
