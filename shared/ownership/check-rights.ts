import { isTerminalError } from '../errors.ts';
import { type HeldPrivileges, privilegesIn } from '../inspect/identity.ts';
import type { PrivilegesFound } from '../inspect/known-privileges.ts';
import type { PrivilegeNames } from '../inspect/needed-privileges.ts';
import type { WorkDataverse } from '../passes/work-parts.ts';
import type { OwnershipFinding } from './findings.ts';
import type { OwnerMapping, OwnerTeam } from './owner-mapping.ts';

/** What the writer needs on a table whose owners it sees to. */
const rightsOfWriter = ['Read', 'Write', 'Assign'] as const;

/** Teams whose privileges are asked for in one batch: its parts run one after another. */
const teamsPerBatch = 250;

/** What each team's roles give, by team; undefined for those of whom that may not be read. */
export type TeamRights = ReadonlyMap<string, HeldPrivileges | undefined>;

/** Reads what the roles of the teams of a mapping give. */
export async function readTeamRights(
  dataverse: Pick<WorkDataverse, 'readObjects'>,
  { teams, root }: OwnerMapping,
  signal: AbortSignal,
): Promise<TeamRights> {
  const ids = [...new Set([...teams, root].map(({ teamId }) => teamId))];
  const batches: string[][] = [];
  for (let at = 0; at < ids.length; at += teamsPerBatch) batches.push(ids.slice(at, at + teamsPerBatch));
  const answers = await Promise.all(
    batches.map((some) => dataverse.readObjects(some.map(teamPrivileges), 'read the privileges of teams', signal)),
  );
  return new Map(
    answers
      .flat()
      .map((answer, at) => [ids[at] ?? '', isTerminalError(answer) ? undefined : privilegesIn(answer, undefined)]),
  );
}

/**
 * Whether one of the app's identities may give a table's rows away: the others leave it to that one. What may not be read
 * is not held against anybody.
 */
export function checkWriters({ identities, names }: PrivilegesFound, table: string): OwnershipFinding[] {
  const needed = rightsOfWriter.flatMap((right) => names.get(table)?.get(right) ?? []);
  const lacks = identities.map(({ name, privileges }) =>
    needed.flatMap((privilege) => {
      const held = privileges?.get(privilege.toLowerCase());
      const isEnough = privileges === undefined || held?.isEverywhere;
      return isEnough ? [] : [writerLacks(name, privilege, table, held?.depth)];
    }),
  );
  return lacks.some((ofOne) => ofOne.length === 0) ? [] : lacks.flat();
}

/** Whether each team may own a table's rows: Dataverse refuses an owner whose roles do not let it read the table (0x80040299). */
export function checkTeams(
  names: PrivilegeNames,
  table: string,
  { teams, root }: OwnerMapping,
  rights: TeamRights,
): OwnershipFinding[] {
  const read = names.get(table)?.get('Read');
  if (read === undefined) return [];
  const mayNot = ({ teamId }: OwnerTeam): boolean => rights.get(teamId)?.has(read.toLowerCase()) === false;
  return [...teams, root].filter(mayNot).map((team) => teamLacks(read, table, team));
}

const teamPrivileges = (id: string): string => `teams(${id})/Microsoft.Dynamics.CRM.RetrieveTeamPrivileges()`;

const writerLacks = (who: string, name: string, table: string, depth: string | undefined): OwnershipFinding => ({
  code: 'may-not-assign',
  finding:
    depth === undefined
      ? `${who} lacks ${name}: it cannot give rows of ${table} another owner.`
      : `${who} has ${name} at depth ${depth} only: rows of other business units are out of its reach.`,
  remedy: 'Run "backstamp grant --ownership", or give its role the privilege at organisation level.',
});

const teamLacks = (name: string, table: string, { team, businessUnit }: OwnerTeam): OwnershipFinding => ({
  code: 'team-may-not-own',
  finding: `${team} of ${businessUnit} lacks ${name}: Dataverse lets no team own rows of ${table} that it may not read (0x80040299).`,
  remedy: 'Give the team a security role that reads the table; Customer Insights Data Read Access does.',
});
