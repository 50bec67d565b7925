import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { countersSchema } from '../contracts/counters.ts';
import { feedKindSchema } from '../contracts/feed-kind.ts';
import { runIdSchema } from '../contracts/link-task.ts';
import { findingSchema } from '../contracts/run.ts';
import { modeSchema } from '../contracts/status.ts';
import { RetryableError } from '../errors.ts';
import type { EntityTable, StoredEntity } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** Where the next drain of a feed begins. */
const feedPositionSchema = z.object({
  feed: feedKindSchema,
  /** A delta link, or a time; whatever the feed starts its next drain from. */
  token: z.string(),
});

/** How far a table's changes are known to be dealt with: those of the map where its rows are linked, else its own. */
export const watermarkSchema = z.object({
  feed: feedKindSchema,
  /** A delta link, or a time; whatever the feed starts its next drain from. */
  token: z.string(),
  takenAt: z.iso.datetime(),
  /** Linking: fingerprint of the profile table's columns; another one means a full pass. */
  profileSchema: z.string().optional(),
  /** Ownership: fingerprint of the mapping from values to teams; another one means a full pass. */
  mapping: z.string().optional(),
  /** Ownership, of tables whose rows take the owner of their profile: how far the profiles' changes are known. */
  profiles: feedPositionSchema.optional(),
});
export type Watermark = z.infer<typeof watermarkSchema>;

/**
 * What a pass does, in this order. Linking: `map` drains the map; `orphans` and `clear` only where there is cause.
 * Ownership: `profiles` drains the profiles' changes, `map` the table's own; `others` looks at tables of the root unit.
 */
export const phaseSchema = z.enum(['pending', 'profiles', 'map', 'orphans', 'clear', 'others']);
export type Phase = z.infer<typeof phaseSchema>;

/** What a pass that sees to owners has besides. */
const ownershipPassSchema = z.object({
  /** Fingerprint of the mapping when the pass began. */
  mapping: z.string(),
  /** What the watermark will say of the profiles' changes, as far as it is known. */
  nextProfiles: feedPositionSchema.optional(),
  /** Of a rehearsal: rows by the team that is to own them, and how many of them have another owner now. */
  teams: z.record(z.string(), z.object({ rows: z.number().int(), moved: z.number().int() })),
  /** Profiles whose value belongs to no unit, and some of the values. */
  unmatched: z.number().int().nonnegative(),
  unmatchedValues: z.array(z.string()),
  /** What was found in tables whose rows all belong to the root unit; for people. */
  others: z.array(z.string()),
});
export type OwnershipPass = z.infer<typeof ownershipPassSchema>;

/** A pass in progress: all that the next slice needs to carry on. */
export const passSchema = z.object({
  runId: runIdSchema,
  followUp: z.number().int().nonnegative(),
  mode: modeSchema,
  startedAt: z.iso.datetime(),
  phase: phaseSchema,
  /** Where the phase goes on: a page's link or key; absent at its beginning. */
  cursor: z.string().optional(),
  feed: feedKindSchema,
  /** Whether all map rows are read anew. */
  full: z.boolean(),
  /** The watermark that the pass's end will store, as far as it is known. */
  next: watermarkSchema.optional(),
  /** The lookup column was made in this pass: no row can have had a link before. */
  columnCreated: z.boolean(),
  /** The last slice ended with nothing under way: the page at `cursor` has not been tried yet. */
  untried: z.boolean(),
  /** The walk for orphans is due, and why. */
  orphansDue: z.string().optional(),
  /** Linked rows seen by the walk, and links it found that the map no longer gives. */
  walked: z.number().int().nonnegative(),
  orphans: z.number().int().nonnegative(),
  /** Linked rows of which the walk found the profile to belong to another business unit; absent where that was not looked at. */
  acrossUnits: z.number().int().nonnegative().optional(),
  /** Rows that were left without a link, because their profile belongs to another business unit. */
  apart: z.number().int().nonnegative().optional(),
  /** Links that Dataverse refused to clear. */
  uncleared: z.number().int().nonnegative(),
  /** Newest change of the map that was read, in milliseconds; tells whether the map is still growing. */
  newestChange: z.number(),
  slices: z.number().int().nonnegative(),
  /** When the slice at work began; absent when it has ended with nothing under way. */
  sliceStartedAt: z.iso.datetime().optional(),
  /**
   * A slice was lost before the drain's starting point was fixed: what it was about to write from then on may come late,
   * over something newer.
   */
  uncertainSince: z.iso.datetime().optional(),
  /** Id of the message whose work last moved the pass on. */
  movedBy: z.string().optional(),
  /** Linking: fingerprint of the profile table's columns when the pass began. */
  profileSchema: z.string().optional(),
  /** Ownership: what only its passes have. */
  ownership: ownershipPassSchema.optional(),
  /** Map rows that gave a source row another customer than a newer one did. */
  conflicts: z.number().int().nonnegative(),
  /** Differences of a rehearsal that were recorded as its sample. */
  sampled: z.number().int().nonnegative(),
  /** The task's counters when the pass began: what earlier passes of the same task did. */
  base: countersSchema,
  /** This pass alone. */
  counters: countersSchema,
  /** Rows of the page at `cursor` that were written and counted before the slice had to stop. */
  carried: z.number().int().nonnegative(),
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
  /** Ids of some of the rows that wait for their profile. */
  waitingSample: z.array(z.string()),
  /** What an operator should look at; each makes the task end with warnings. */
  warnings: z.array(z.string()),
  /** Requirements that the pass found not to hold. */
  findings: z.array(findingSchema).optional(),
  /** What the run's last walk left undone: links that Dataverse refused to clear, and its warnings. A follow-up does not walk again. */
  leftByWalk: z.object({ uncleared: z.number().int().nonnegative(), warnings: z.array(z.string()) }).optional(),
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
}

const watermarkForm = new DocumentForm('watermark', 1, watermarkSchema);
const passForm = new DocumentForm('pass', 1, passSchema);
const endedPassForm = new DocumentForm('ended-pass', 1, endedPassSchema);

/** A state as it is stored: with the mark of the very save that wrote it. Its parts are documents of their own form. */
const storedStateSchema = z.object({
  watermark: z.unknown().optional(),
  pass: z.unknown().optional(),
  lastPass: z.unknown().optional(),
  lastWalkAt: z.iso.datetime().optional().catch(undefined),
  // How many they are only tells whether to look for them: where it is unknown, one looks.
  pendingRows: z.number().int().nonnegative().catch(1),
  savedAs: z.string().optional(),
});
const stateForm = new DocumentForm('link-state', 1, storedStateSchema);

const storedState = ({ watermark, pass, lastPass, ...rest }: LinkState, savedAs?: string): object =>
  stateForm.mark({
    ...rest,
    ...(watermark === undefined ? {} : { watermark: watermarkForm.mark(watermark) }),
    ...(pass === undefined ? {} : { pass: passForm.mark(pass) }),
    ...(lastPass === undefined ? {} : { lastPass: endedPassForm.mark(lastPass) }),
    ...(savedAs === undefined ? {} : { savedAs }),
  });

/** Whose state: a table's own, or that of one rehearsal, which touches nothing but its own. */
export interface Slot {
  readonly table: string;
  readonly rehearsalOf?: string;
}

const keyOf = ({ table, rehearsalOf }: Slot): [partitionKey: string, rowKey: string] =>
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
   * The state in a slot; at first sight an empty one is recorded, or for a rehearsal a copy of what the table's next pass
   * begins from. What of it cannot be read is told of and taken for absent: a pass may be dropped at any time, and
   * without a watermark the next one reads everything.
   */
  async load(slot: Slot): Promise<{ state: LinkState; etag: string }> {
    const key = keyOf(slot);
    let entity = await this.#table.get(...key);
    if (entity === undefined) {
      const initial: LinkState = { pendingRows: 0 };
      if (slot.rehearsalOf !== undefined) {
        const own = await this.#table.get(...keyOf({ table: slot.table }));
        const { watermark, lastWalkAt, lastPass, pendingRows } = own === undefined ? initial : this.#read(own);
        Object.assign(initial, { watermark, lastWalkAt, lastPass, pendingRows });
      }
      await this.#table.insert(...key, storedState(initial));
      entity = await this.#table.get(...key);
    }
    // A rehearsal's state is removed at its end, also under the hands of a worker that was held up.
    if (entity === undefined)
      throw new RetryableError(`The link state of ${slot.table} vanished while it was being recorded.`);
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
    return {
      ...(watermark === undefined ? {} : { watermark }),
      ...(pass === undefined ? {} : { pass }),
      ...(lastPass === undefined ? {} : { lastPass }),
      ...(stored.lastWalkAt === undefined ? {} : { lastWalkAt: stored.lastWalkAt }),
      pendingRows: stored.pendingRows,
    };
  }

  /**
   * Returns the new ETag.
   * @throws LostRaceError where another writer was first
   */
  async save(slot: Slot, state: LinkState, etag: string): Promise<string> {
    const key = keyOf(slot);
    const savedAs = randomUUID();
    const saved = await this.#table.replace(...key, storedState(state, savedAs), etag);
    if (saved !== undefined) return saved;
    // The client tries again where an answer was lost, and then meets the change that it made itself.
    const found = await this.#table.get(...key);
    const isOurs = found !== undefined && storedStateSchema.safeParse(found.document).data?.savedAs === savedAs;
    if (!isOurs) throw new LostRaceError(`Another writer changed the link state of ${slot.table}`);
    return found.etag;
  }

  /** Forgets a rehearsal that has ended. */
  async removeRehearsal(runId: string, table: string): Promise<void> {
    const [partition, row] = keyOf({ table, rehearsalOf: runId });
    await this.#table.applyAll(partition, { deletes: [row] });
  }
}
