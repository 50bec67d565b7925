import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../shared/dataverse/dataverse.ts';
import { RetryableError, TerminalError } from '../../shared/errors.ts';
import { type DefinitionsReader, KnownPrivileges } from '../../shared/inspect/known-privileges.ts';
import { privilegeCheck } from '../../shared/inspect/missing-privileges.ts';
import type { LinkedTable } from '../../shared/inspect/needed-privileges.ts';

const [first, second] = ['11111111-2222-4333-8444-555555555551', '11111111-2222-4333-8444-555555555552'];
const rights = ['Read', 'Write', 'Append', 'AppendTo'];
const enough = [
  ...rights.map((right) => `prv${right}Contact`),
  ...rights.map((right) => `prv${right}msdynci_customerprofile`),
  'prvReadmsdynci_alternatekey',
  'prvReadEntity',
  'prvReadAttribute',
  'prvReadRelationship',
];
const without = (...names: string[]) => enough.filter((name) => !names.includes(name));

type Given = readonly string[] | 'unreadable' | 'unknown';

/** An organisation whose application users have these privileges; a depth may follow after a slash. */
function organisationWith(privileges: Record<string, Given>, teams: Record<string, Given> = {}) {
  const answerOf = (path: string): Row => {
    if (path === 'WhoAmI') return { UserId: privileges[first] === 'unknown' ? undefined : first };
    if (path.startsWith('EntityDefinitions')) {
      const value = ['Contact', 'msdynci_customerprofile', 'msdynci_alternatekey'].map((name) => ({
        LogicalName: name.toLowerCase(),
        Privileges: rights.map((right) => ({ Name: `prv${right}${name}`, PrivilegeType: right })),
      }));
      return { value };
    }
    if (path.includes('/teammembership_association')) {
      if (Object.keys(teams).length === 0) throw new TerminalError('You may not read teams.');
      return { value: Object.keys(teams).map((teamid) => ({ teamid })) };
    }
    const teamId = /^teams\((.*)\)\//.exec(path)?.[1];
    const userId = /^systemusers\((.*)\)\//.exec(path)?.[1];
    if (userId === undefined && teamId === undefined) {
      const known = Object.keys(privileges).filter((id) => path.includes(id) && privileges[id] !== 'unknown');
      return { value: known.map((id) => ({ systemuserid: id, applicationid: id.toUpperCase() })) };
    }
    const given = teamId === undefined ? privileges[userId ?? ''] : teams[teamId];
    if (given === undefined || typeof given === 'string') throw new TerminalError('You may not read users.');
    const RolePrivileges = given.map((one) => {
      const [PrivilegeName, Depth = 'Global'] = one.split('/');
      return { PrivilegeName, Depth };
    });
    return { RolePrivileges };
  };
  const asked: (readonly string[])[] = [];
  const readObjects: DefinitionsReader['readObjects'] = async (paths) => {
    asked.push(paths);
    return paths.map((path) => {
      try {
        return answerOf(path);
      } catch (error) {
        return error as TerminalError;
      }
    });
  };
  return { readObjects, asked };
}

const timeout = () => AbortSignal.timeout(5_000);
/** What is found of contacts, which have their column unless it is said otherwise. */
const asking = (organisation: DefinitionsReader, clientIds: readonly string[]) => {
  const ask = privilegeCheck(new KnownPrivileges(organisation, clientIds));
  return async (more: Partial<LinkedTable> = {}) => {
    const contact = { table: 'contact', hasColumn: true, tracksMap: false, securedColumn: undefined, ...more };
    const { findings, notes } = (await ask([contact], timeout())).get('contact') ?? { findings: [], notes: [] };
    return { findings, notes };
  };
};
const check = (privileges: Record<string, Given>, more: Partial<LinkedTable> = {}) =>
  asking(organisationWith(privileges), Object.keys(privileges))(more);

describe('the users in whose names the app writes', () => {
  it('are known from when its privileges were read, and asked for where they were not', async () => {
    const organisation = organisationWith({ [first]: enough });
    const known = new KnownPrivileges(organisation, [first]);
    const users = await known.userIds(timeout());
    expect(users).toHaveLength(1);
    await privilegeCheck(known)(
      [{ table: 'contact', hasColumn: true, tracksMap: false, securedColumn: undefined }],
      timeout(),
    );
    const before = organisation.asked.length;
    expect(await known.userIds(timeout())).toEqual(users);
    expect(organisation.asked.length).toBe(before);
  });

  it('are none where Dataverse does not tell', async () => {
    const known = new KnownPrivileges(organisationWith({}), [first, second]);
    expect(await known.userIds(timeout())).toEqual([]);
  });
});

describe('the privileges of the app', () => {
  it('are enough where nothing is missing', async () => {
    expect(await check({ [first]: enough })).toEqual({ findings: [], notes: [] });
  });

  it('lack everything that is missing at once, with the remedy', async () => {
    const { findings } = await check({ [first]: without('prvAppendContact', 'prvReadmsdynci_alternatekey') });
    expect(findings.map(({ code, finding }) => `${code}: ${finding}`)).toEqual([
      expect.stringMatching(/^privilege-missing: .* lacks prvAppendContact/),
      expect.stringMatching(/^privilege-missing: .* lacks prvReadmsdynci_alternatekey/),
    ]);
    for (const { remedy } of findings) expect(remedy).toMatch(/backstamp grant/);
  });

  it('must include those to make the column only where there is none', async () => {
    const { findings } = await check({ [first]: enough }, { hasColumn: false });
    expect(findings.map(({ finding }) => finding).join()).toMatch(/prvCreateAttribute.*prvCreateRelationship/);
  });

  it('may be missing to one identity that another stands in for, which is said', async () => {
    const { findings, notes } = await check({ [first]: enough, [second]: without('prvWriteContact') });
    expect(findings).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/lacks prvWriteContact.*another identity does its part/)]);
    const both = await check({ [first]: without('prvReadContact'), [second]: without('prvWriteContact') });
    expect(both.findings).toHaveLength(2);
  });

  it('must reach every business unit for each identity: one that sees less is never refused', async () => {
    const low = [...without('prvReadmsdynci_alternatekey'), 'prvReadmsdynci_alternatekey/Local'];
    const { findings } = await check({ [first]: enough, [second]: low });
    expect(findings).toMatchObject([{ code: 'privilege-depth', finding: expect.stringContaining(second) }]);
  });

  it('are judged by how far the roles of teams reach, which is asked of the teams', async () => {
    const held = { [first]: enough.map((name) => `${name}/Basic`) };
    const asked = async (teams: Record<string, Given>) => {
      const organisation = organisationWith(held, teams);
      return { ...(await asking(organisation, [first])()), requests: organisation.asked.length };
    };
    expect(await asked({ a: [], b: enough })).toEqual({ findings: [], notes: [], requests: 4 });
    // Local in a unit of which nothing is known, as the units may not be read.
    const local = [...without('prvReadContact'), 'prvReadContact/Local'];
    expect((await asked({ a: local })).findings).toMatchObject([
      { code: 'privilege-depth', finding: expect.stringContaining('prvReadContact at depth Local only') },
    ]);
    expect((await asked({ a: without('prvReadContact') })).findings).toMatchObject([
      { code: 'privilege-depth', finding: expect.stringContaining('prvReadContact at depth Basic only') },
    ]);
    // One team that may not be looked at may be the one that reaches everything; so may what Basic is told of.
    expect((await asked({ a: without('prvReadContact'), b: 'unreadable' })).findings).toEqual([]);
    expect((await asked({ a: [...without('prvReadContact'), 'prvReadContact/Basic'] })).findings).toEqual([]);
  });

  it('may come from a team that may not be read, of which only the least depth is told: that keeps nothing from going on', async () => {
    const throughTeam = enough.map((name) => `${name}/Basic`);
    expect(await check({ [first]: throughTeam })).toEqual({ findings: [], notes: [] });
    const both = await check({ [first]: [...enough.map((name) => `${name}/Local`), ...enough, ...throughTeam] });
    expect(both.findings).toEqual([]);
  });

  it('are said to be unknown where they cannot be read, and keep nothing from going on', async () => {
    const { findings, notes } = await check({ [first]: 'unreadable' });
    expect(findings).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/cannot be checked: it may not read them.*prvWriteContact/)]);
  });

  it('are those of the identities that Dataverse knows: any other is refused by itself', async () => {
    expect(await check({ [first]: enough, [second]: 'unknown' })).toEqual({ findings: [], notes: [] });
    expect(await check({ [first]: 'unknown' })).toEqual({ findings: [], notes: [] });
  });

  it('take two requests at first, however many identities there are, and one from then on', async () => {
    const organisation = organisationWith({ [first]: enough, [second]: enough });
    const ask = asking(organisation, [first, second]);
    for (let time = 1; time <= 3; time++) expect(await ask()).toEqual({ findings: [], notes: [] });
    expect(organisation.asked.map((paths) => paths.length)).toEqual([3, 2, 2, 2]);
    expect(organisation.asked.flat().filter((path) => path.includes('RetrieveUserPrivileges'))).toHaveLength(6);
  });

  it('are told by nothing that was known before: a fault is looked at anew, a new user is found', async () => {
    const privileges: Record<string, Given> = { [first]: enough };
    const organisation = organisationWith(privileges);
    const askBoth = asking(organisation, [first]);
    const ask = async () => (await askBoth()).findings;
    expect(await ask()).toEqual([]);
    privileges[first] = without('prvWriteContact');
    expect(await ask()).toHaveLength(1);
    expect(organisation.asked.at(-2)).toContain('WhoAmI');
    privileges[first] = enough;
    expect(await ask()).toEqual([]);
  });

  it('are held against what is needed though another check forgets what is known meanwhile', async () => {
    const privileges: Record<string, Given> = { [first]: enough };
    const organisation = organisationWith(privileges);
    const ask = asking(organisation, [first]);
    await ask();
    privileges[first] = without('prvWriteContact');
    const { readObjects } = organisation;
    let asked = 0;
    // The second answer comes while the first check, which has found a fault and forgotten everything, asks anew.
    organisation.readObjects = async (paths, what, signal) => {
      if (paths.includes('WhoAmI')) await setTimeout(20);
      else if (++asked === 2) await setTimeout(5);
      return readObjects(paths, what, signal);
    };
    const both = await Promise.all([ask(), ask()]);
    expect(both.map(({ findings }) => findings.length)).toEqual([1, 1]);
  });

  it('are asked for again later where Dataverse is out of reach', async () => {
    const organisation = organisationWith({ [first]: enough });
    organisation.readObjects = () => Promise.reject(new RetryableError('503'));
    await expect(asking(organisation, [first])()).rejects.toThrow('503');
  });

  it('could not be checked where their names may not be read, which is said', async () => {
    const organisation = organisationWith({ [first]: enough });
    organisation.readObjects = async (paths) => paths.map(() => new TerminalError('You may not read definitions.'));
    const { findings, notes } = await asking(organisation, [first])();
    expect(findings).toEqual([]);
    expect(notes).toEqual(['The privileges of the app could not be checked: You may not read definitions.']);
  });
});
