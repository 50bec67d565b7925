import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { countersSchema } from '../contracts/counters.ts';
import { coverageSchema } from '../contracts/coverage.ts';
import { type FeedKind, feedKindSchema } from '../contracts/feed-kind.ts';
import { runIdSchema } from '../contracts/link-task.ts';
import { findingSchema } from '../contracts/run.ts';
import { type Mode, modeSchema } from '../contracts/status.ts';
import { RetryableError } from '../errors.ts';
import type { EntityTable, StoredEntity } from './entity-table.ts';
import { type LinkingState, linkingStateSchema } from './linking-state.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/**
 * How far a table's changes are known to be dealt with. What else a kind of work holds its watermarks against stands
 * beside these fields, and is read by that kind alone.
 */
export interface Watermark {
  readonly feed: FeedKind;
  /** A delta link, or a time; whatever the feed's next reading starts from. */
  readonly token: string;
  readonly takenAt: string;
}
export const watermarkSchema: z.ZodType<Watermark> = z.looseObject({
  feed: feedKindSchema,
  token: z.string(),
  takenAt: z.iso.datetime(),
});

/**
 * A pass in progress, as far as the engine knows it: all that the next slice needs to carry on. Each kind of work extends
 * it by a union of its phases, each with fields of its own; those are read and written by that kind's schema alone.
 */
export const passSchema = z.object({
  /** The kind of work that began it. */
  kind: z.string(),
  /** What the pass is at; each begins without a cursor. */
  phase: z.string(),
  runId: runIdSchema,
  followUp: z.number().int().nonnegative(),
  mode: modeSchema,
  startedAt: z.iso.datetime(),
  /** How changes are read, and whether everything is read anew instead. */
  feed: feedKindSchema,
  full: z.boolean(),
  /** The watermark that the pass's end will store, as far as it is known. */
  next: watermarkSchema.optional(),
  /** Newest change that was read, in milliseconds; tells whether the table's changes are still growing. */
  newestChange: z.number(),
  slices: z.number().int().nonnegative(),
  /** When the slice at work began; absent when it has ended with nothing under way. */
  sliceStartedAt: z.iso.datetime().optional(),
  /** A slice was lost in its midst: rows that it wrote may be met again, and counted as right already. */
  hasLostSlice: z.boolean().optional(),
  /** The last slice ended with nothing under way: what comes next has not been tried by anybody. */
  nextUntried: z.boolean(),
  /**
   * When a slice began that was lost before the starting point of reading was fixed: what it was about to write from then
   * on may come late, over something newer.
   */
  lostSliceAt: z.iso.datetime().optional(),
  /** Id of the message whose work last moved the pass on. */
  movedBy: z.string().optional(),
  /** Differences of a rehearsal that were recorded as its sample. */
  sampled: z.number().int().nonnegative(),
  /** The task's counters when the pass began: what earlier passes of the same task did. */
  base: countersSchema,
  /** This pass alone. */
  counters: countersSchema,
  details: z.array(z.string()),
});
export type Pass = z.infer<typeof passSchema>;

/** How a pass ended; kept so that its task can still be ended if the process died in between. */
export const endedPassSchema = z.object({
  runId: runIdSchema,
  followUp: z.number().int().nonnegative(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** How long the run's passes took on this table so far, this one included, without the waits between them. */
  workedMs: z.number().int().nonnegative().optional(),
  /** The task's counters with this pass included. */
  counters: countersSchema,
  /** The map was still growing while it was read. */
  growing: z.boolean(),
  /** Newest change of the map that this pass or one before it has read, in milliseconds. */
  newestChange: z.number(),
  /** Rows kept as pending though nothing is wrong with them: their profile belongs to another business unit. */
  acrossUnits: z.number().int().nonnegative().optional(),
  /** Rows that began to wait for their profile in this run. */
  newlyWaiting: z.number().int().nonnegative().optional(),
  /** Ids of some of the rows that wait for their profile. */
  waitingSample: z.array(z.string()),
  /** How the table's rows stand, where the pass knows it. */
  coverage: coverageSchema.optional(),
  /** What an operator should look at; each makes the task end with warnings. */
  warnings: z.array(z.string()),
  /** Requirements that the pass found not to hold. */
  findings: z.array(findingSchema).optional(),
  /** Links that lost their place in the map, and are cleared once the map is quiet. */
  leaving: z.number().int().nonnegative().optional(),
  details: z.array(z.string()),
});
export type EndedPass = z.infer<typeof endedPassSchema>;

/** What is known of a table between two slices. */
export interface LinkState {
  readonly watermark?: Watermark | undefined;
  readonly pass?: Pass | undefined;
  readonly lastPass?: EndedPass | undefined;
  /** When the linked rows were last walked for orphans. */
  readonly lastWalkAt?: string | undefined;
  /** Rows kept as pending when the last pass ended. */
  readonly pendingRows: number;
  readonly linking?: LinkingState | undefined;
}

const watermarkForm = new DocumentForm('watermark', 1, watermarkSchema);
const passForm = new DocumentForm<Pass>('pass', 2, z.looseObject(passSchema.shape));
const linkingForm = new DocumentForm('linking-state', 1, linkingStateSchema);
const endedPassForm = new DocumentForm('ended-pass', 1, endedPassSchema);

/** A state as it is stored: with the mark of the very save that wrote it. Its parts are documents of their own form. */
const storedStateSchema = z.object({
  watermark: z.unknown().optional(),
  pass: z.unknown().optional(),
  lastPass: z.unknown().optional(),
  linking: z.unknown().optional(),
  lastWalkAt: z.iso.datetime().optional().catch(undefined),
  // How many they are only tells whether to look for them: where it is unknown, one looks.
  pendingRows: z.number().int().nonnegative().catch(1),
  savedAs: z.string().optional(),
});
const stateForm = new DocumentForm('link-state', 1, storedStateSchema);

const storedState = ({ watermark, pass, lastPass, linking, ...rest }: LinkState, savedAs?: string): object =>
  stateForm.mark({
    ...rest,
    ...(watermark === undefined ? {} : { watermark: watermarkForm.mark(watermark) }),
    ...(pass === undefined ? {} : { pass: passForm.mark(pass) }),
    ...(lastPass === undefined ? {} : { lastPass: endedPassForm.mark(lastPass) }),
    ...(linking === undefined ? {} : { linking: linkingForm.mark(linking) }),
    ...(savedAs === undefined ? {} : { savedAs }),
  });

/** Whose state: a table's own, or that of one rehearsal, which touches nothing but its own. */
export interface StateKey {
  readonly table: string;
  readonly rehearsalOf?: string;
}

/** The state that a run works on in a table. */
export const stateKeyOf = (run: { readonly runId: string; readonly mode: Mode }, table: string): StateKey =>
  run.mode === 'rehearsal' ? { table, rehearsalOf: run.runId } : { table };

const keyOf = ({ table, rehearsalOf }: StateKey): [partitionKey: string, rowKey: string] =>
  rehearsalOf === undefined ? ['table', table] : ['rehearsal', `${rehearsalOf}|${table}`];

/** Thrown where another writer changed a table's state first: everything that its writer still wanted to do is dropped. */
export class LostRaceError extends Error {
  override name = 'LostRaceError';
}

/** The link state of each table, changed by compare-and-set only. */
export class LinkStates {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /**
   * The state under a state key; at first sight an empty one is recorded, or for a rehearsal a copy of what the table's next pass
   * begins from. What of it cannot be read is told of and taken for absent: a pass may be dropped at any time, and
   * without a watermark the next one reads everything.
   */
  async load(stateKey: StateKey): Promise<{ state: LinkState; etag: string }> {
    const key = keyOf(stateKey);
    let entity = await this.#table.get(...key);
    if (entity === undefined) {
      const initial: LinkState = { pendingRows: 0 };
      if (stateKey.rehearsalOf !== undefined) {
        const own = await this.#table.get(...keyOf({ table: stateKey.table }));
        const { pass: _, ...rest } = own === undefined ? initial : this.#read(own);
        Object.assign(initial, rest);
      }
      await this.#table.insert(...key, storedState(initial));
      entity = await this.#table.get(...key);
    }
    // A rehearsal's state is removed at its end, also under the hands of a worker that was held up.
    if (entity === undefined)
      throw new RetryableError(`The link state of ${stateKey.table} vanished while it was being recorded.`);
    return { state: this.#read(entity), etag: entity.etag };
  }

  #read(entity: StoredEntity): LinkState {
    const { partitionKey, rowKey } = entity;
    const part = <T extends object>(form: DocumentForm<T>, document: unknown): T | undefined =>
      document === undefined ? undefined : form.read({ partitionKey, rowKey, document }, this.#tell);
    const stored = stateForm.read(entity, this.#tell);
    if (stored === undefined) return { pendingRows: 1 };
    const watermark = part(watermarkForm, stored.watermark);
    const pass = part(passForm, stored.pass);
    const lastPass = part(endedPassForm, stored.lastPass);
    const linking = part(linkingForm, stored.linking);
    return {
      ...(watermark === undefined ? {} : { watermark }),
      ...(pass === undefined ? {} : { pass }),
      ...(lastPass === undefined ? {} : { lastPass }),
      ...(stored.lastWalkAt === undefined ? {} : { lastWalkAt: stored.lastWalkAt }),
      pendingRows: stored.pendingRows,
      ...(linking === undefined ? {} : { linking }),
    };
  }

  /**
   * Returns the new ETag.
   * @throws LostRaceError where another writer was first
   */
  async save(stateKey: StateKey, state: LinkState, etag: string): Promise<string> {
    const key = keyOf(stateKey);
    const savedAs = randomUUID();
    const saved = await this.#table.replace(...key, storedState(state, savedAs), etag);
    if (saved !== undefined) return saved;
    // The client tries again where an answer was lost, and then meets the change that it made itself.
    const found = await this.#table.get(...key);
    const isOurs = found !== undefined && storedStateSchema.safeParse(found.document).data?.savedAs === savedAs;
    if (!isOurs) throw new LostRaceError(`Another writer changed the link state of ${stateKey.table}`);
    return found.etag;
  }

  /** Forgets a rehearsal that has ended. */
  async removeRehearsal(runId: string, table: string): Promise<void> {
    const [partition, row] = keyOf({ table, rehearsalOf: runId });
    await this.#table.applyAll(partition, { deletes: [row] });
  }
}
