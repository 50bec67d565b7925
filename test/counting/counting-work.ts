import { z } from 'zod';
import { noRows } from '../../shared/contracts/counters.ts';
import { counted } from '../../shared/counted.ts';
import { bestFeed } from '../../shared/dataverse/change-feed.ts';
import { openFeed } from '../../shared/dataverse/open-feed.ts';
import { commitPass } from '../../shared/passes/commit-pass.ts';
import { newPass } from '../../shared/passes/new-pass.ts';
import { type PhaseOrder, readingPhase } from '../../shared/passes/phases.ts';
import { nextWatermark, readFeed, takeNextWatermark } from '../../shared/passes/read-feed.ts';
import { Slice } from '../../shared/passes/slice.ts';
import type { Work } from '../../shared/passes/work.ts';
import type { WorkParts } from '../../shared/passes/work-parts.ts';
import { timeOf } from '../../shared/runs/parts.ts';
import { type EndedPass, passSchema } from '../../shared/state/link-states.ts';

const common = passSchema.extend({
  kind: z.literal('counting'),
  /** Rows counted so far. */
  rows: z.number().int(),
});

/** A pass that counts: it reads, and once all is read it has only to be told. */
const countingPassSchema = z.discriminatedUnion('phase', [
  common.extend(readingPhase('rows')),
  common.extend({ phase: z.literal('told') }),
]);

export const countingPhases: PhaseOrder = { rows: ['told'], told: ['end'] };

interface Counting {
  readonly pass: z.infer<typeof countingPassSchema>;
  readonly context: { readonly entitySetName: string };
  readonly parts: WorkParts;
}

/** A kind of work as small as one can be: it counts a table's rows, once another table is done. */
export const countingWork = (parts: WorkParts, table: string, after: string): Work => ({
  kind: 'counting',
  taskName: 'Counting of rows',
  pass: countingPassSchema,
  phases: countingPhases,
  tables: () => [table],
  predecessors: () => [
    {
      table: after,
      unmet: (status) => ({ code: 'not-its-turn', finding: `${after} ended as ${status}.`, remedy: 'Run it again.' }),
    },
  ],
  findings: async () => new Map(),
  skippedText: () => 'Nothing was counted.',
  check: async () => [],
  async prepare({ signal }) {
    const metadata = (await parts.dataverse.readTables({ tables: [table] }, signal)).get(table);
    if (metadata === undefined) {
      const finding = { code: 'no-table', finding: `There is no table ${table}.`, remedy: 'Make it.' };
      return { kind: 'skipped', findings: [finding] };
    }
    return {
      kind: 'ready',
      work: {
        mayCarryOn: () => true,
        begin: (_state, task) => ({
          ...newPass(task, { now: timeOf(parts.now()), feed: bestFeed(metadata), full: true, details: [] }),
          kind: 'counting',
          phase: 'rows',
          writtenOfPage: 0,
          rows: 0,
        }),
        carryOn: (start) => count(new Slice<Counting>(start, countingPassSchema, { parts, context: metadata })),
      },
    };
  },
});

async function count(slice: Slice<Counting>): Promise<EndedPass> {
  if (slice.pass.phase === 'rows') await countRows(slice);
  return commitPass(slice, async () => ({ warnings: [], details: [`Counted ${counted(slice.pass.rows, 'row')}.`] }));
}

async function countRows(slice: Slice<Counting>): Promise<void> {
  const { parts, context } = slice;
  const source = { entitySetName: context.entitySetName, select: [] };
  const feed = openFeed(slice.pass.feed, parts.dataverse, source, parts.options.pageSize);
  await takeNextWatermark(slice, feed, {});
  await readFeed(slice, feed, {
    since: () => undefined,
    async handle({ rows, cursor, token }) {
      const { pass } = slice;
      await slice.checkpoint({
        ...(cursor === undefined ? { phase: 'told' as const } : { cursor }),
        rows: pass.rows + rows.length,
        counters: slice.add({ ...noRows, read: rows.length, unchanged: rows.length }),
        ...(token === undefined ? {} : { next: nextWatermark(pass, { token, takenAt: pass.startedAt }, {}) }),
      });
    },
    inFull: () => ({ rows: 0, counters: noRows }),
  });
}
