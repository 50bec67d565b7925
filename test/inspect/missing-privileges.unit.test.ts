import { describe, expect, it } from 'vitest';
import type { InspectableDataverse } from '../../shared/dataverse/dataverse.ts';
import { RetryableError, TerminalError } from '../../shared/errors.ts';
import { privilegeCheck } from '../../shared/inspect/missing-privileges.ts';

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
function organisationWith(privileges: Readonly<Record<string, Given>>): InspectableDataverse {
  const readObject = async (path: string): Promise<Record<string, unknown>> => {
    if (path === 'WhoAmI') return { UserId: first };
    const userId = /^systemusers\((.*)\)\//.exec(path)?.[1];
    if (userId === undefined) {
      const value = ['Contact', 'msdynci_customerprofile', 'msdynci_alternatekey'].map((name) => ({
        LogicalName: name.toLowerCase(),
        Privileges: rights.map((right) => ({ Name: `prv${right}${name}`, PrivilegeType: right })),
      }));
      return { value };
    }
    const given = privileges[userId];
    if (given === undefined || typeof given === 'string') throw new TerminalError('You may not read users.');
    const RolePrivileges = given.map((one) => {
      const [PrivilegeName, Depth = 'Global'] = one.split('/');
      return { PrivilegeName, Depth };
    });
    return { RolePrivileges };
  };
  const readPage = async ({ filter }: { readonly filter?: string }) => {
    const id = Object.keys(privileges).find((one) => filter?.includes(one));
    return {
      rows: id === undefined || privileges[id] === 'unknown' ? [] : [{ systemuserid: id }],
      nextLink: undefined,
    };
  };
  return { readObject, readPage } as unknown as InspectableDataverse;
}

const check = (privileges: Readonly<Record<string, Given>>, hasColumn = true) =>
  privilegeCheck(organisationWith(privileges), Object.keys(privileges))(
    { table: 'contact', hasColumn },
    AbortSignal.timeout(5_000),
  );

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
    const { findings } = await check({ [first]: enough }, false);
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

  it('may come from a team, of which only the least depth is told: that keeps nothing from going on', async () => {
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

  it('are asked for again later where Dataverse is out of reach', async () => {
    const dataverse = organisationWith({ [first]: enough });
    dataverse.readObject = () => Promise.reject(new RetryableError('503'));
    await expect(
      privilegeCheck(dataverse, [first])({ table: 'contact', hasColumn: true }, AbortSignal.timeout(5_000)),
    ).rejects.toThrow('503');
  });
});
