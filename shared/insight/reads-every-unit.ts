import { profileTable } from '../customer-insights/names.ts';
import type { InspectableDataverse } from '../dataverse/dataverse.ts';

/** What was found of a person counts for so long, in milliseconds; and people who are remembered at once. */
const [maxAgeMs, mostPeople] = [60_000, 1_000];

interface Found {
  readonly at: number;
  readonly answer: Promise<boolean>;
}

const known = new WeakMap<InspectableDataverse, Map<string, Found>>();

/**
 * Whether a person may read the profiles of every business unit, as Dataverse sees it: through roles of their own and
 * of their teams. Two or three requests, then none for a minute.
 * @param caller Entra object id
 */
export function readsEveryUnit(dataverse: InspectableDataverse, caller: string, now: number): Promise<boolean> {
  const people = known.get(dataverse) ?? new Map<string, Found>();
  known.set(dataverse, people);
  const before = people.get(caller);
  if (before !== undefined && now - before.at < maxAgeMs) return before.answer;
  if (people.size >= mostPeople) people.clear();
  const answer = ask(dataverse, caller);
  people.set(caller, { at: now, answer });
  // What failed is asked again by the next request.
  answer.catch(() => people.delete(caller));
  return answer;
}

async function ask(dataverse: InspectableDataverse, caller: string): Promise<boolean> {
  const { rows } = await dataverse.readPage({
    entitySetName: 'systemusers',
    select: ['systemuserid'],
    filter: `azureactivedirectoryobjectid eq ${caller} and isdisabled eq false`,
    pageSize: 1,
  });
  const userId = rows[0]?.systemuserid;
  if (typeof userId !== 'string') return false;
  const definition = `EntityDefinitions?$select=Privileges&$filter=${encodeURIComponent(`LogicalName eq '${profileTable}'`)}`;
  const held = `systemusers(${userId})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`;
  const [{ value }, { RolePrivileges }] = await Promise.all([
    dataverse.readObject(definition, 'read the privileges of the profile table'),
    dataverse.readObject(held, "read a person's privileges"),
  ]);
  const definitions = (value ?? []) as readonly {
    readonly Privileges?: readonly { readonly Name: string; readonly PrivilegeType: string }[];
  }[];
  const needed = definitions
    .flatMap(({ Privileges = [] }) => Privileges)
    .filter(({ PrivilegeType }) => PrivilegeType === 'Read')
    .map(({ Name }) => Name.toLowerCase());
  const privileges = (RolePrivileges ?? []) as readonly {
    readonly PrivilegeName?: unknown;
    readonly Depth?: unknown;
  }[];
  return privileges.some(
    ({ PrivilegeName, Depth }) => Depth === 'Global' && needed.includes(String(PrivilegeName).toLowerCase()),
  );
}
