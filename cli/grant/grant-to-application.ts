import { AppError } from '../app-client.ts';
import type { AdminClient } from './admin-client.ts';
import { roleName } from './complete-role.ts';
import type { Step } from './grant-access.ts';

interface Grantee {
  readonly clientId: string;
  readonly roleId: string;
  /** The root business unit, where the role lives. */
  readonly unitId: string;
}

/** Sees to it that an application has a user in the root business unit, and the user the role. */
export async function grantToApplication(client: AdminClient, grantee: Grantee): Promise<Step[]> {
  const { clientId, roleId } = grantee;
  const known = await findUser(client, grantee);
  const userId = known ?? (await makeUser(client, grantee));
  const steps: Step[] = [
    known === undefined
      ? { kind: 'done', text: `made the application user of ${clientId}` }
      : { kind: 'there', text: `application user of ${clientId}` },
  ];
  const path = `systemusers(${userId})/systemuserroles_association`;
  const roles = await client.list(`${path}?$select=roleid,name`, 'read the roles of a user');
  if (roles.some(({ roleid }) => roleid === roleId)) {
    steps.push({ kind: 'there', text: `${clientId} has the role` });
  } else {
    const reference = { '@odata.id': `${client.api}/roles(${roleId})` };
    await client.post(`${path}/$ref`, reference, 'give a user a security role');
    steps.push({ kind: 'done', text: `gave ${clientId} the role` });
  }
  const others = roles.filter(({ roleid }) => roleid !== roleId).map(({ name }) => String(name));
  if (others.length > 0) {
    const text = `${clientId} has other roles too; linking does not need them: ${others.join(', ')}`;
    steps.push({ kind: 'note', text });
  }
  return steps;
}

async function findUser(client: AdminClient, { clientId, unitId }: Grantee): Promise<string | undefined> {
  const path =
    'systemusers?$select=systemuserid,isdisabled,_businessunitid_value' +
    `&$filter=${encodeURIComponent(`applicationid eq ${clientId}`)}`;
  const [user] = await client.list(path, 'read users');
  if (user === undefined) return undefined;
  if (user.isdisabled === true) {
    throw new AppError(
      `The application user of ${clientId} is disabled. Enable it (Power Platform admin center, Application users), then grant again.`,
      0,
    );
  }
  if (user._businessunitid_value !== unitId) {
    throw new AppError(
      `The application user of ${clientId} is not in the root business unit, where the role "${roleName}" is. Move it there (Power Platform admin center, Application users, Change business unit), then grant again.`,
      0,
    );
  }
  return String(user.systemuserid);
}

async function makeUser(client: AdminClient, { clientId, unitId }: Grantee): Promise<string> {
  const user = { applicationid: clientId, 'businessunitid@odata.bind': `/businessunits(${unitId})` };
  const id = await client.post('systemusers', user, `make an application user for ${clientId}`);
  if (id === undefined)
    throw new AppError('Dataverse made the application user and did not name it. Run this again.', 0);
  return id;
}
