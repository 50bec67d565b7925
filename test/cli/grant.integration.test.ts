import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDataverse } from '../../local/dataverse/server.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { linkingPrivileges, loadOrganisation } from '../../local/sample/load.ts';
import { administer, administrator, backstamp, tokenOf } from './grant-world.ts';

const first = '11111111-2222-4333-8444-555555555555';
const second = '22222222-2222-4333-8444-555555555555';
const sources = ['contact', 'lead', 'opportunity', 'account'].flatMap((table) => ['--table', table]);

describe('backstamp grant', () => {
  let server: Awaited<ReturnType<typeof startDataverse>>;
  let admin: Awaited<ReturnType<typeof administer>>;
  const organisation = generateOrganisation({ rows: 20, seed: 7 });

  beforeEach(async () => {
    server = await startDataverse({ port: 0 });
    await loadOrganisation(server.url, { organisation, clientIds: [] });
    admin = await administer(server.url);
  });
  afterEach(() => server.close());

  const wordsFor = (clientIds: readonly string[]): string[] => [
    ...['grant', '--url-dataverse', server.url],
    ...clientIds.flatMap((id) => ['--client-id', id]),
  ];
  const asAdministrator = () => ({ DATAVERSE_TOKEN: tokenOf(administrator, server.url) });
  const grant = (more: readonly string[] = sources, clientIds: readonly string[] = [first]) =>
    backstamp([...wordsFor(clientIds), ...more], asAdministrator());
  const writes = async (): Promise<number> => {
    const { byKind } = (await admin.stats()).requests;
    return ['create', 'update', 'associate', 'addPrivilegesRole', 'removePrivilegeRole']
      .map((kind) => byKind[kind] ?? 0)
      .reduce((sum, count) => sum + count);
  };
  const userOf = async (clientId: string) =>
    (
      await admin.list(
        `systemusers?$select=systemuserid,_businessunitid_value&$filter=applicationid eq ${clientId} and isdisabled eq false`,
      )
    )[0];

  it('makes a role for each duty with the least privileges, each for the whole organisation, and users who have them', async () => {
    const { code, out } = await grant(sources, [first, second.toUpperCase()]);

    expect(code).toBe(0);
    const held = await admin.rolePrivileges();
    const lowerCase = (names: Iterable<string>) => [...names].map((name) => name.toLowerCase());
    const enough = new Set(lowerCase(linkingPrivileges(organisation)));
    // The sample's own list reads every table of Customer Insights, measures and segments too: showing them needs it.
    expect(lowerCase(held.keys()).filter((name) => !enough.has(name))).toEqual([]);
    expect(new Set(held.values())).toEqual(new Set(['Global']));
    expect(held.has('prvReadSharePointData')).toBe(false);
    const [unit] = await admin.list('businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null');
    for (const clientId of [first, second]) {
      const user = await userOf(clientId);
      expect(user?._businessunitid_value).toBe(unit?.businessunitid);
      const roles = await admin.list(`systemusers(${user?.systemuserid})/systemuserroles_association?$select=name`);
      expect(roles.map(({ name }) => name).sort()).toEqual(['Backstamp app', 'Backstamp linking']);
      expect(out).toContain(`done   ${clientId} has the role "Backstamp linking"`);
    }
    expect(await admin.list("roles?$select=roleid&$filter=contains(name,'Backstamp')")).toHaveLength(2);
  });

  it('changes nothing when it runs again, and says so', async () => {
    await grant();
    const before = [await writes(), await admin.rolePrivileges()];

    const { code, out } = await grant();

    expect([await writes(), await admin.rolePrivileges()]).toEqual(before);
    expect(code).toBe(0);
    expect(out).not.toMatch(/^done/m);
    expect(out).toContain('nothing was changed');
  });

  it('completes what is there: a table more, a privilege taken, one not wide enough', async () => {
    await grant(['--table', 'contact']);
    expect((await admin.rolePrivileges()).has('prvReadLead')).toBe(false);
    await admin.removeFromRole('prvWriteContact');
    await admin.addToRole('prvReadContact', 'Basic');

    const { out } = await grant(['--table', 'contact', '--table', 'lead'], [first, second]);

    const held = await admin.rolePrivileges();
    for (const name of ['prvReadContact', 'prvWriteContact', 'prvReadLead', 'prvWriteLead', 'prvAppendLead'])
      expect(held.get(name)).toBe('Global');
    expect(out).toContain(`there  the application user of ${first}`);
    expect(out).toContain(`done   the application user of ${second}`);
    expect(out).toMatch(/^there {2}"Backstamp linking" contact: Append$/m);
    expect(out).toMatch(/^done {3}"Backstamp linking" contact: Read, Write$/m);
    expect(out).toMatch(/^done {3}"Backstamp linking" lead: Read, Write, Append$/m);
  });

  it('takes out what nobody asked for, and names it', async () => {
    await grant();
    await admin.addToRole('prvDeleteContact', 'Global');

    const { out } = await grant();

    expect((await admin.rolePrivileges()).has('prvDeleteContact')).toBe(false);
    expect(out).toMatch(/^done .*no longer what was not asked for: .*prvDeleteContact/m);
  });

  it('gives an identity that only writes nothing but what writing takes, and takes back what it had besides', async () => {
    const rolesOf = async (clientId: string) => {
      const user = await userOf(clientId);
      const roles = await admin.list(`systemusers(${user?.systemuserid})/systemuserroles_association?$select=name`);
      return roles.map(({ name }) => name).sort();
    };
    await grant([...sources, '--ownership', '--writer-id', second]);
    expect([await rolesOf(first), await rolesOf(second)]).toEqual([
      ['Backstamp app', 'Backstamp linking'],
      ['Backstamp linking'],
    ]);
    const writers = [...(await admin.rolePrivileges('Backstamp linking')).keys()];
    expect(writers.filter((name) => /Assign|Act|Create|ReadUser|ReadRole/.test(name))).toEqual([]);

    await grant([...sources, '--ownership'], [first, second]);
    expect(await rolesOf(second)).toEqual(['Backstamp app', 'Backstamp linking']);
    const { out } = await grant([...sources, '--ownership', '--writer-id', second]);
    expect(await rolesOf(second)).toEqual(['Backstamp linking']);
    expect(out).toContain(`done   ${second} has the role "Backstamp app" no longer`);
  });

  it('gives the bypass only when asked to', async () => {
    await grant();
    expect((await admin.rolePrivileges()).has('prvBypassCustomBusinessLogic')).toBe(false);

    await grant([...sources, '--bypass']);

    expect((await admin.rolePrivileges()).get('prvBypassCustomBusinessLogic')).toBe('Global');
  });

  it('gives what seeing to owners takes only when asked to', async () => {
    const assigning = async () => [...(await admin.rolePrivileges()).keys()].filter((name) => /^prvAssign/.test(name));
    await grant();
    expect(await assigning()).toEqual([]);

    await grant([...sources, '--ownership']);
    expect([...(await admin.rolePrivileges('Backstamp linking')).keys()].filter((name) => /Assign/.test(name))).toEqual(
      [],
    );

    expect((await assigning()).sort()).toEqual(
      ['customermeasure', 'customerprofile', 'segmentmembership', 'unifiedactivity'].map(
        (t) => `prvAssignmsdynci_${t}`,
      ),
    );
    const held = await admin.rolePrivileges();
    expect(['prvReadTeam', 'prvWritemsdynci_unifiedactivity'].map((name) => held.get(name))).toEqual([
      'Global',
      'Global',
    ]);
    expect(held.has('prvWritemsdynci_prediction')).toBe(false);
  });

  it('gives what keeping business units apart takes only when asked to, and with it what seeing to owners does', async () => {
    const forUnits = [
      ...['prvReadBusinessUnit', 'prvReadTeam', 'prvReadRole'],
      ...['prvReadmsdynci_segmentmembership', 'prvActOnBehalfOfAnotherUser'],
    ];
    const held = async () => [...(await admin.rolePrivileges()).keys()];
    await grant();
    const before = await held();
    expect(before.filter((name) => forUnits.includes(name))).toEqual([]);

    await grant([...sources, '--business-units']);

    expect((await held()).sort()).toEqual([...before, ...forUnits].sort());
    expect([...(await admin.rolePrivileges()).values()].every((depth) => depth === 'Global')).toBe(true);
    const { out } = await grant([...sources, '--ownership']);
    expect(out).not.toMatch(/does not need/);
    expect(await held()).toEqual(expect.arrayContaining([...forUnits, 'prvAssignmsdynci_customerprofile']));
  });

  it('prints each right once, however many things it is for', async () => {
    const print = async (...more: string[]) => {
      const { out } = await backstamp(['grant', '--print', '--json', ...sources, ...more], {});
      return (JSON.parse(out) as { row: string; right: string }[]).map(({ row, right }) => `${row} ${right}`);
    };
    for (const more of [[], ['--business-units'], ['--ownership']]) {
      const listed = await print(...more);
      expect(listed).toHaveLength(new Set(listed).size);
    }
    const units = await print('--business-units');
    expect(units).toEqual(expect.arrayContaining(['Business Unit Read', 'Organization Read', 'msdynci_segment Read']));
    expect(await print('--ownership')).toEqual(expect.arrayContaining(units));
  });

  it('goes on where a platform insists on what it adds', async () => {
    const fault = { status: 403, code: '0x80040220', message: 'This privilege cannot be removed.' };
    await admin.control('POST', 'faults', { match: { path: 'RemovePrivilegeRole' }, fault });

    const { code, out } = await grant();

    expect(code).toBe(0);
    expect(out).toMatch(/^note .*does not let these be taken out: .*prvReadSharePointData/m);
  });

  it('asks for the token where none is set, and sends it nowhere but in the header', async () => {
    const { code, asked, out, complaint } = await backstamp(
      [...wordsFor([first]), ...sources],
      {},
      tokenOf(administrator, server.url),
    );

    expect(code).toBe(0);
    expect(asked).toEqual([`Token for ${server.url}`]);
    expect(out + complaint).not.toContain(tokenOf(administrator, server.url).slice(0, 40));
  });

  it('waits as it is told where Dataverse is busy', async () => {
    const fault = { status: 429, code: '0x80072322', message: 'Number of requests exceeded.', retryAfter: 1 };
    await admin.control('POST', 'faults', { match: { kind: 'addPrivilegesRole' }, times: 2, fault });

    expect((await grant()).code).toBe(0);
  });

  it.each([
    ['prvReadBusinessUnit', 'read the business units'],
    ['prvReadEntity', 'read the definitions of tables'],
    ['prvReadRole', 'read security roles'],
    ['prvCreateRole', 'make a security role'],
    ['prvReadPrivilege', 'look privileges up'],
    ['prvWriteRole', 'add privileges to a security role'],
    ['prvReadUser', 'read users'],
    ['prvCreateUser', 'make an application user'],
    ['prvWriteUser', 'give a user a security role'],
  ])('names %s where the administrator lacks it, and the remedy', async (missing, what) => {
    const person = '33333333-2222-4333-8444-555555555555';
    const all = await admin.list('privileges?$select=name');
    const privileges = all.map(({ name }) => String(name)).filter((name) => name !== missing);
    await admin.control('PUT', `application-users/${person}`, { privileges });

    const { code, out, complaint } = await backstamp([...wordsFor([first]), ...sources], {
      DATAVERSE_TOKEN: tokenOf(person, server.url),
    });

    expect([code, out]).toEqual([1, '']);
    expect(complaint).toContain(`may not ${what}`);
    expect(complaint).toContain(missing);
    expect(complaint).toContain('System Administrator');
  });

  it('says what is wrong with a token, an account, a table and a user', async () => {
    const words = [...wordsFor([first]), ...sources];
    expect((await backstamp(words, { DATAVERSE_TOKEN: 'nonsense' })).complaint).toContain(
      'az account get-access-token',
    );
    expect((await backstamp(words, { DATAVERSE_TOKEN: '' })).complaint).toContain('Set DATAVERSE_TOKEN');
    const stranger = await backstamp(words, { DATAVERSE_TOKEN: tokenOf(second, server.url) });
    expect(stranger.complaint).toContain('no enabled user of the environment');
    expect(await grant(['--table', 'new_nothing'])).toMatchObject({
      code: 1,
      complaint: expect.stringContaining('no table new_nothing. Check --table'),
    });

    await admin.control('PUT', `application-users/${first}`, { privileges: [], disabled: true });
    expect((await grant()).complaint).toContain('is disabled. Enable it');
    const north = '44444444-2222-4333-8444-555555555555';
    await admin.control('POST', 'rows/businessunit', { businessunitid: north, name: 'North', isdisabled: false });
    const [root] = await admin.list("businessunits?$select=businessunitid&$filter=name eq 'root'");
    await admin.send('PATCH', `businessunits(${north})`, {
      'parentbusinessunitid@odata.bind': `/businessunits(${root?.businessunitid})`,
    });
    await admin.control('PUT', `application-users/${first}`, { privileges: [], businessUnit: north });
    expect((await grant()).complaint).toContain('not in the root business unit');

    await server.close();
    expect((await backstamp(words, { DATAVERSE_TOKEN: 'token' })).complaint).toContain('does not answer');
  });

  it('prints the same privileges for people who click, without a token or a connection', async () => {
    await server.close();

    const { code, out, asked } = await backstamp(['grant', '--print', ...sources, '--bypass'], {});

    expect([code, asked]).toEqual([0, []]);
    for (const line of [
      /^lead +Append +always /m,
      /^Customer Profile \(msdynci_customerprofile\) +Append To +always /m,
      /^Field +Create +until each table has its lookup column/m,
      /^Process +Read +for the doctor/m,
      /^prvBypassCustomBusinessLogic /m,
    ])
      expect(out).toMatch(line);
    const listed = JSON.parse((await backstamp(['grant', '--print', '--json', ...sources], {})).out) as unknown[];
    expect(listed).toHaveLength(4 * 3 + 3 + 7 + 5);
  });
});
