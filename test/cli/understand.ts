import type { Command } from 'commander';
import { grantValues } from '../../cli/commands/grant.ts';
import { toGrantCommand, toRevokeCommand } from '../../cli/grant/grant-arguments.ts';
import { createProgram } from '../../cli/program.ts';
import { Session } from '../../cli/session.ts';

/** A world in which nothing is there and nothing is seen. */
const nowhere = {
  environment: {},
  write: () => undefined,
  complain: () => undefined,
  askSecretly: async () => undefined,
  sleep: async () => undefined,
  now: () => 0,
};

/** Every command there is, those below others by both their names. */
export function commandNames(): string[] {
  const names: string[] = [];
  const visit = (command: Command, path: string): void => {
    for (const one of command.commands) {
      names.push(`${path}${one.name()}`);
      visit(one, `${path}${one.name()} `);
    }
  };
  visit(createProgram(new Session(nowhere)), '');
  return names;
}

/**
 * What words on the command line are understood as; nothing is done.
 * @throws CommanderError or UsageError where they are not
 */
export function understand(words: readonly string[]): { readonly name: string; readonly options: object } {
  let understood: { name: string; options: object } | undefined;
  const program = createProgram(new Session(nowhere));
  const visit = (command: Command): void => {
    for (const one of command.commands) {
      one.action(() => {
        understood = { name: one.name(), options: one.opts() };
        if (one.name() === 'grant') toGrantCommand(grantValues(one), {});
        if (one.name() === 'revoke') toRevokeCommand(grantValues(one), {});
      });
      visit(one);
    }
  };
  visit(program);
  program.parse([...words], { from: 'user' });
  if (understood === undefined) throw new Error(`"${words.join(' ')}" is no command by itself`);
  return understood;
}
