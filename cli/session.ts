import type { Command } from 'commander';
import type { AppClient } from './app-client.ts';
import { connect } from './connection.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { printable, printableJson } from './printable.ts';
import type { Terminal, World } from './world.ts';

/** One call of the command: the world, what the words say of everywhere, and how it ends. */
export class Session {
  readonly world: World;
  exitCode: ExitCode = exitCodes.ok;
  #json = false;
  #isColoured = true;

  constructor(world: World) {
    this.world = world;
  }

  get isJson(): boolean {
    return this.#json;
  }

  get terminal(): Terminal | undefined {
    return this.#coloured(this.world.terminal);
  }

  get errorTerminal(): Terminal | undefined {
    return this.#coloured(this.world.errorTerminal);
  }

  #coloured(terminal: Terminal | undefined): Terminal | undefined {
    return terminal && { ...terminal, isColoured: terminal.isColoured && this.#isColoured };
  }

  /** Takes in the options that every command has. */
  begin(command: Command): void {
    const { json, color } = command.opts<{ json?: boolean; color?: boolean }>();
    this.#json = json === true;
    this.#isColoured = color !== false;
  }

  connect(command: Command): Promise<AppClient> {
    return connect(command.opts<{ url?: string; profile?: string }>(), this.world);
  }

  /** Writes an answer as people or as machines read it. */
  show<T>(answer: T, text: (answer: T, terminal: Terminal | undefined) => string): void {
    this.world.write(this.textOf(answer, text));
  }

  textOf<T>(answer: T, text: (answer: T, terminal: Terminal | undefined) => string): string {
    return this.#json ? printableJson(answer) : text(printable(answer), this.terminal);
  }

  /** Says something besides the answer, where people see it and machines do not read it. */
  tell(text: string): void {
    this.world.complain(`${text}\n`);
  }
}
