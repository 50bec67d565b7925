import { normaliseGuid } from '../customer-insights/guid.ts';
import type { PersonalDataverse, Read } from '../dataverse/dataverse.ts';
import type { MapSource } from './map-sources.ts';

/** A table of the organisation, as far as it matters for telling which source it is. */
export interface Candidate {
  readonly table: string;
  readonly displayName: string;
  readonly entitySetName: string;
  readonly primaryId: string;
}

/** How well a source of the map fits a table. */
export interface Fit {
  readonly source: MapSource;
  readonly candidate: Candidate;
  /** Its name is the table's. */
  readonly isNamed: boolean;
  /** How many of the keys looked up are rows of the table; undefined where the table may not be read. */
  readonly found: number | undefined;
}

/** Tables that are unified most often, tried where no name agrees. */
const usual: readonly string[] = ['contact', 'lead', 'opportunity', 'account'];

/** Lookups of one batch: its parts run one after another. */
const readsPerBatch = 20;

/** `contact1` is how Customer Insights calls a second table `contact`. */
const plainName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/\s+/g, '')
    .replace(/_?\d+$/, '');

/** Keys that could be ids of Dataverse rows. */
export const idsOf = ({ keys }: MapSource): string[] => [
  ...new Set(keys.map(normaliseGuid).filter((id) => id !== undefined)),
];

/** Tables whose name is the source's. */
export const namedLike = ({ entity }: MapSource, candidates: readonly Candidate[]): Candidate[] =>
  candidates.filter(({ table, displayName }) =>
    [table, displayName].some((name) => plainName(name) === plainName(entity)),
  );

/** Whether more than half of the keys looked up are rows of the table; a stray key is nothing. */
export const isProven = ({ source, found }: Fit): boolean => found !== undefined && 2 * found > source.keys.length;

/**
 * Looks a sample of each source's keys up in the tables that it could be: those of its name, and the usual ones. A key
 * that is an id of Dataverse occurs in one table only.
 */
export async function fitSources(
  dataverse: Pick<PersonalDataverse, 'readTogether'>,
  sources: readonly MapSource[],
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<Fit[]> {
  const pairs = sources.flatMap((source) => {
    const ids = idsOf(source);
    const named = namedLike(source, candidates);
    const others = candidates.filter((candidate) => usual.includes(candidate.table) && !named.includes(candidate));
    return ids.length === 0
      ? []
      : [...named, ...others].map((candidate) => ({ source, ids, candidate, isNamed: named.includes(candidate) }));
  });
  const batches: (typeof pairs)[] = [];
  for (let at = 0; at < pairs.length; at += readsPerBatch) batches.push(pairs.slice(at, at + readsPerBatch));
  const answers = await Promise.all(
    batches.map((batch) =>
      dataverse.readTogether(
        batch.map(({ ids, candidate }) => lookUp(ids, candidate)),
        undefined,
        signal,
      ),
    ),
  );
  return pairs.map(({ source, candidate, isNamed }, at): Fit => {
    const answer = answers[Math.floor(at / readsPerBatch)]?.[at % readsPerBatch];
    return { source, candidate, isNamed, found: answer?.kind === 'rows' ? answer.rows.length : undefined };
  });
}

const lookUp = (ids: readonly string[], { entitySetName, primaryId }: Candidate): Read => ({
  entitySetName,
  select: [primaryId],
  filter: ids.map((id) => `${primaryId} eq ${id}`).join(' or '),
});
