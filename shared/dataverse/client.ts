import { randomUUID } from 'node:crypto';
import type { HttpClient } from '@azure/core-rest-pipeline';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { BulkSupport } from './bulk-support.ts';
import { type Clock, systemClock } from './clock.ts';
import type { InspectableDataverse } from './dataverse.ts';
import { type Identity, isLocal } from './identities.ts';
import { IdentityPool } from './identity-pool.ts';
import type { LeaseStore } from './identity-turn.ts';
import { countRows, createLookup, findReferencing, readTables } from './metadata.ts';
import { readLists } from './read-lists.ts';
import { readObject, readObjects } from './read-object.ts';
import { readOnly } from './read-only.ts';
import { readTogether } from './read-together.ts';
import { RowWriter } from './row-writer.ts';
import { Sender } from './sender.ts';
import { followChanges, followPage } from './stored-link.ts';
import { Throttle } from './throttle.ts';
import { createTransport } from './transport.ts';
import type { Bypass } from './update-payload.ts';
import { updateRows } from './update-rows.ts';

export interface DataverseOptions {
  /** The organisation's root; only its origin counts. */
  readonly url: string;
  /** At least one; requests are spread over them, each within limits of its own. */
  readonly identities: readonly Identity[];
  readonly telemetry: Telemetry;
  /** The most requests one identity may have in flight; the client stays below as the service demands. */
  readonly maxConcurrency: number;
  /** Share (0 to 90) of the service's execution-time budget that is left to the organisation's other applications. */
  readonly freeBudgetPercent: number;
  readonly bypass: Bypass;
  /** Refuses every request that might write, before it is sent. */
  readonly isReadOnly?: boolean;
  /** Shows as shared variable `tag` in the organisation's plug-ins, so that they can tell these writes. */
  readonly tag?: string | undefined;
  /** Where this process and others agree on who sends in an identity's name; absent where there are no others. */
  readonly leases?: LeaseStore;
  /** Milliseconds from any starting point; for tests that run at another speed. */
  readonly now?: () => number;
  readonly sleep?: Clock['sleep'];
  /** Sends the bytes in place of Node's own client; for tests without sockets. */
  readonly httpClient?: HttpClient | undefined;
}

/** A client for one organisation. One per process serves every table at once: what it learns and may send is shared. */
export function createDataverse(options: DataverseOptions): InspectableDataverse {
  const { origin } = new URL(options.url);
  const { telemetry, maxConcurrency, freeBudgetPercent } = options;
  const clock: Clock = { now: options.now ?? systemClock.now, sleep: options.sleep ?? systemClock.sleep };
  const pool = new IdentityPool({
    identities: options.identities,
    scope: `${origin}/.default`,
    clock,
    telemetry,
    createThrottle: () => new Throttle({ maxConcurrency, freeBudgetPercent }),
    sharing: options.leases && { leases: options.leases, processId: randomUUID(), epochNow: Date.now },
  });
  const anyTransport = createTransport({ httpClient: options.httpClient, local: isLocal(options.url) });
  const transport = options.isReadOnly === true ? readOnly(anyTransport) : anyTransport;
  const sender = new Sender({ origin, pool, transport, clock, telemetry });
  const writer = new RowWriter({
    sender,
    pool,
    clock,
    telemetry,
    bulkSupport: new BulkSupport(sender),
    bypass: options.bypass,
    tag: options.tag,
  });
  return {
    readTables: (request, signal) => readTables(sender, request, signal),
    async createLookup(lookup, signal) {
      const outcome = await createLookup(sender, clock, lookup, signal);
      if (outcome === 'created') {
        sender.expectSchemaLag(lookup.table.entitySetName);
        writer.schemaChanged(lookup.table.logicalName);
      }
      return outcome;
    },
    readChanges: (request, signal) => followChanges(sender, request, signal),
    readPage: (request, signal) => followPage(sender, request, signal),
    readLists: (requests, signal) => readLists(sender, requests, signal),
    readTogether: (reads, caller, signal) => readTogether(sender, reads, caller, signal),
    readObject: (path, what, signal) => readObject(sender, path, what, signal),
    readObjects: (paths, what, signal) => readObjects(sender, paths, what, signal),
    findReferencing: (table, signal) => findReferencing(sender, table, signal),
    countRows: (table, signal) => countRows(sender, table, signal),
    update: (request) => updateRows(writer, request),
  };
}
