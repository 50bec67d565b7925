import { runCommand } from '../../cli/run-command.ts';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { callStandIn, putApplicationUser } from '../../local/sample/control-plane.ts';

/** The application whose token stands for an administrator's. */
export const administrator = '99999999-2222-4333-8444-555555555555';

export const tokenOf = (clientId: string, url: string): string => writeToken(clientId, url, Date.now() + 3_600_000);

/** Runs the command as a person would who has set DATAVERSE_TOKEN, or is asked for it. */
export async function backstamp(words: readonly string[], environment: Record<string, string>, typed?: string) {
  let [out, complaint] = ['', ''];
  const asked: string[] = [];
  const code = await runCommand(words, {
    environment,
    write: (text) => {
      out += text;
    },
    complain: (text) => {
      complaint += text;
    },
    askSecretly: async (what) => {
      asked.push(what);
      return typed;
    },
    sleep: async () => undefined,
    now: Date.now,
  });
  return { code, out, complaint, asked };
}

/** What an administrator may do in the stand-in, and what tests look up there. */
export async function administer(url: string) {
  await putApplicationUser(url, administrator, 'all');
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await callStandIn(url, `/api/data/v9.2/${path}`, {
      method,
      headers: { authorization: `Bearer ${tokenOf(administrator, url)}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>);
  };
  const list = async (path: string) => (await send('GET', path)).value as Record<string, unknown>[];
  const roleId = async (name: string): Promise<string | undefined> => {
    const filter = `name eq '${name}' and businessunitid/name eq 'root'`;
    const [role] = await list(`roles?$select=roleid&$filter=${filter}`);
    return role === undefined ? undefined : String(role.roleid);
  };
  const held = async (name: string): Promise<[string, string][]> => {
    const id = await roleId(name);
    if (id === undefined) return [];
    const { RolePrivileges } = await send('GET', `RetrieveRolePrivilegesRole(RoleId=${id})`);
    return (RolePrivileges as { PrivilegeName: string; Depth: string }[]).map((one) => [one.PrivilegeName, one.Depth]);
  };
  const idOf = async (name: string): Promise<unknown> =>
    (await list(`privileges?$select=privilegeid&$filter=name eq '${name}'`))[0]?.privilegeid;
  return {
    send,
    list,
    roleId,
    /** Depth by name of the privileges that a role has; of both roles together where none is named. */
    async rolePrivileges(...names: string[]): Promise<Map<string, string>> {
      const roles = names.length > 0 ? names : ['Backstamp app', 'Backstamp linking'];
      return new Map((await Promise.all(roles.map(held))).flat());
    },
    /** Takes a privilege from whichever of the roles has it. */
    async removeFromRole(privilege: string): Promise<void> {
      for (const name of ['Backstamp app', 'Backstamp linking']) {
        await send('POST', `roles(${await roleId(name)})/Microsoft.Dynamics.CRM.RemovePrivilegeRole`, {
          Privilege: { privilegeid: await idOf(privilege) },
        });
      }
    },
    async addToRole(privilege: string, depth: string, name = 'Backstamp linking'): Promise<void> {
      await send('POST', `roles(${await roleId(name)})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
        Privileges: [{ PrivilegeId: await idOf(privilege), Depth: depth }],
      });
    },
    /** Everything that anybody holds: roles, who holds them, and what each user may do, by the user's id. */
    async everybodysRights() {
      const rights: Record<string, readonly string[]> = {};
      for (const { systemuserid, isdisabled } of await list('systemusers?$select=systemuserid,isdisabled')) {
        if (isdisabled === true) continue;
        const path = `systemusers(${systemuserid})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`;
        const { RolePrivileges } = await send('GET', path);
        rights[String(systemuserid)] = (RolePrivileges as { PrivilegeName: string; Depth: string }[])
          .map((one) => `${one.PrivilegeName}/${one.Depth}`)
          .sort();
      }
      const pairs = async (set: string) => (await list(set)).map((pair) => JSON.stringify(pair)).sort();
      const roles = await list('roles?$select=roleid,name');
      return {
        rights,
        roles: roles.map(({ roleid, name }) => `${name} ${roleid}`).sort(),
        ofUsers: await pairs('systemuserrolescollection'),
        ofTeams: await pairs('teamrolescollection'),
      };
    },
    /** Rows of every table together: it changes with every write that made one. */
    async stats() {
      const response = await callStandIn(url, '/__control/stats', { method: 'GET' });
      return (await response.json()) as { requests: { byKind: Record<string, number> } };
    },
    /** Gives a person other privileges, or fails requests. */
    async control(method: string, path: string, body?: unknown): Promise<void> {
      await callStandIn(url, `/__control/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
  };
}
