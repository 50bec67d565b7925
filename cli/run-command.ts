import { CommanderError } from 'commander';
import { AppError } from './app-client.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { printableText } from './printable.ts';
import { createProgram } from './program.ts';
import { Session } from './session.ts';
import { UsageError } from './usage-error.ts';
import type { World } from './world.ts';

export type { World } from './world.ts';

/** Does what the words ask for; resolves to the exit code. */
export async function runCommand(words: readonly string[], world: World): Promise<ExitCode> {
  const session = new Session(world);
  const program = createProgram(session);
  try {
    await program.parseAsync(commandFirst(words), { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error);
    if (error instanceof UsageError) {
      world.complain(`${lines(error.message)}\nTry "backstamp --help".\n`);
      return exitCodes.usage;
    }
    if (!(error instanceof AppError)) throw error;
    world.complain(`${lines(error.message)}\n`);
    return exitCodes.refused;
  }
}

/**
 * What stands before the command and is about every command comes after it: `backstamp --json status` is what people
 * write who think of the one before the other.
 */
function commandFirst(words: readonly string[]): string[] {
  let at = 0;
  while (/^(-j|--json|--no-color|(-u|--url|-p|--profile)(=.*)?)$/.test(words[at] ?? '')) {
    at += /^(-u|--url|-p|--profile)$/.test(words[at] ?? '') ? 2 : 1;
  }
  const [name, ...rest] = words.slice(at);
  return name === undefined ? [...words] : [name, ...words.slice(0, at), ...rest];
}

/** Commander has said everything by now: help or version where they were asked for, else what is wrong with the words. */
const endOfParsing = ({ code, exitCode }: CommanderError): ExitCode =>
  exitCode === 0 && code !== 'commander.help' ? exitCodes.ok : exitCodes.usage;

/** A message may repeat what the app said; its lines stay, and nothing else that a terminal obeys. */
const lines = (message: string): string => message.split('\n').map(keepingIndent).join('\n');
const keepingIndent = (line: string): string => `${/^ */.exec(line)?.[0] ?? ''}${printableText(line.trimStart())}`;
