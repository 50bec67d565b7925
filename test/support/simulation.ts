import { parseUnificationEvent } from '../../shared/contracts/foreign-event.ts';
import { linkTaskSchema } from '../../shared/contracts/link-task.ts';
import { runIdOf, type UnificationEvent } from '../../shared/contracts/unification-event.ts';
import { isRetryableError } from '../../shared/errors.ts';
import { KnownPrivileges } from '../../shared/inspect/known-privileges.ts';
import type { PrivilegeFindings } from '../../shared/inspect/missing-privileges.ts';
import type { LinkedTable } from '../../shared/inspect/needed-privileges.ts';
import { linkingWork } from '../../shared/linking/linking-work.ts';
import type { LinkingOptions, LinkingParts } from '../../shared/linking/parts.ts';
import { ownershipWork } from '../../shared/ownership/ownership-work.ts';
import type { OwnershipParts } from '../../shared/ownership/parts.ts';
import { linkTable } from '../../shared/passes/link-table.ts';
import type { PassParts } from '../../shared/passes/parts.ts';
import type { Work } from '../../shared/passes/work.ts';
import { orchestrateRun } from '../../shared/runs/orchestrate-run.ts';
import { recordDeadEvent, recordDeadTask } from '../../shared/runs/record-dead-letter.ts';
import { watchRuns } from '../../shared/runs/watch-runs.ts';
import type { Works } from '../../shared/runs/work.ts';
import { FoundChanges } from '../../shared/state/found-changes.ts';
import { KeptEvents } from '../../shared/state/kept-events.ts';
import { type LinkState, LinkStates } from '../../shared/state/link-states.ts';
import { MapIndex } from '../../shared/state/map-index.ts';
import { OwnershipConsents } from '../../shared/state/ownership-consents.ts';
import { PendingRows } from '../../shared/state/pending-rows.ts';
import { RowOutcomes } from '../../shared/state/row-outcomes.ts';
import { Runs } from '../../shared/state/runs.ts';
import type { TellUnreadable } from '../../shared/state/stored-document.ts';
import { UnlistedTables } from '../../shared/state/unlisted-tables.ts';
import { WatchNotebook } from '../../shared/state/watch-notes.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { MemoryBroker, type Message } from './memory-broker.ts';
import { MemoryOrganisation, theApp } from './memory-dataverse.ts';
import { MemoryTable } from './memory-tables.ts';
import { VirtualClock } from './virtual-clock.ts';
import { Worker, World } from './worker.ts';

/** Time after which the lock of a dead process is free again, and between two looks of `watch-runs`. */
const lockMs = 60_000;
const watchMs = 5 * 60_000;

/** What the processes work with, all floors together. */
type Everything = PassParts & LinkingParts & OwnershipParts;

/** What befalls a delivery as a whole. */
export type DeliveryFault = 'delivered again' | 'two at once' | undefined;

/**
 * The whole app over in-memory ports: messages are delivered as Service Bus does, each to a process of its own, until
 * nothing is left to do.
 */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly world = new World(this.clock);
  readonly broker = new MemoryBroker(this.clock);
  readonly organisation = new MemoryOrganisation(this.clock);
  readonly tables = {
    runs: new MemoryTable(),
    linkStates: new MemoryTable(),
    pendingRows: new MemoryTable(),
    rowOutcomes: new MemoryTable(),
    foundChanges: new MemoryTable(),
    mapIndex: new MemoryTable(),
  };
  readonly options: LinkingOptions;
  /** What was thrown that is neither Terminal nor Retryable: nothing may be. */
  readonly errors: unknown[] = [];
  /** What Dataverse says of the app's privileges. */
  privileges: PrivilegeFindings = { findings: [], notes: [] };
  /** Id that Dataverse tells of itself. */
  organisationId: string | undefined = '77777777-0000-4000-8000-000000000001';
  /** How far the clock of the processes is ahead of everybody else's, in milliseconds. */
  skewMs = 0;
  /** Told of each stored document that cannot be read: of what the app itself wrote, there is none. */
  tell: TellUnreadable = (document) => void this.errors.push(new Error(JSON.stringify(document)));
  /** The kinds of work, as services.ts registers them. */
  works = (parts: LinkingParts & OwnershipParts): Works<Work> => [linkingWork(parts), ownershipWork(parts)];
  deliveries = 0;
  /** More deliveries than a scenario needs: beyond, it goes round in circles. */
  mostDeliveries = 2_000;
  /** How often `watch-runs` had to be waited for. */
  watches = 0;
  /** Decides what befalls a delivery. */
  deliveryFault: (delivery: number) => DeliveryFault = () => undefined;
  /** Which of the messages that may be delivered comes next. */
  choose: (messages: readonly Message[]) => Message | undefined = ([first]) => first;
  #background: Promise<unknown>[] = [];

  constructor(options: LinkingOptions) {
    this.options = options;
  }

  /** What a process works with. */
  connect(worker = new Worker(this.world)): Everything {
    const { tables, clock, tell } = this;
    const dataverse = this.organisation.connect(worker);
    const parts = {
      dataverse,
      messenger: this.broker.connect(worker),
      runs: new Runs(tables.runs.connect(worker), tell),
      linkStates: new LinkStates(tables.linkStates.connect(worker), tell),
      pendingRows: new PendingRows(tables.pendingRows.connect(worker), tell),
      rowOutcomes: new RowOutcomes(tables.rowOutcomes.connect(worker), tell),
      foundChanges: new FoundChanges(tables.foundChanges.connect(worker), tell),
      organisationId: async () => this.organisationId,
      ownUsers: async () => [theApp],
      mapIndex: new MapIndex(tables.mapIndex.connect(worker), tell),
      ownershipConsents: new OwnershipConsents(tables.linkStates.connect(worker), tell),
      keptEvents: new KeptEvents(tables.linkStates.connect(worker), tell),
      unlistedTables: new UnlistedTables(tables.linkStates.connect(worker), tell),
      watchNotebook: new WatchNotebook(tables.linkStates.connect(worker), tell),
      telemetry: silentTelemetry,
      checkPrivileges: async (linked: readonly LinkedTable[]) =>
        new Map(linked.map(({ table }) => [table, this.privileges])),
      readPrivileges: (names: readonly string[], signal: AbortSignal) =>
        new KnownPrivileges(dataverse, []).read(names, false, signal),
      options: this.options,
      now: () => clock.now() + this.skewMs,
      startTimer: clock.startTimer,
      sleep: clock.sleep,
      repeat: clock.repeat,
    };
    return { ...parts, works: this.works(parts) };
  }

  /** A door took in an event; returns the run that will answer it. */
  post(event: Partial<UnificationEvent> & { readonly eventId: string }): string {
    const body: UnificationEvent = {
      schema: 'backstamp.unification-event/1',
      source: 'test',
      occurredAt: new Date(this.clock.now()).toISOString(),
      mode: 'incremental',
      ...event,
    };
    const runId = runIdOf(body);
    // What only operators may ask for, the API notes before it sends the message.
    this.tables.runs.put('orders', runId, { schema: 'backstamp.order/1', event: body });
    this.broker.send('unification-events', runId, undefined, body);
    return runId;
  }

  /** Works until nothing is left to do, or until the time given. */
  async run(until = Number.POSITIVE_INFINITY): Promise<void> {
    for (let idle = 0; ; ) {
      while (await this.deliver()) idle = 0;
      // A process that was held up goes on at last; whatever it does then, the next pass comes after it.
      this.world.thaw();
      await Promise.all(this.#background.splice(0));
      if (this.broker.available().length > 0 || this.broker.deadLetters.length > 0) continue;
      const next = this.broker.nextAt();
      if (next === undefined && this.#isDone()) return;
      const wait = Math.max(
        0,
        Math.min(next ?? Number.POSITIVE_INFINITY, this.clock.now() + watchMs) - this.clock.now(),
      );
      if (this.clock.now() + wait > until) return;
      this.clock.advance(wait);
      if (next === undefined || next > this.clock.now()) {
        this.watches++;
        if (++idle > 100) throw new Error('A run never ends: nothing is sent, and watch-runs does not help.');
        await this.watch();
      }
    }
  }

  /** The timer fires. A process that dies in it is followed by the next timer. */
  async watch(): Promise<void> {
    const worker = new Worker(this.world);
    await this.#settle(worker, watchRuns(this.connect(worker)));
  }

  /** The timer fires while a process is at work; its own process ends some time before all is done. */
  watchBeside(): void {
    this.#background.push(this.watch());
  }

  /** When the last pass of a table that has ended began, in milliseconds since 1970. */
  lastPassStartedAt(table: string): number | undefined {
    const state = this.tables.linkStates.documents('table').find(({ rowKey }) => rowKey === table)?.document;
    const startedAt = (state as LinkState | undefined)?.lastPass?.startedAt;
    return startedAt === undefined ? undefined : Date.parse(startedAt);
  }

  #isDone(): boolean {
    const { runs } = this.tables;
    return runs.partitions
      .filter((partition) => /^[0-9a-f]{32}$/.test(partition))
      .every((runId) => runs.documents(runId).some(({ rowKey, document }) => rowKey === 'run' && hasEnded(document)));
  }

  /** Delivers the next message, or the next dead letter; false where there is none to deliver now. */
  async deliver(): Promise<boolean> {
    const dead = this.broker.deadLetters.shift();
    if (dead !== undefined) {
      await this.#bury(dead);
      return true;
    }
    const message = this.choose(this.broker.available());
    if (message === undefined) return false;
    if (++this.deliveries > this.mostDeliveries) throw new Error('Messages go round in circles.');
    const fault = this.deliveryFault(this.deliveries);
    if (fault === 'two at once') {
      // The lock was lost unnoticed: two processes work on the same message.
      const worker = new Worker(this.world);
      this.#background.push(this.#settle(worker, this.#handle(this.connect(worker), message)));
    }
    await this.#deliver(message);
    if (fault === 'delivered again') {
      const again = { ...message, lock: undefined, deliveryCount: 1 };
      this.broker.messages.push(again);
      await this.#deliver(again);
    }
    return true;
  }

  async #deliver(message: Message): Promise<void> {
    const worker = new Worker(this.world);
    const lock = this.broker.take(message);
    const work = this.#handle(this.connect(worker), message).then(() =>
      worker.step('complete', () => this.broker.complete(message, lock)),
    );
    const outcome = await this.#settle(worker, work);
    if (outcome === 'done') return;
    if (outcome === 'died' || outcome === 'frozen') this.clock.advance(lockMs);
    this.broker.release(message, lock);
  }

  /** Waits for a process to end its work, or to be lost; one that was only held up is waited for later. */
  async #settle(worker: Worker, work: Promise<unknown>): Promise<'done' | 'failed' | 'died' | 'frozen'> {
    const end = work.then(
      () => 'done' as const,
      (error: unknown) => {
        if (!isRetryableError(error)) this.errors.push(error);
        return 'failed' as const;
      },
    );
    const outcome = await Promise.race([end, worker.lost]);
    if (outcome === 'frozen') this.#background.push(Promise.race([end, worker.died]));
    return outcome;
  }

  async #handle(parts: PassParts, { queue, body }: Message): Promise<unknown> {
    if (queue === 'link-tasks') return linkTable(parts, linkTaskSchema.parse(body));
    const event = parseUnificationEvent(body, { now: parts.now() });
    if (!event.success) throw event.error;
    return orchestrateRun(parts, event.data);
  }

  /** A dead letter is delivered until it is dealt with. */
  async #bury({ queue, body }: Message): Promise<void> {
    const record = queue === 'link-tasks' ? recordDeadTask : recordDeadEvent;
    for (;;) {
      const worker = new Worker(this.world);
      const reason = { reason: 'MaxDeliveryCountExceeded', description: undefined };
      const outcome = await this.#settle(worker, record(this.connect(worker), body, reason));
      if (outcome === 'done') return;
      this.clock.advance(lockMs);
    }
  }
}

const hasEnded = (run: unknown): boolean => (run as { endedAt?: string } | null)?.endedAt !== undefined;
