import { writeToken } from '../dataverse/security/token.ts';
import { businessUnits } from './business-units.ts';
import { callStandIn, loadRows, putApplicationUser } from './control-plane.ts';
import type { Organisation } from './organisation.ts';
import { guidOf } from './random.ts';

/** Whoever sets the organisation up: may do everything. */
const administrator = guidOf('application|administrator');

/** Roles that a team must have to own rows of Customer Insights. */
export const ownerRoles = ['Customer Insights Data Read Access', 'Marketing Professional (BU level)'] as const;

/** What an application user needs to give rows of Customer Insights their owners, besides reading them. */
export const ownershipPrivileges = ({ tables }: Pick<Organisation, 'tables'>): string[] => [
  ...tables
    .filter(({ logicalName }) => logicalName.startsWith('msdynci_'))
    .flatMap(({ schemaName }) => [`prvWrite${schemaName}`, `prvAssign${schemaName}`]),
  ...['prvReadBusinessUnit', 'prvReadTeam', 'prvReadRole', 'prvReadOrganization'],
];

/** Gives the teams of the units, and the root unit's own, the roles by which they may own rows of Customer Insights. */
export async function letTeamsOwn(url: string, { tables }: Pick<Organisation, 'tables'>): Promise<void> {
  await putApplicationUser(url, administrator, 'all');
  const roles = ownerRoles.map((name) => ({ roleid: guidOf(`role|${name}`), name }));
  await loadRows(url, 'role', roles);
  const names = tables
    .filter(({ logicalName }) => logicalName.startsWith('msdynci_'))
    .map((t) => `prvRead${t.schemaName}`);
  const [privileges, teams] = [
    await list(url, 'privileges?$select=privilegeid,name'),
    await list(url, 'teams?$select=teamid&$filter=isdefault eq true'),
  ];
  const Privileges = privileges
    .filter(({ name }) => names.includes(String(name)))
    .map(({ privilegeid }) => ({ PrivilegeId: privilegeid, Depth: 'Local' }));
  const [reader] = roles;
  if (reader !== undefined) {
    await post(url, `roles(${reader.roleid})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, { Privileges });
  }
  for (const teamId of [...businessUnits.map((unit) => unit.teamId), ...teams.map(({ teamid }) => String(teamid))]) {
    for (const { roleid } of roles) {
      const reference = { '@odata.id': `${url}/api/data/v9.2/roles(${roleid})` };
      await post(url, `teams(${teamId})/teamroles_association/$ref`, reference);
    }
  }
}

const call = (url: string, path: string, request: RequestInit) =>
  callStandIn(url, `/api/data/v9.2/${path}`, {
    ...request,
    headers: {
      authorization: `Bearer ${writeToken(administrator, url, Date.now() + 60_000)}`,
      'content-type': 'application/json',
    },
  });

async function list(url: string, path: string): Promise<Record<string, unknown>[]> {
  const { value } = (await (await call(url, path, { method: 'GET' })).json()) as { value: Record<string, unknown>[] };
  return value;
}

async function post(url: string, path: string, body: object): Promise<void> {
  await (await call(url, path, { method: 'POST', body: JSON.stringify(body) })).arrayBuffer();
}
