import type { DefinitionReader, TableMetadata } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import { privilegesFrom, userPrivilegesPath, whoAmI } from '../inspect/identity.ts';
import { privilegeNames } from '../inspect/needed-privileges.ts';
import type { OwnershipFinding } from './findings.ts';
import type { OwnerMapping, OwnerTeam } from './owner-mapping.ts';

/** What the writer needs on a table whose owners it sees to. */
const rightsOfWriter = ['Read', 'Write', 'Assign'] as const;

/**
 * Whether the app may give a table's rows away, and whether each team may own them: Dataverse refuses an owner whose
 * roles do not let it read the table (0x80040299). What may not be read is not held against anybody.
 */
export async function checkRights(
  dataverse: DefinitionReader,
  { logicalName: table }: TableMetadata,
  { teams, root }: OwnerMapping,
  signal: AbortSignal,
): Promise<OwnershipFinding[]> {
  const names = (await privilegeNames(dataverse, [table], signal)).get(table) ?? new Map<string, string>();
  const findings: OwnershipFinding[] = [];
  const writer = await unlessRefused(async () => {
    const userId = await whoAmI(dataverse, signal);
    return userId === undefined ? undefined : privilegesFrom(dataverse, userPrivilegesPath(userId), signal);
  });
  for (const right of rightsOfWriter) {
    const name = names.get(right);
    if (writer === undefined || name === undefined) continue;
    const depth = writer.get(name.toLowerCase());
    if (depth !== 'Global') findings.push(writerLacks(name, table, depth));
  }
  const read = names.get('Read');
  for (const team of [...teams, root]) {
    const held = await unlessRefused(() => privilegesFrom(dataverse, teamPrivileges(team.teamId), signal));
    if (held === undefined || read === undefined || held.has(read.toLowerCase())) continue;
    findings.push(teamLacks(read, table, team));
  }
  return findings;
}

const teamPrivileges = (id: string): string => `teams(${id})/Microsoft.Dynamics.CRM.RetrieveTeamPrivileges()`;

async function unlessRefused<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isTerminalError(error)) return undefined;
    throw error;
  }
}

const writerLacks = (name: string, table: string, depth: string | undefined): OwnershipFinding => ({
  code: 'may-not-assign',
  finding:
    depth === undefined
      ? `The application user lacks ${name}: it cannot give rows of ${table} another owner.`
      : `The application user has ${name} at depth ${depth} only: rows of other business units are out of its reach.`,
  remedy: 'Run "backstamp grant --ownership", or give its role the privilege at organisation level.',
});

const teamLacks = (name: string, table: string, { team, businessUnit }: OwnerTeam): OwnershipFinding => ({
  code: 'team-may-not-own',
  finding: `${team} of ${businessUnit} lacks ${name}: Dataverse lets no team own rows of ${table} that it may not read (0x80040299).`,
  remedy: 'Give the team a security role that reads the table; Customer Insights Data Read Access does.',
});
