import type { InspectableDataverse, Row } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';

/** Teams that are looked at in one request; whoever is in more gets no word on how far they reach. */
const mostTeams = 250;

const membershipPath = (userId: string): string => `systemusers(${userId})/teammembership_association?$select=teamid`;

const teamPrivilegesPath = (teamId: string): string =>
  `teams(${teamId})/Microsoft.Dynamics.CRM.RetrieveTeamPrivileges()`;

/**
 * Reads what the teams of some users give, in two requests: Dataverse tells the real depth of it for the team alone.
 * @returns by user, the answer on each team, undefined where that was refused; users whose teams may not be read are
 * left out
 */
export async function readThroughTeams(
  dataverse: Pick<InspectableDataverse, 'readObjects'>,
  userIds: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly (Row | undefined)[]>> {
  const memberships = await dataverse.readObjects(userIds.map(membershipPath), 'read the teams of the app', signal);
  const teamsByUser = new Map(
    userIds.flatMap((userId, at): [string, readonly string[]][] => {
      const answer = memberships[at];
      if (answer === undefined || isTerminalError(answer) || !Array.isArray(answer.value)) return [];
      return typeof answer['@odata.nextLink'] === 'string'
        ? []
        : [[userId, (answer.value as Row[]).map(({ teamid }) => String(teamid))]];
    }),
  );
  const teams = [...new Set([...teamsByUser.values()].flat())].slice(0, mostTeams);
  const answers =
    teams.length === 0
      ? []
      : await dataverse.readObjects(teams.map(teamPrivilegesPath), 'read the privileges of teams', signal);
  const given = new Map(
    answers.flatMap((answer, at): [string, Row][] => (isTerminalError(answer) ? [] : [[teams[at] ?? '', answer]])),
  );
  return new Map([...teamsByUser].map(([userId, ids]) => [userId, ids.map((id) => given.get(id))]));
}
