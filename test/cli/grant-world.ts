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
  const roleId = async (): Promise<string> =>
    String((await list("roles?$select=roleid&$filter=name eq 'Backstamp linking'"))[0]?.roleid);
  return {
    send,
    list,
    /** Depth by name of the privileges that the role has. */
    async rolePrivileges(): Promise<Map<string, string>> {
      const { RolePrivileges } = await send('GET', `RetrieveRolePrivilegesRole(RoleId=${await roleId()})`);
      return new Map(
        (RolePrivileges as { PrivilegeName: string; Depth: string }[]).map((one) => [one.PrivilegeName, one.Depth]),
      );
    },
    async removeFromRole(name: string): Promise<void> {
      const [privilege] = await list(`privileges?$select=privilegeid&$filter=name eq '${name}'`);
      await send('POST', `roles(${await roleId()})/Microsoft.Dynamics.CRM.RemovePrivilegeRole`, {
        Privilege: { privilegeid: privilege?.privilegeid },
      });
    },
    async addToRole(name: string, depth: string): Promise<void> {
      const [privilege] = await list(`privileges?$select=privilegeid&$filter=name eq '${name}'`);
      await send('POST', `roles(${await roleId()})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
        Privileges: [{ PrivilegeId: privilege?.privilegeid, Depth: depth }],
      });
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
