import { z } from 'zod';
import { countersSchema } from '../contracts/counters.ts';
import { runIdSchema } from '../contracts/link-task.ts';
import { modeSchema } from '../contracts/status.ts';
import type { EntityTable } from './entity-table.ts';

/** How a table's map changes are read, best first. */
export const feedKindSchema = z.enum(['changeTracking', 'modified', 'scan']);
export type FeedKind = z.infer<typeof feedKindSchema>;

/** How far a table's map changes are known to be linked. */
export const watermarkSchema = z.object({
  feed: feedKindSchema,
  /** A delta link, or a time; whatever the feed starts its next drain from. */
  token: z.string(),
  takenAt: z.iso.datetime(),
  /** Fingerprint of the profile table's columns; another one means a full pass. */
  profileSchema: z.string(),
});
export type Watermark = z.infer<typeof watermarkSchema>;

/** What a pass does, in this order; `orphans` and `clear` only where there is cause. */
export const phaseSchema = z.enum(['pending', 'map', 'orphans', 'clear']);
export type Phase = z.infer<typeof phaseSchema>;

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
  /** Newest change of the map that was read, in milliseconds; tells whether the map is still growing. */
  newestChange: z.number(),
  slices: z.number().int().nonnegative(),
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
  counters: countersSchema,
  /** The map was still growing while it was read. */
  growing: z.boolean(),
  /** Rows found in any other state than right: what makes a follow-up or a warning. */
  warnings: z.array(z.string()),
  details: z.array(z.string()),
});
export type EndedPass = z.infer<typeof endedPassSchema>;

const linkStateSchema = z.object({
  watermark: watermarkSchema.optional(),
  pass: passSchema.optional(),
  lastPass: endedPassSchema.optional(),
  /** When the linked rows were last walked for orphans. */
  lastWalkAt: z.iso.datetime().optional(),
  /** Rows kept as pending when the last pass ended. */
  pendingRows: z.number().int().nonnegative(),
});
export type LinkState = z.infer<typeof linkStateSchema>;

const partition = 'table';

/** The link state of each table, changed by compare-and-set only. */
export class LinkStates {
  readonly #table: EntityTable;

  constructor(table: EntityTable) {
    this.#table = table;
  }

  /** The state of a table; an empty one is recorded at first sight. */
  async load(table: string): Promise<{ state: LinkState; etag: string }> {
    let entity = await this.#table.get(partition, table);
    if (entity === undefined) {
      await this.#table.insert(partition, table, { pendingRows: 0 } satisfies LinkState);
      entity = await this.#table.get(partition, table);
    }
    if (entity === undefined) throw new Error(`The link state of ${table} vanished while it was being recorded`);
    return { state: linkStateSchema.parse(entity.document), etag: entity.etag };
  }

  /** The new ETag; undefined where another writer was first: the caller then drops what it did. */
  async save(table: string, state: LinkState, etag: string): Promise<string | undefined> {
    return this.#table.replace(partition, table, state, etag);
  }
}
