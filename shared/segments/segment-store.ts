import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { RetryableError, TerminalError } from '../errors.ts';
import { type AtomicChange, type AtomicTable, mostAtomicChanges } from '../state/atomic-table.ts';
import { areAlike, type Member, memberSchema } from './member.ts';
import { MemberCounts } from './member-counts.ts';

/*
 * What is known of segments, in one storage table:
 *
 *   partition `state`                  how far the reading is; names of units and owners of segments
 *   partition `<generation>|<bucket>`  members of the segments, one row each, and their counts in one row
 *
 * A member and the counts change in one transaction, so the counts are those of the members at every moment, whoever
 * dies when. All memberships are read into a generation of their own, which takes the place of the one before when it
 * is complete.
 */

export const stateSchema = z.object({
  /** What is shown: a generation that was read to its end once, and is brought up to date since. */
  shown: z
    .object({
      generation: z.string(),
      /** The moment that it stands for. */
      countedAt: z.iso.datetime(),
      /** When all memberships were last read. */
      readWholeAt: z.iso.datetime(),
      /** Where the list of later changes begins; absent where the table does not track them. */
      token: z.string().optional(),
      /** The same of the profiles' table. */
      profilesToken: z.string().optional(),
    })
    .optional(),
  reading: z
    .object({
      generation: z.string(),
      startedAt: z.iso.datetime(),
      /** Why all memberships are read; absent where only changes are. */
      allBecause: z.string().optional(),
      /** The table tracks its changes, and `cursor` is a place among them. */
      isTracked: z.boolean(),
      /**
       * Of a whole reading: `position` in the list of profiles' changes, where it is tracked, then `members`. Of changes:
       * `members`, then `profiles` that changed hands, then members whose profile is `gone`.
       */
      step: z.enum(['position', 'members', 'profiles', 'gone']),
      cursor: z.string().optional(),
      token: z.string().optional(),
      profilesToken: z.string().optional(),
      /** Rows of profiles that were deleted. */
      gone: z.array(z.string()).optional(),
      rows: z.number().int().nonnegative(),
    })
    .optional(),
  /** Generations whose rows are still to be removed. */
  obsolete: z.array(z.string()),
  /** Who is at it; others leave it alone for a while. */
  worker: z.object({ id: z.string(), at: z.iso.datetime() }).optional(),
});
export type SegmentState = z.infer<typeof stateSchema>;

const storedStateSchema = stateSchema.extend({ savedAs: z.string() });

/** Names of business units by id, and each segment that has an owner, with the owner's unit; names may occur twice. */
export const directorySchema = z.object({
  units: z.record(z.string(), z.string()),
  owners: z.union([
    z.object({ known: z.literal(true), segments: z.array(z.object({ name: z.string(), unit: z.string() })) }),
    z.object({ known: z.literal(false), reason: z.string() }),
  ]),
});
export type Directory = z.infer<typeof directorySchema>;

/** Memberships to keep, or to forget where undefined, by id of the membership row. */
export type MemberChanges = ReadonlyMap<string, Member | undefined>;

const statePartition = 'state';
const [stateRow, directoryRow, countsRow] = ['state', 'directory', 'counts'];
const buckets = [...'0123456789abcdef'];
const partitionOf = (generation: string, bucket: string): string => `${generation}|${bucket}`;
const memberRow = (id: string): string => `m|${id}`;
/** Text of the counts that one row may hold, in characters: more than ten thousand pairs of a segment and a unit. */
const largestCounts = 450_000;
/** Members of one bucket that are looked up at once. */
const lookupsAtOnce = 8;
/** A transaction holds the counts besides members. */
const membersAtOnce = mostAtomicChanges - 1;
/** Times that a transaction is tried again with what others have changed meanwhile. */
const mostTries = 5;

export class SegmentStore {
  readonly #table: AtomicTable;

  constructor(table: AtomicTable) {
    this.#table = table;
  }

  async load(): Promise<{ state: SegmentState; etag: string }> {
    let entity = await this.#table.get(statePartition, stateRow);
    if (entity === undefined) {
      await this.#table.insert(statePartition, stateRow, { obsolete: [] } satisfies SegmentState);
      entity = await this.#table.get(statePartition, stateRow);
    }
    if (entity === undefined)
      throw new RetryableError('The state of the segments vanished while it was being recorded');
    return { state: stateSchema.parse(entity.document), etag: entity.etag };
  }

  /** The new ETag; undefined where another writer was first. */
  async save(state: SegmentState, etag: string): Promise<string | undefined> {
    const savedAs = randomUUID();
    const saved = await this.#table.replace(statePartition, stateRow, { ...state, savedAs }, etag);
    if (saved !== undefined) return saved;
    // The client tries again where an answer was lost, and then meets the change that it made itself.
    const found = await this.#table.get(statePartition, stateRow);
    return found !== undefined && storedStateSchema.safeParse(found.document).data?.savedAs === savedAs
      ? found.etag
      : undefined;
  }

  async directory(): Promise<Directory | undefined> {
    const entity = await this.#table.get(statePartition, directoryRow);
    // One that another version has written is read anew with the next count.
    return entity && directorySchema.safeParse(entity.document).data;
  }

  async saveDirectory(directory: Directory): Promise<void> {
    await this.#table.applyAll(statePartition, { upserts: [{ rowKey: directoryRow, document: directory }] });
  }

  /** The counts of a generation, one set for each of its parts. */
  async counts(generation: string): Promise<MemberCounts[]> {
    const entities = await Promise.all(
      buckets.map((bucket) => this.#table.get(partitionOf(generation, bucket), countsRow)),
    );
    return entities.filter((entity) => entity !== undefined).map(({ document }) => MemberCounts.from(document));
  }

  /** Some members of a generation; `next` is where the others begin, absent on the last page. */
  async page(
    generation: string,
    from: string | undefined,
  ): Promise<{ readonly members: ReadonlyMap<string, Member>; readonly next: string | undefined }> {
    const [bucket = buckets[0] ?? '', place] = from?.split('|') ?? [];
    const range = { from: memberRow(''), before: memberRow('~'), continuation: place === '' ? undefined : place };
    const { entities, continuation } = await this.#table.list(partitionOf(generation, bucket), range);
    const members = entities.map(({ rowKey, document }) => [rowKey.slice(2), memberSchema.parse(document)] as const);
    const following = buckets[buckets.indexOf(bucket) + 1];
    const rest = following === undefined ? undefined : `${following}|`;
    return { members: new Map(members), next: continuation === undefined ? rest : `${bucket}|${continuation}` };
  }

  /**
   * Keeps members and forgets others, with their counts.
   * @param areNew nothing is known of any of them, most likely
   * @param makeSure throws where somebody else is at it now: what was read from Dataverse may be outdated then
   */
  async change(
    generation: string,
    changes: MemberChanges,
    { areNew, makeSure }: { readonly areNew: boolean; readonly makeSure: () => Promise<void> },
  ): Promise<void> {
    const ofBuckets = Map.groupBy(changes, ([id]) => id.charAt(0));
    const ends = await Promise.allSettled(
      [...ofBuckets].map(async ([bucket, ofBucket]) => {
        for (let start = 0; start < ofBucket.length; start += membersAtOnce) {
          const some = new Map(ofBucket.slice(start, start + membersAtOnce));
          await this.#changeSome(partitionOf(generation, bucket), some, areNew, makeSure);
        }
      }),
    );
    // Not before all have ended: who is told of a failure lets others go on, whom no late write may meet.
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /**
   * Makes every change of a generation fail that was prepared before and not yet made. A worker that was held up just
   * before its change, and whom others have replaced since, would otherwise make it whenever it goes on, in each part
   * that nobody else had reason to write: with members that have left meanwhile.
   */
  async shutOut(generation: string): Promise<void> {
    await Promise.all(buckets.map((bucket) => this.#renewCounts(partitionOf(generation, bucket))));
  }

  /** Gives the counts another ETag, or their first one. */
  async #renewCounts(partition: string): Promise<void> {
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      const counts = await this.#table.get(partition, countsRow);
      const change: AtomicChange =
        counts === undefined
          ? { kind: 'insert', rowKey: countsRow, document: new MemberCounts().toDocument() }
          : { kind: 'replace', rowKey: countsRow, document: counts.document, etag: counts.etag };
      if (await this.#table.changeTogether(partition, [change])) return;
    }
    throw new RetryableError('Others change the counts of the segments at the same time');
  }

  async #changeSome(
    partition: string,
    changes: MemberChanges,
    areNew: boolean,
    makeSure: () => Promise<void>,
  ): Promise<void> {
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      const before = await this.#table.get(partition, countsRow);
      // After the counts were read, whose ETag the transaction names: from here on nobody changes them unseen.
      await makeSure();
      const known =
        areNew && attempt === 1 ? new Map<string, Member>() : await this.#members(partition, changes.keys());
      const counts = before === undefined ? new MemberCounts() : MemberCounts.from(before.document);
      const rows: AtomicChange[] = [];
      for (const [id, member] of changes) {
        const old = known.get(id);
        if (areAlike(old, member)) continue;
        if (old !== undefined) counts.remove(old);
        if (member !== undefined) counts.add(member);
        if (member === undefined) rows.push({ kind: 'delete', rowKey: memberRow(id) });
        else rows.push({ kind: old === undefined ? 'insert' : 'upsert', rowKey: memberRow(id), document: member });
      }
      if (rows.length === 0) return;
      const document = counts.toDocument();
      if (JSON.stringify(document).length > largestCounts) {
        throw new TerminalError(
          'There are too many segments and business units to count members: more than ten thousand pairs of both.',
        );
      }
      const counted: AtomicChange =
        before === undefined
          ? { kind: 'insert', rowKey: countsRow, document }
          : { kind: 'replace', rowKey: countsRow, document, etag: before.etag };
      if (await this.#table.changeTogether(partition, [counted, ...rows])) return;
    }
    throw new RetryableError('Others change the counts of the segments at the same time');
  }

  async #members(partition: string, ids: Iterable<string>): Promise<Map<string, Member>> {
    const found = new Map<string, Member>();
    const wanted = [...ids];
    for (let start = 0; start < wanted.length; start += lookupsAtOnce) {
      const some = wanted.slice(start, start + lookupsAtOnce);
      const entities = await Promise.all(some.map((id) => this.#table.get(partition, memberRow(id))));
      for (const [at, entity] of entities.entries()) {
        if (entity !== undefined) found.set(some[at] ?? '', memberSchema.parse(entity.document));
      }
    }
    return found;
  }

  /** Removes some rows of a generation that is of no more use; false where nothing was left. */
  async removeSome(generation: string): Promise<boolean> {
    const pages = await Promise.all(
      buckets.map(async (bucket) => {
        const partition = partitionOf(generation, bucket);
        const { entities } = await this.#table.list(partition);
        await this.#table.applyAll(partition, { deletes: entities.map(({ rowKey }) => rowKey) });
        return entities.length;
      }),
    );
    return pages.some((length) => length > 0);
  }
}
