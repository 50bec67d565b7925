import type { Status } from '../../shared/contracts/status.ts';
import { worstOf } from '../../shared/contracts/status.ts';
import type { AddCommand } from '../add-command.ts';
import { connect } from '../connection.ts';
import { exitCodeOf, exitCodes } from '../exit-code.ts';
import { readConfig } from '../profiles.ts';
import type { Session } from '../session.ts';
import { textTable, timeText } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import type { World } from '../world.ts';

/** How one installation stands, or why it could not be asked. */
type Standing =
  | {
      readonly profile: string;
      readonly url: string;
      /** The worst of its tables' newest tasks; absent before the first run. */
      readonly status?: Status | undefined;
      readonly tables: number;
      /** Tables whose newest task failed. */
      readonly failed: readonly string[];
      readonly lastUpdated: string | null;
    }
  | { readonly profile: string; readonly url: string; readonly fault: string };

/** Commands about all installations at once. */
export function addFleet(add: AddCommand, session: Session): void {
  const fleet = add('fleet', 'all installations at once', ['fleet status']);

  add(
    'status',
    'how each profile stands; one that does not answer stops no other',
    ['fleet status --json'],
    fleet,
  ).action(async () => {
    const { profiles } = await readConfig(session.world.environment);
    const names = Object.keys(profiles).toSorted();
    if (names.length === 0) throw new UsageError('There is no profile yet: add each with "backstamp config set".');
    const standings = await Promise.all(names.map((name) => ask(name, profiles[name]?.url ?? '', session.world)));
    session.exitCode = standings.some((one) => 'fault' in one)
      ? exitCodes.refused
      : exitCodeOf(worstOf(standings.flatMap((one) => ('status' in one && one.status) || [])));
    session.show(standings, fleetText);
  });
}

async function ask(profile: string, url: string, world: World): Promise<Standing> {
  // Each by what is its own: a key or token for one app must not be sent to all.
  const { BACKSTAMP_KEY: _, BACKSTAMP_TOKEN: __, BACKSTAMP_URL: ___, ...environment } = world.environment;
  try {
    const app = await connect({ profile }, { ...world, environment, askSecretly: async () => undefined });
    const { tables, groups, lastUpdated } = await app.status();
    const tasks = groups.flatMap((group) => group.tasks);
    return {
      profile,
      url,
      status: tasks.length === 0 ? undefined : worstOf(tasks.map(({ status }) => status)),
      tables: tables.length,
      failed: tasks.filter(({ status }) => status === 'Failed').map(({ table }) => table),
      lastUpdated,
    };
  } catch (error) {
    return { profile, url, fault: error instanceof Error ? error.message : String(error) };
  }
}

const fleetText = (standings: readonly Standing[], terminal?: Parameters<typeof textTable>[2]): string =>
  textTable(
    ['profile', 'status', 'tables', 'failed', 'updated', 'fault'],
    standings.map((one) =>
      'fault' in one
        ? [one.profile, 'no answer', '', '', '', one.fault]
        : [one.profile, one.status ?? 'no run yet', one.tables, one.failed.join(', '), timeText(one.lastUpdated), ''],
    ),
    terminal,
  );
