import { z } from 'zod';
import type { Pass } from '../state/link-states.ts';

/** Fields of the phase that tries pending rows again, with which every pass begins. */
export const pendingPhase = {
  phase: z.literal('pending'),
  /** Id of the last row that was tried. */
  cursor: z.string().optional(),
};

/** A pass in its first phase, or in one that reads a feed. */
export type CursorPass = Pass & { readonly cursor?: string | undefined };

/** Fields of a phase that reads a feed. */
export const readingPhase = <Name extends string>(name: Name) => ({
  phase: z.literal(name),
  /** Link of the next page. */
  cursor: z.string().optional(),
  /** Rows of that page that were written and counted before an earlier slice had to stop in it. */
  writtenOfPage: z.number().int().nonnegative(),
});

/** A pass in a phase that reads a feed. */
export type ReadingPass = CursorPass & { readonly writtenOfPage: number };

export const isReading = (pass: Pass): pass is ReadingPass => 'writtenOfPage' in pass;

/** Which phase may follow which, of one kind of work; after `end` there is no pass. */
export type PhaseOrder = Readonly<Record<string, readonly string[]>>;
