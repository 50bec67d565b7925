import { isTerminalError } from '../errors.ts';
import { listAt, parseObject } from './json.ts';
import type { Sender } from './sender.ts';

/**
 * Which tables have UpdateMultiple: asked once per table and process, and corrected where the service refuses
 * the message although it said yes.
 */
export class BulkSupport {
  readonly #sender: Sender;
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Whether the table, by logical name, has UpdateMultiple. A failed question is asked again next time. */
  has(table: string): Promise<boolean> {
    let known = this.#known.get(table);
    if (!known) {
      known = this.#ask(table).catch((error: unknown) => {
        this.#known.delete(table);
        throw error;
      });
      this.#known.set(table, known);
    }
    return known;
  }

  /** Notes that the service refused the message for this table. */
  deny(table: string): void {
    this.#known.set(table, Promise.resolve(false));
  }

  async #ask(table: string): Promise<boolean> {
    const what = `find out whether ${table} has UpdateMultiple`;
    const filter = encodeURIComponent('sdkmessageid/name eq @message and primaryobjecttypecode eq @table');
    try {
      const answer = await this.#sender.send({
        kind: 'findBulkSupport',
        table: 'sdkmessagefilters',
        method: 'GET',
        path: `sdkmessagefilters?$select=sdkmessagefilterid&$filter=${filter}&@message='UpdateMultiple'&@table='${table}'`,
        what,
      });
      return listAt(parseObject(answer.body, what), 'value').length > 0;
    } catch (error) {
      // Who may not ask can still try: a refused message tells as much.
      if (isTerminalError(error)) return true;
      throw error;
    }
  }
}
