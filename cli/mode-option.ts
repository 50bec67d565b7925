import { Option } from 'commander';
import { currentMode, type Mode } from '../shared/contracts/status.ts';

/** Option `--mode`; the word that stood for a mode before is taken for what it became. */
export function modeOption(description: string, choices: readonly Mode[]): Option {
  const option = new Option('-m, --mode <mode>', description).choices(choices);
  const { parseArg } = option;
  return option.argParser((word: string, previous: unknown) => parseArg?.(String(currentMode(word)), previous));
}
