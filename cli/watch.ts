import { type Command, Option } from 'commander';
import { isPassing } from './app-client.ts';
import { printableText } from './printable.ts';
import type { Session } from './session.ts';

/** Pause between two looks, in milliseconds. */
const everyMs = 2_000;
/** Home, and everything below it gone: what was there stays in the terminal's history. */
const clear = '\u001b[H\u001b[J';

export const watchOption = (): Option => new Option('-w, --watch', 'look again every two seconds, until Ctrl-C');

/**
 * Shows something once, or again and again where --watch is given. While it is watched, an app that does not answer for
 * a while is asked again.
 * @param look gives what is shown; it may call `end` where there is nothing more to wait for
 */
export async function watching(
  command: Command,
  session: Session,
  look: (end: () => void) => Promise<string>,
): Promise<void> {
  const { world } = session;
  const isWatched = command.opts<{ watch?: boolean }>().watch === true;
  let isOver = !isWatched;
  let last = '';
  for (;;) {
    let text: string;
    try {
      text = await look(() => {
        isOver = true;
      });
    } catch (error) {
      if (!isWatched || !isPassing(error)) throw error;
      text = `${last}No answer for now: ${printableText(error.message)}\n`;
    }
    if (isWatched && session.terminal !== undefined) world.write(`${clear}${text}`);
    else if (text !== last) world.write(text);
    last = text;
    if (isOver) return;
    await world.sleep(everyMs);
  }
}
