import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { ThrottledError } from '../../local/dataverse/limits/budget.ts';
import { ServiceProtection } from '../../local/dataverse/limits/service-protection.ts';
import { defaultSettings } from '../../local/dataverse/settings.ts';
import { Random } from '../../local/sample/random.ts';
import type { Transport, WireAnswer, WireRequest } from '../../shared/dataverse/transport.ts';
import { model } from '../bench/model.ts';
import type { JumpingClock } from './jumping-clock.ts';

/** Rows that were written by a time, milliseconds of the organisation's clock. */
interface Written {
  readonly at: number;
  readonly rows: number;
  /** In whose name. */
  readonly identity: string;
}

/** How much longer or shorter than the model says a request takes, at most. */
const UNEVENNESS = 0.15;

/**
 * The benchmark's organisation without its rows: the stand-in's own service protection on a clock that jumps, in which a
 * request takes what its rows cost.
 */
export class ModelledOrganisation {
  readonly written: Written[] = [];
  /** Requests of the processes, without those of another program. */
  readonly own = { requests: 0, refused: 0 };
  readonly #clock: JumpingClock;
  readonly #protection: ServiceProtection;
  readonly #random: Random;

  constructor(clock: JumpingClock, seed: number) {
    this.#clock = clock;
    const settings = { ...defaultSettings(), ...model };
    this.#protection = new ServiceProtection(settings, clock.now);
    this.#random = new Random(seed, 1);
  }

  /** Answers requests of a process for as long as it lives; what it had under way when it died runs to its end. */
  connect(isAlive: () => boolean): Transport {
    return {
      send: async (request) => {
        if (!isAlive()) return never();
        this.own.requests++;
        const answer = await this.answer(request.token, rowsOf(request));
        if (answer.status === 429) this.own.refused++;
        return isAlive() ? answer : never();
      },
    };
  }

  /** Another program's request, or one of ours. */
  async answer(identity: string, rows: number): Promise<WireAnswer> {
    const server = this.#protection.serverFor(undefined);
    try {
      const { leave } = this.#protection.enter(identity, server);
      const uneven = 1 + UNEVENNESS * (2 * this.#random.next() - 1);
      const ms = (model.costPerRequestMs + model.costPerRowMs * rows) * uneven;
      await this.#clock.sleep(ms);
      leave(ms);
    } catch (error) {
      if (!(error instanceof ThrottledError)) throw error;
      const body = JSON.stringify({ error: { code: error.code, message: error.message } });
      return { status: error.status, headers: createHttpHeaders({ ...error.headers }), body };
    }
    if (rows > 0) this.written.push({ at: this.#clock.now(), rows, identity });
    const headers = { ...this.#protection.headers(identity, server), 'OData-Version': '4.0' };
    return rows > 0
      ? { status: 204, headers: createHttpHeaders(headers), body: '' }
      : { status: 200, headers: createHttpHeaders(headers), body: '{}' };
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** The simulated processes write the number of rows in place of the rows. */
const rowsOf = ({ method, body }: WireRequest): number => (method === 'POST' ? Number(body) : 0);
