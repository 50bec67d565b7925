import { AppError } from '../app-client.ts';
import type { AdminClient, Json } from './admin-client.ts';

/** The application users of a client id. */
export interface UserFound {
  /** The one that works: the other may be left over from before. */
  readonly id: string;
  /** Every user of the application, live or not. */
  readonly all: readonly string[];
  /** Ids of the roles that the working one has. */
  readonly roleIds: ReadonlySet<string>;
}

/**
 * Application users by client id; none where there is none yet.
 * @throws AppError where a user is disabled or in another unit, with the remedy
 */
export async function readUsers(
  client: AdminClient,
  clientIds: readonly string[],
  unitId: string,
  which: 'fit for a role' | 'whatever their state' = 'fit for a role',
): Promise<ReadonlyMap<string, UserFound>> {
  const path = 'systemusers?$select=systemuserid,applicationid,isdisabled,_businessunitid_value';
  const rows = await client.listWhere(path, 'applicationid', clientIds, 'read users');
  const users = new Map<string, UserFound>();
  for (const clientId of clientIds) {
    const all = rows.filter(({ applicationid }) => lower(applicationid) === clientId);
    if (all.length === 0) continue;
    const user = which === 'fit for a role' ? choose(all, clientId, unitId) : (all[0] ?? {});
    users.set(clientId, {
      id: lower(user.systemuserid),
      all: all.map(({ systemuserid }) => lower(systemuserid)),
      roleIds: new Set<string>(),
    });
  }
  const ids = [...users.values()].map(({ id }) => id);
  const roles = await client.listWhere(
    'systemuserrolescollection?$select=systemuserid,roleid',
    'systemuserid',
    ids,
    'read the roles of users',
  );
  return new Map(
    [...users].map(([clientId, user]) => {
      const own = roles.filter(({ systemuserid }) => lower(systemuserid) === user.id);
      return [clientId, { ...user, roleIds: new Set(own.map(({ roleid }) => lower(roleid))) }];
    }),
  );
}

/** Of several users of one application the enabled one in the root unit, where there is one. */
function choose(all: readonly Json[], clientId: string, unitId: string): Json {
  const live = all.filter(({ isdisabled }) => isdisabled !== true);
  const user = live.find(({ _businessunitid_value }) => lower(_businessunitid_value) === unitId) ?? live[0];
  if (user === undefined) {
    throw new AppError(
      `The application user of ${clientId} is disabled. Enable it (Power Platform admin center, Application users), then run this again.`,
      0,
    );
  }
  if (lower(user._businessunitid_value) !== unitId) {
    throw new AppError(
      `The application user of ${clientId} is not in the root business unit, where the roles are. Move it there (Power Platform admin center, Application users, Change business unit), then run this again.`,
      0,
    );
  }
  return user;
}

const lower = (value: unknown): string => String(value).toLowerCase();
