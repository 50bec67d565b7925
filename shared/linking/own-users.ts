import { guidAt } from '../customer-insights/guid.ts';
import { isTerminalError } from '../errors.ts';
import type { WorkDataverse } from '../passes/work-parts.ts';

/** Ids of the users in whose names the app writes; empty where they may not be read. */
export type OwnUsers = (signal: AbortSignal) => Promise<readonly string[]>;

/** Asks once per process. */
export function ownUsers(
  dataverse: Pick<WorkDataverse, 'readLists' | 'readObject'>,
  clientIds: readonly string[],
): OwnUsers {
  let known: readonly string[] | undefined;
  return async (signal) => {
    known ??= await readUsers(dataverse, clientIds, signal);
    return known;
  };
}

async function readUsers(
  dataverse: Pick<WorkDataverse, 'readLists' | 'readObject'>,
  clientIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    if (clientIds.length < 2) {
      const answer = await dataverse.readObject('WhoAmI', 'ask who the app is', signal);
      return [guidAt(answer, 'UserId')].filter((id) => id !== undefined);
    }
    const list = {
      entitySetName: 'systemusers',
      select: ['applicationid'],
      column: 'applicationid',
      values: clientIds,
    };
    const [users = []] = await dataverse.readLists([list], signal);
    return users.map((user) => guidAt(user, 'systemuserid')).filter((id) => id !== undefined);
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    return [];
  }
}
