import { z } from 'zod';
import { feedKindSchema } from '../contracts/feed-kind.ts';
import { type PhaseOrder, pendingPhase, readingPhase } from '../passes/phases.ts';
import { passSchema, type Watermark } from '../state/link-states.ts';

const count = z.number().int().nonnegative();

/** How far the profiles' changes are known, in the watermark of a table whose rows take the owner of their profile. */
const positionSchema = z.object({ feed: feedKindSchema, token: z.string() });

/** What watermarks of owners are held against; another mapping of values to teams means a full pass. */
const ownWatermarkSchema = z.object({ mapping: z.string(), profiles: positionSchema.optional() });

/** What only the watermarks of owners have; undefined where there is none of them. */
export const ownWatermark = (watermark: Watermark | undefined) => ownWatermarkSchema.safeParse(watermark).data;

/** What a pass that sees to owners has in every phase. */
const common = passSchema.extend({
  kind: z.literal('ownership'),
  /** Fingerprint of the mapping when the pass began. */
  mapping: z.string(),
  /** What the watermark will say of the profiles' changes, as far as it is known. */
  nextProfiles: positionSchema.optional(),
  /** Of a rehearsal: rows by the team that is to own them, and how many of them have another owner now. */
  teams: z.record(z.string(), z.object({ rows: count, moved: count })),
  /** Profiles whose value belongs to no unit, and some of the values. */
  unmatched: count,
  unmatchedValues: z.array(z.string()),
  /** What was found in tables whose rows all belong to the root unit; for people. */
  others: z.array(z.string()),
});

/** Where the look at tables of the root unit is: the table, its page, and what its earlier pages gave. */
const lookSchema = z.object({
  table: z.string(),
  nextLink: z.string().optional(),
  strays: count,
  corrected: count,
  failed: count,
  /** All tables are done. */
  isDone: z.boolean().optional(),
});
export type Look = z.infer<typeof lookSchema>;

/** A pass that sees to a table's owners, by phase. */
export const ownershipPassSchema = z.discriminatedUnion('phase', [
  common.extend(pendingPhase),
  common.extend(readingPhase('profiles')),
  common.extend(readingPhase('rows')),
  common.extend({
    phase: z.literal('others'),
    /** Absent at the beginning. */
    look: lookSchema.optional(),
  }),
]);
export type OwnershipPass = z.infer<typeof ownershipPassSchema>;

export const ownershipPhases: PhaseOrder = {
  pending: ['profiles'],
  profiles: ['rows'],
  rows: ['others'],
  others: ['end'],
};

/** How the reading of the profiles' changes begins, and that of the table's own. */
export const profilesBegin = { phase: 'profiles', cursor: undefined, writtenOfPage: 0 } as const;
export const rowsBegin = { phase: 'rows', cursor: undefined, writtenOfPage: 0 } as const;
