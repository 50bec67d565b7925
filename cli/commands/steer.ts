import { type Command, Option } from 'commander';
import type { Accepted } from '../../shared/api/schemas.ts';
import type { Run } from '../../shared/contracts/run.ts';
import { modes } from '../../shared/contracts/status.ts';
import type { AddCommand } from '../add-command.ts';
import { type AppClient, AppError } from '../app-client.ts';
import { exitCodeOf, exitCodes } from '../exit-code.ts';
import { findRun, runsUnderWay } from '../find-runs.ts';
import { endOf } from '../follow-run.ts';
import { modeOption } from '../mode-option.ts';
import type { Session } from '../session.ts';
import { holdsText, runText } from '../show.ts';
import { UsageError } from '../usage-error.ts';
import { duration, eachOnce, holdId, tableName } from '../values.ts';

interface WaitOptions {
  readonly wait?: boolean;
  readonly timeout?: number;
}

interface RunOptions extends WaitOptions {
  readonly mode?: 'incremental' | 'full' | 'reconcile';
  readonly table?: string[];
  readonly beyondLimits?: boolean;
  readonly giveOwners?: boolean;
}

/** Commands that start and end runs. */
export function addSteering(add: AddCommand, session: Session): void {
  const waiting = (command: Command): Command =>
    command
      .option('-w, --wait', 'wait for its end, and end as the run does')
      .option(
        '--timeout <time>',
        'wait no longer than this (90s, 10m, 2h), then end with 5; the run goes on',
        duration,
      );
  const started = (name: string, summary: string, examples: readonly string[]): Command =>
    waiting(
      add(name, summary, examples).option(
        '-t, --table <table>',
        'only this table; may be given several times',
        eachOnce(tableName),
      ),
    );

  started('run', 'start a run', ['run --table lead --wait', 'run --mode reconcile --beyond-limits'])
    .addOption(
      modeOption(
        'full reads the whole map again, reconcile holds every row against the map, linked or not',
        modes.filter((mode) => mode !== 'rehearsal'),
      ).default('incremental'),
    )
    .option(
      '--beyond-limits',
      'clear or move more links than the safety limits allow, as far as they were shown before',
    )
    .option('--give-owners', 'write owners as the last rehearsal showed them')
    // One word for both, until 0.1.
    .addOption(new Option('--confirm').hideHelp())
    .on('option:confirm', () => {
      throw new UsageError(
        '--confirm meant two things: say --beyond-limits to clear or move more links than the safety limits allow, --give-owners to write owners as the last rehearsal showed them.',
      );
    })
    .action((options: RunOptions, command: Command) => start(options.mode ?? 'incremental', options, command, session));

  started('rehearse', 'see what a run would do; nothing is changed', ['rehearse --wait']).action(
    (options: RunOptions, command: Command) => start('rehearsal', options, command, session),
  );

  add('holds', 'what is held back because it is more than may be done unasked', ['holds']).action(
    async (_options, command: Command) => {
      const app = await session.connect(command);
      const { holds } = await app.holds();
      session.show(holds, holdsText);
      if (holds.length > 0) session.exitCode = exitCodes.warnings;
    },
  );

  waiting(
    add('confirm', 'let a run make the changes that a hold showed, and no others', ['confirm 0f3c9a51d2e84b67 --wait']),
  )
    .argument('<hold>', 'its id, as "backstamp holds" lists it', holdId)
    .action(async (hold: string, options: WaitOptions, command: Command) => {
      checkWaiting(options);
      const app = await session.connect(command);
      await follow(app, await app.confirm(hold), options, session);
    });

  add('cancel', 'cancel a run; what was linked stays linked', ['cancel latest', 'cancel --all'])
    .argument('[run]', 'its id, the beginning of it, or "latest": the newest that is under way')
    .option('-a, --all', 'every run that is under way')
    .action(async (name: string | undefined, { all = false }: { all?: boolean }, command: Command) => {
      if ((name === undefined) === !all) throw new UsageError('Name the run to cancel, or give --all.');
      const app = await session.connect(command);
      const found = name === undefined || name === 'latest' ? await runsUnderWay(app) : [await findRun(app, name)];
      if (found.length === 0) throw new AppError('No run is under way: there is nothing to cancel.', 409);
      const wanted = all ? found : found.slice(0, 1);
      const cancelled: Run[] = [];
      for (const { runId } of wanted) cancelled.push(await app.cancel(runId));
      session.show(all ? cancelled : cancelled[0], () =>
        cancelled
          .map(({ runId, status, endedAt }) => `Run ${runId}: ${endedAt === undefined ? 'being cancelled' : status}\n`)
          .join(''),
      );
    });
}

async function start(
  mode: 'incremental' | 'full' | 'reconcile' | 'rehearsal',
  { table: tables, beyondLimits, giveOwners, ...waiting }: RunOptions,
  command: Command,
  session: Session,
): Promise<void> {
  checkWaiting(waiting);
  const app = await session.connect(command);
  const wanted = {
    mode,
    ...(tables && { tables }),
    ...(beyondLimits && { beyondLimits }),
    ...(giveOwners && { giveOwners }),
  };
  await follow(app, await app.start(wanted, session.world.sleep), waiting, session);
}

function checkWaiting({ wait = false, timeout }: WaitOptions): void {
  if (timeout !== undefined && !wait) throw new UsageError('--timeout goes with --wait.');
}

/** Tells of a run that is on its way, and waits for its end where that is wanted. */
async function follow(
  app: AppClient,
  accepted: Accepted,
  { wait = false, timeout }: WaitOptions,
  session: Session,
): Promise<void> {
  const { world } = session;
  const { runId } = accepted;
  const onItsWay = `Run ${runId} is on its way. See it with: backstamp show ${runId}`;
  if (!wait) {
    session.show(accepted, () => `${onItsWay}\n`);
    return;
  }
  // First of all: whatever happens now, the run can be found again.
  if (session.isJson) session.tell(onItsWay);
  else world.write(`${onItsWay}\n`);
  const run = await endOf(app, runId, session, timeout);
  if (run === undefined) {
    session.tell(`Run ${runId} has not ended in the time given, and goes on. See it with: backstamp show ${runId}`);
    session.exitCode = exitCodes.timeout;
    return;
  }
  session.show(run, (ended, terminal) => runText(ended, world.now(), terminal));
  session.exitCode = exitCodeOf(run.status);
}
