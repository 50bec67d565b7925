import { z } from 'zod';
import { holdSchema } from '../contracts/hold.ts';
import { type PhaseOrder, pendingPhase, readingPhase } from '../passes/phases.ts';
import type { Kind, Slice } from '../passes/slice.ts';
import { passSchema } from '../state/link-states.ts';
import { tallySchema } from '../state/linking-state.ts';
import { lookedAtSchema } from './looked-at.ts';
import type { LinkingParts } from './parts.ts';
import type { TableContext } from './prepare.ts';
import { watermarkOfSchema } from './watermark-of.ts';

const count = z.number().int().nonnegative();

/** What a pass that links has in every phase. */
const common = passSchema.extend({
  kind: z.literal('linking'),
  /** The lookup column was made in this pass: no row can have had a link before. */
  columnCreated: z.boolean(),
  /** Fingerprint of the profile table's columns when the pass began; the watermark is held against it. */
  profileSchema: z.string(),
  /** What the pass reads; where that changes in its midst, it begins anew. */
  of: watermarkOfSchema,
  /** The map's list of changes had entries, of whatever table. */
  mapChanged: z.boolean().optional(),
  /** Where the next pass goes on to read which profiles were deleted. */
  profiles: z.string().optional(),
  /** The walk over the rows is due, and why. */
  orphansDue: z.string().optional(),
  /** Rows that several map rows give to different customers. */
  conflicts: count,
  /** Rows that were left without a link, because their profile belongs to another business unit. */
  acrossUnits: count.optional(),
});

/** What the walk over the rows has found. */
const walk = {
  /** Linked rows that it has seen, and links of theirs that the map does not give. */
  walked: count,
  orphans: count,
  /** Linked rows whose profile belongs to another business unit; absent where that is not looked at. */
  acrossUnits: count.optional(),
};

/** A pass that links a table's rows, by phase. */
export const linkingPassSchema = z.discriminatedUnion('phase', [
  common.extend(pendingPhase),
  common.extend({
    phase: z.literal('profiles'),
    /** Link of the next page of profiles that changed. */
    cursor: z.string().optional(),
  }),
  common.extend(readingPhase('map')),
  common.extend({
    phase: z.literal('touched'),
    /** Link of the next page of rows that others changed. */
    cursor: z.string().optional(),
    /** When this pass began to look at them. */
    begunAt: z.iso.datetime().optional(),
    /** Those that were met so far, as far as the next pass meets them again. */
    met: lookedAtSchema.optional(),
    /** Minutes of change whose rows the last pass has looked at. */
    known: z.array(z.string()).optional(),
  }),
  common.extend({
    phase: z.literal('orphans'),
    /** Link of the walk's next page. */
    cursor: z.string().optional(),
    ...walk,
  }),
  common.extend({
    phase: z.literal('recheck'),
    /** Id of the last row whose change, set down by an earlier pass, was looked at again. */
    cursor: z.string().optional(),
    ...walk,
  }),
  common.extend({
    phase: z.literal('weigh'),
    /** Id of the last row whose change was counted. */
    cursor: z.string().optional(),
    ...walk,
    tally: tallySchema,
  }),
  common.extend({
    phase: z.literal('clear'),
    /** Id of the last row whose change was made or left. */
    cursor: z.string().optional(),
    ...walk,
    tally: tallySchema,
    /** What is held back, and ids of what would be, and was confirmed. */
    holds: z.array(holdSchema),
    confirmed: z.array(z.string()),
    /** Links that Dataverse refused to clear. */
    uncleared: count,
    /** Links without a place in the map that are too young to be cleared. */
    leaving: count,
  }),
]);
export type LinkingPass = z.infer<typeof linkingPassSchema>;

/** How the walk over the rows begins. */
export const walkBegins = { phase: 'orphans', cursor: undefined, walked: 0, orphans: 0 } as const;

/** A pass whose set-up changed in its midst begins anew. */
export const linkingPhases: PhaseOrder = {
  pending: ['profiles'],
  profiles: ['map', 'pending'],
  map: ['touched', 'pending'],
  touched: ['orphans', 'pending'],
  orphans: ['recheck', 'pending'],
  recheck: ['weigh', 'pending'],
  weigh: ['clear', 'pending'],
  clear: ['end', 'pending'],
};

/** Slices that link. */
interface Linking extends Kind {
  readonly pass: LinkingPass;
  readonly context: TableContext;
  readonly parts: LinkingParts;
}
export type LinkingSlice = Slice<Linking>;

/** A pass in one of its phases. */
export type InPhase<Name extends LinkingPass['phase']> = Extract<LinkingPass, { readonly phase: Name }>;

/**
 * The pass as it is in a phase.
 * @throws Error where it is in another: a fault of the program
 */
export function inPhase<Name extends LinkingPass['phase']>({ pass }: LinkingSlice, name: Name): InPhase<Name> {
  if (pass.phase !== name) throw new Error(`The pass is in phase ${pass.phase}, not ${name}.`);
  return pass as InPhase<Name>;
}
