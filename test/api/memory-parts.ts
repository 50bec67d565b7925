import { setTimeout as sleep } from 'node:timers/promises';
import type { SteeringParts } from '../../shared/api/steer-runs.ts';
import type { LinkTask } from '../../shared/contracts/link-task.ts';
import type { LinkingEvent } from '../../shared/contracts/linking-events.ts';
import type { UnificationEvent } from '../../shared/contracts/unification-event.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { linkingWork } from '../../shared/linking/linking-work.ts';
import type { LinkingParts } from '../../shared/linking/parts.ts';
import { ownershipWork } from '../../shared/ownership/ownership-work.ts';
import type { OwnershipParts } from '../../shared/ownership/parts.ts';
import type { PassParts } from '../../shared/passes/parts.ts';
import type { WorkDataverse } from '../../shared/passes/work-parts.ts';
import { AuditTrail } from '../../shared/state/audit-trail.ts';
import type { EntityTable, StoredEntity } from '../../shared/state/entity-table.ts';
import { FoundChanges } from '../../shared/state/found-changes.ts';
import { IdempotencyKeys } from '../../shared/state/idempotency-keys.ts';
import { KeptEvents } from '../../shared/state/kept-events.ts';
import { LinkStates } from '../../shared/state/link-states.ts';
import { MapIndex } from '../../shared/state/map-index.ts';
import { OwnershipConsents } from '../../shared/state/ownership-consents.ts';
import { PendingRows } from '../../shared/state/pending-rows.ts';
import { RowOutcomes } from '../../shared/state/row-outcomes.ts';
import { Runs } from '../../shared/state/runs.ts';
import { UnlistedTables } from '../../shared/state/unlisted-tables.ts';
import { WatchNotebook } from '../../shared/state/watch-notes.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';

/** Table Storage in memory, continuation tokens in the client's own form. */
export class MemoryTable implements EntityTable {
  readonly #partitions = new Map<string, Map<string, StoredEntity>>();
  #version = 0;
  /** How often anything was read or written. */
  calls = 0;

  #partition(key: string): Map<string, StoredEntity> {
    const partition = this.#partitions.get(key) ?? new Map<string, StoredEntity>();
    this.#partitions.set(key, partition);
    return partition;
  }

  #put(partitionKey: string, rowKey: string, document: unknown): string {
    const etag = String(++this.#version);
    const copy: unknown = JSON.parse(JSON.stringify(document));
    this.#partition(partitionKey).set(rowKey, { partitionKey, rowKey, etag, document: copy });
    return etag;
  }

  async get(partitionKey: string, rowKey: string): Promise<StoredEntity | undefined> {
    this.calls++;
    return this.#partition(partitionKey).get(rowKey);
  }

  async insert(partitionKey: string, rowKey: string, document: unknown): Promise<boolean> {
    this.calls++;
    if (this.#partition(partitionKey).has(rowKey)) return false;
    this.#put(partitionKey, rowKey, document);
    return true;
  }

  async replace(partitionKey: string, rowKey: string, document: unknown, etag: string): Promise<string | undefined> {
    this.calls++;
    if (this.#partition(partitionKey).get(rowKey)?.etag !== etag) return undefined;
    return this.#put(partitionKey, rowKey, document);
  }

  async applyAll(
    partitionKey: string,
    { upserts = [], deletes = [] }: Parameters<EntityTable['applyAll']>[1],
  ): Promise<void> {
    this.calls++;
    for (const { rowKey, document } of upserts) this.#put(partitionKey, rowKey, document);
    for (const rowKey of deletes) this.#partition(partitionKey).delete(rowKey);
  }

  async list(partitionKey: string, range: Parameters<EntityTable['list']>[1] = {}) {
    this.calls++;
    const { from = '', before, pageSize = 1000, continuation } = range;
    const place =
      continuation === undefined
        ? undefined
        : (JSON.parse(Buffer.from(continuation, 'base64').toString()) as { nextRowKey: string });
    const start = place === undefined || place.nextRowKey < from ? from : place.nextRowKey;
    const rows = [...this.#partition(partitionKey).values()]
      .filter(({ rowKey }) => rowKey >= start && (before === undefined || rowKey < before))
      .sort((a, b) => (a.rowKey < b.rowKey ? -1 : 1));
    const next = rows[pageSize];
    return {
      entities: rows.slice(0, pageSize),
      continuation:
        next &&
        Buffer.from(JSON.stringify({ nextPartitionKey: partitionKey, nextRowKey: next.rowKey })).toString('base64'),
    };
  }
}

export const sampleSetup: UnificationSetup = {
  environmentKind: 'individual',
  output: 'dataverse',
  tables: ['contact', 'lead'].map((table) => ({
    table,
    dataSource: 'Dynamics',
    entity: table,
    connector: 'dataverse',
    primaryKey: `${table}id`,
  })),
};

/** What the routes work with, as far as they ask Dataverse nothing. */
export type ApiParts = SteeringParts &
  PassParts &
  LinkingParts &
  OwnershipParts & { readonly isSignInEnabled: boolean };

/** What was sent, in order. */
export interface Outbox {
  readonly events: UnificationEvent[];
  readonly tasks: LinkTask[];
  readonly published: LinkingEvent[];
}

/** Parts that keep everything in memory; Dataverse refuses every call, unless one is given. */
export function memoryParts(overrides: Partial<ApiParts> = {}): {
  parts: ApiParts;
  outbox: Outbox;
  table: MemoryTable;
} {
  const table = new MemoryTable();
  const outbox: Outbox = { events: [], tasks: [], published: [] };
  const noDataverse = new Proxy({} as WorkDataverse, {
    get: (_, name) => () => Promise.reject(new Error(`Dataverse was asked for ${String(name)}`)),
  });
  const parts: Omit<ApiParts, 'works'> = {
    dataverse: noDataverse,
    messenger: {
      sendUnificationEvent: async (event) => void outbox.events.push(event),
      sendLinkTasks: async (tasks) => void outbox.tasks.push(...tasks),
      publish: async (event) => void outbox.published.push(event),
    },
    runs: new Runs(table),
    linkStates: new LinkStates(new MemoryTable()),
    pendingRows: new PendingRows(new MemoryTable()),
    rowOutcomes: new RowOutcomes(new MemoryTable()),
    foundChanges: new FoundChanges(new MemoryTable()),
    organisationId: async () => undefined,
    ownUsers: async () => [],
    mapIndex: new MapIndex(new MemoryTable()),
    ownershipConsents: new OwnershipConsents(new MemoryTable()),
    keptEvents: new KeptEvents(new MemoryTable()),
    watchNotebook: new WatchNotebook(new MemoryTable()),
    unlistedTables: new UnlistedTables(new MemoryTable()),
    audit: new AuditTrail(new MemoryTable()),
    idempotencyKeys: new IdempotencyKeys(new MemoryTable()),
    isSignInEnabled: false,
    isReadOnly: false,
    telemetry: silentTelemetry,
    checkPrivileges: async () => new Map(),
    readPrivileges: () => Promise.reject(new Error('Dataverse was asked for privileges')),
    options: {
      dataverseUrl: 'https://contoso.crm.dynamics.com',
      setup: sampleSetup,
      sliceMs: 60_000,
      pageSize: 5000,
      settlingIntervalMs: 1000,
      settlingLimitMs: 1000,
      reconcileIntervalMs: 86_400_000,
      orphanLimitPercent: 5,
      moveLimitPercent: 100,
      profileLimitPercent: 100,
      retentionMs: 86_400_000,
    },
    now: Date.now,
    startTimer: (ms) => AbortSignal.timeout(ms),
    sleep: (ms) => sleep(ms),
    repeat(ms, action) {
      const timer = setInterval(action, ms);
      return () => clearInterval(timer);
    },
    ...overrides,
  };
  return { parts: { works: [linkingWork(parts), ownershipWork(parts)], ...parts }, outbox, table };
}
