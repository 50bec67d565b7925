import { Command } from 'commander';
import { version } from '../shared/version.ts';
import type { AddCommand } from './add-command.ts';
import { addConfig } from './commands/config.ts';
import { addFleet } from './commands/fleet.ts';
import { addGranting } from './commands/grant.ts';
import { addInspecting } from './commands/inspect.ts';
import { addRows } from './commands/rows.ts';
import { addSeeing } from './commands/see.ts';
import { addSteering } from './commands/steer.ts';
import { completionScript, shells } from './completion.ts';
import type { Session } from './session.ts';

/** Commands that ask no app. */
const apart: readonly string[] = ['grant', 'revoke', 'config', 'fleet'];

const epilogue = `
Where to go: --url, else --profile or BACKSTAMP_PROFILE, else BACKSTAMP_URL, else the profile in use ("backstamp config
use"), else the embedded stack on this machine. A function key comes from BACKSTAMP_KEY, or BACKSTAMP_KEY_<PROFILE>, or
is asked for; where people sign in, "az login" and BACKSTAMP_SIGN_IN, or a token in BACKSTAMP_TOKEN. Neither ever stands
in an address or among these words.

Ends with 0 when all is well, 1 when the app or Dataverse refuses or does not answer, 2 when the words cannot be
followed, 3 when a run failed or was cancelled, the doctor found a fault or a check of grant a difference, 4 when there
are warnings, 5 when the time given with --timeout was over before the run.`;

/** The command with everything it knows. */
export function createProgram(session: Session): Command {
  const { world } = session;
  const program = new Command('backstamp');
  program
    .description('See, understand and steer the linking of Dataverse rows to their unified customer profiles.')
    .version(version, '-V, --version', 'tell the version')
    .helpOption('-h, --help', 'tell what there is')
    .helpCommand('help [command]', 'tell what there is, or what a command takes')
    .addHelpText('after', epilogue)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.write(text),
      writeErr: (text) => world.complain(text),
      getOutHelpWidth: () => session.terminal?.columns() ?? 100,
      getErrHelpWidth: () => session.errorTerminal?.columns() ?? 100,
    });

  const add: AddCommand = (name, summary, examples, under = program) => {
    const command = under.command(name).description(summary);
    const lines = examples.map((example) => `  backstamp ${example}`);
    if (under === program && !apart.includes(name)) {
      command.option('-u, --url <url>', 'root of the app').option('-p, --profile <name>', 'installation by its name');
    }
    return command
      .option('-j, --json', 'for machines')
      .option('--no-color', 'without colours; so does NO_COLOR')
      .helpOption('-h, --help', 'tell what this takes')
      .addHelpText('after', `\nFor example:\n${lines.join('\n')}`)
      .hook('preAction', (_this, action) => session.begin(action));
  };

  addSeeing(add, session);
  addSteering(add, session);
  addRows(add, session);
  addInspecting(add, session);
  addGranting(add, session);
  addConfig(add, session);
  addFleet(add, session);
  program
    .command('completion')
    .description('a script that lets the shell complete these words')
    .argument('<shell>', `one of ${shells.join(', ')}`)
    .addHelpText(
      'after',
      `
For example:
  bash         eval "$(backstamp completion bash)"
  zsh          eval "$(backstamp completion zsh)"
  PowerShell   backstamp completion powershell | Out-String | Invoke-Expression`,
    )
    .action((shell: string) => world.write(completionScript(shell, program)));
  return program;
}
