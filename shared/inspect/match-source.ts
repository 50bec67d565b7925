import { normaliseGuid } from '../customer-insights/guid.ts';
import type { Dataverse } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import type { MapSource } from './map-sources.ts';

/** A table of the organisation, as far as it matters for telling which source it is. */
export interface Candidate {
  readonly table: string;
  readonly displayName: string;
  readonly entitySetName: string;
  readonly primaryId: string;
}

/** What a source of the map is found to be. */
export type Match =
  /** Rows with the map's own keys were found in the table. */
  | { readonly kind: 'certain'; readonly candidate: Candidate; readonly reason: string }
  /** The names agree, and no row could be found to prove it. */
  | { readonly kind: 'guessed'; readonly candidate: Candidate; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string };

/** Tables that are unified most often, tried where no name agrees. */
const usual: readonly string[] = ['contact', 'lead', 'opportunity', 'account'];

/** `contact1` is how Customer Insights calls a second table `contact`. */
const plainName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/\s+/g, '')
    .replace(/_?\d+$/, '');

/**
 * Finds the table behind a source: candidates by name first, then the usual ones; what counts is whether rows with
 * the map's keys exist there. A key that is an id of Dataverse occurs in one table only.
 */
export async function matchSource(
  dataverse: Dataverse,
  source: MapSource,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<Match> {
  const ids = source.keys.map(normaliseGuid).filter((id) => id !== undefined);
  const wanted = plainName(source.entity);
  const byName = candidates.filter(
    ({ table, displayName }) => plainName(table) === wanted || plainName(displayName) === wanted,
  );
  const others = candidates.filter((candidate) => usual.includes(candidate.table) && !byName.includes(candidate));
  if (ids.length === 0) {
    const named =
      byName[0] === undefined
        ? ''
        : ` Its name is like that of ${byName[0].table}: if it is that table, its primary key in unification must be ${byName[0].primaryId}.`;
    return { kind: 'none', reason: `Its keys are no ids of Dataverse rows, so it is another system's table.${named}` };
  }
  for (const candidate of [...byName, ...others]) {
    const found = await countFound(dataverse, candidate, ids, signal);
    if (found > 0) {
      return {
        kind: 'certain',
        candidate,
        reason: `${found} of ${ids.length} keys looked up are rows of ${candidate.table}.`,
      };
    }
  }
  const [candidate] = byName;
  if (candidate !== undefined) {
    return {
      kind: 'guessed',
      candidate,
      reason: `The name is that of ${candidate.table}; none of ${ids.length} keys looked up is a row that can be read there.`,
    };
  }
  return {
    kind: 'none',
    reason: 'No table of this environment has its name, and none of the usual ones has its keys.',
  };
}

async function countFound(
  dataverse: Dataverse,
  { entitySetName, primaryId }: Candidate,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  try {
    const [rows = []] = await dataverse.readLists(
      [{ entitySetName, select: [primaryId], column: primaryId, values: ids }],
      signal,
    );
    return rows.length;
  } catch (error) {
    // A table that may not be read proves nothing either way.
    if (isTerminalError(error)) return 0;
    throw error;
  }
}
