import type { Command } from 'commander';

/**
 * Adds a command, with the options that all have.
 * @param examples lines as one would type them after `backstamp`
 * @param under the command that it belongs to; one that stands alone asks the app, and says where that is
 */
export type AddCommand = (name: string, summary: string, examples: readonly string[], under?: Command) => Command;
