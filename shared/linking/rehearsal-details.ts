import { counted } from '../counted.ts';
import { linkColumn } from '../customer-insights/names.ts';
import { estimateOf, firedBy } from '../passes/rehearsal-details.ts';
import type { LinkingSlice } from './linking-pass.ts';

/** What a rehearsal has to say besides its counts: how long the real run would take, and what it would set off. */
export async function rehearsalDetails(slice: LinkingSlice): Promise<string[]> {
  const { context, pass } = slice;
  const { linked, relinked, cleared } = pass.counters;
  const writes = linked + relinked + cleared;
  const details = [
    `Rehearsal, nothing was written: a run now would link ${counted(linked, 'row')}, move ${relinked}, clear ${cleared}.`,
    estimateOf(writes, slice.state.lastPass),
  ];
  if (context.link === undefined) details.push(`A run would first make the column ${linkColumn}.`);
  return [...details, ...(await firedBy(slice, linkColumn))];
}
