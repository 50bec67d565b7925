import { type Command, Option } from 'commander';
import { modes, statusSchema } from '../../shared/contracts/status.ts';
import type { AddCommand } from '../add-command.ts';
import { exitCodeOf } from '../exit-code.ts';
import { customerText, explanationText } from '../explanation.ts';
import { findRun, newestRuns } from '../find-runs.ts';
import { modeOption } from '../mode-option.ts';
import type { Session } from '../session.ts';
import { auditText, profileText, runsText, runText, statusText } from '../show.ts';
import { moment, tableName, wholeNumber } from '../values.ts';
import { watching, watchOption } from '../watch.ts';

/** Commands that show what is, and change nothing. */
export function addSeeing(add: AddCommand, session: Session): void {
  const { world } = session;

  add('status', "each table's newest task", ['status --watch'])
    .addOption(watchOption())
    .action(async (_options, command: Command) => {
      const app = await session.connect(command);
      await watching(command, session, async () => session.textOf(await app.status(), statusText));
    });

  add('runs', 'runs, newest first', ['runs --status Failed --since 7d', 'runs --table contact --limit 5 --json'])
    .option('-n, --limit <number>', 'how many', wholeNumber, 20)
    .addOption(new Option('-s, --status <status...>', 'only runs in these states').choices(statusSchema.options))
    .addOption(modeOption('only runs of this mode', modes))
    .option('-t, --table <table>', 'only runs over this table', tableName)
    .option('--since <time>', 'only runs since a date, or so long ago: 2026-03-01, 24h, 7d', moment)
    .addOption(watchOption())
    .action(async (options, command: Command) => {
      const app = await session.connect(command);
      const { limit, status, mode, table, since } = options;
      await watching(command, session, async () => {
        const filter = { status: status?.join(','), mode, table, since: since?.(world.now()) };
        const runs = await newestRuns(app, limit, filter);
        return session.textOf(runs, (found, terminal) => runsText(found, world.now(), terminal));
      });
    });

  add('show', 'one run with its tables, reasons and remedies', ['show latest', 'show 336b5c40 --watch'])
    .argument('<run>', 'its id, the beginning of it, or "latest"')
    .addOption(watchOption())
    .action(async (name: string, _options, command: Command) => {
      const app = await session.connect(command);
      const { runId } = await findRun(app, name);
      await watching(command, session, async (end) => {
        const run = await findRun(app, runId);
        session.exitCode = exitCodeOf(run.status);
        if (run.endedAt !== undefined) end();
        return session.textOf(run, (found, terminal) => runText(found, world.now(), terminal));
      });
    });

  add('profile', 'the profile behind a row, with its measures, or why there is none', ['profile lead <id>'])
    .argument('<table>', 'logical name, such as lead', tableName)
    .argument('<id>', "the row's id")
    .action(async (table: string, id: string, _options, command: Command) => {
      const app = await session.connect(command);
      session.show(await app.profile(table, id), profileText);
    });

  add('explain', 'why a row has the link that it has, or none, and what the next run does', ['explain contact <id>'])
    .argument('<table>', 'logical name, such as contact', tableName)
    .argument('<id>', "the row's id")
    .action(async (table: string, id: string, _options, command: Command) => {
      const app = await session.connect(command);
      session.show(await app.explain(table, id), explanationText);
    });

  add('customer', 'every source row that the map counts to one customer', ['customer <CustomerId>'])
    .argument('<id>', 'the CustomerId, as profiles and rows name it')
    .action(async (id: string, _options, command: Command) => {
      const app = await session.connect(command);
      session.show(await app.customerRecords(id), customerText);
    });

  add('audit', 'who started, confirmed and cancelled what, refreshed and exported', ['audit --limit 10'])
    .option('-n, --limit <number>', 'how many entries', wholeNumber, 50)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const app = await session.connect(command);
      const entries = [];
      let continuation: string | undefined;
      do {
        const page = await app.audit({ pageSize: String(Math.min(500, limit - entries.length)), continuation });
        entries.push(...page.entries);
        continuation = page.continuation;
      } while (continuation !== undefined && entries.length < limit);
      session.show(entries, auditText);
    });
}
