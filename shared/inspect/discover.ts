import { z } from 'zod';
import type { DiscoveredSource, Discovery } from '../contracts/discovery.ts';
import { type SourceTable, sourceTableSchema, type UnificationSetup } from '../contracts/unification-setup.ts';
import { mapTable } from '../customer-insights/names.ts';
import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { TerminalError } from '../errors.ts';
import { readCandidates } from './candidates.ts';
import { type MapSource, readMapSources } from './map-sources.ts';
import { type Candidate, type Fit, fitSources, idsOf, isProven, namedLike } from './match-sources.ts';
import { changesOf, mergeSetup } from './merge-setup.ts';

/** Reading a few rows of some dozens of sources takes seconds; what takes longer does not answer, in milliseconds. */
const limitMs = 120_000;

const assumptions = [
  'The environment is for individual customers and writes its output to Dataverse: with any other there would be nothing to link.',
  'Each table is ingested through the Microsoft Dataverse connector: set "connector" to "powerQueryDataverse" or "other" where it is not.',
  "The primary key chosen in unification is each table's own: the keys looked up agree.",
];

/** Where no set-up runs yet. */
const nothing: UnificationSetup = { environmentKind: 'individual', output: 'dataverse', tables: [] };

/**
 * Reads the map and says which tables it is about, with a set-up ready to use. Changes nothing.
 * @param running the set-up that is in use, where there is one: what was proven of it stays
 */
export async function discover(
  dataverse: InspectableDataverse,
  running: UnificationSetup = nothing,
): Promise<Discovery> {
  const found = await discoverTables(dataverse, AbortSignal.timeout(limitMs));
  const { sources, leftOut } = found;
  const tables = [...found.proven, ...found.guessed];
  const setup = mergeSetup(running, tables, sources);
  return {
    ...(tables.length === 0 ? {} : { setup }),
    sources,
    changes: tables.length === 0 ? [] : changesOf(running, setup, sources),
    leftOut,
    assumptions,
  };
}

/** What the map says of source tables. */
export interface DiscoveredTables {
  /** One source for each table, each as the set-up has it: those of which the map's keys are rows. */
  readonly proven: readonly SourceTable[];
  /** Those that a name alone speaks for, since nobody may look into the table: for people to judge. */
  readonly guessed: readonly SourceTable[];
  readonly sources: DiscoveredSource[];
  readonly leftOut: string[];
}

/**
 * Reads which tables the map is about. All sources are matched first; then each table goes to the source of which the most
 * keys are its rows.
 * @throws TerminalError where there is no map
 */
export async function discoverTables(dataverse: InspectableDataverse, signal: AbortSignal): Promise<DiscoveredTables> {
  const map = (await dataverse.readTables({ tables: [mapTable] }, signal)).get(mapTable);
  if (map === undefined) {
    throw new TerminalError(
      `The organisation has no table ${mapTable}. Link Customer Insights - Data to this Dataverse environment and unify once; check DATAVERSE_URL.`,
    );
  }
  const [candidates, { sources, leftOut }] = await Promise.all([
    readCandidates(dataverse, signal),
    readMapSources(dataverse, map, signal),
  ]);
  return matchTables(dataverse, sources, candidates, leftOut, signal);
}

/** Which of the candidates the sources are. */
export async function matchTables(
  dataverse: Pick<InspectableDataverse, 'readTogether'>,
  sources: readonly MapSource[],
  candidates: readonly Candidate[],
  leftOut: readonly string[],
  signal: AbortSignal,
): Promise<DiscoveredTables> {
  const fits = await fitSources(dataverse, sources, candidates, signal);
  const chosen = chooseFits(fits);
  const told = sources.map((source) => tell(source, chosen.get(source), fits, chosen, candidates));
  const [proven, guessed]: [SourceTable[], SourceTable[]] = [[], []];
  const refused: string[] = [];
  for (const [source, fit] of chosen) {
    const table = sourceTableSchema.safeParse(toSourceTable(source, fit.candidate));
    if (table.success) (isProven(fit) ? proven : guessed).push(table.data);
    else refused.push(`${nameOf(source)} cannot stand in a set-up: ${z.prettifyError(table.error)}`);
  }
  return { proven, guessed, sources: told, leftOut: [...leftOut, ...refused] };
}

const nameOf = ({ dataSource, entity }: Pick<MapSource, 'dataSource' | 'entity'>): string =>
  `"${dataSource}" "${entity}"`;

const toSourceTable = ({ dataSource, entity }: MapSource, { table, primaryId }: Candidate): SourceTable => ({
  table,
  dataSource,
  entity,
  connector: 'dataverse',
  primaryKey: primaryId,
});

const shareOf = ({ source, found = 0 }: Fit): number => found / source.keys.length;

/** One source for each table and one table for each source: proven ones first, by share; then those of the table's name. */
function chooseFits(fits: readonly Fit[]): ReadonlyMap<MapSource, Fit> {
  // A name alone says something only of a table that nobody could look into.
  const usable = fits.filter((fit) => isProven(fit) || (fit.isNamed && fit.found === undefined));
  const rank = (a: Fit, b: Fit): number =>
    Number(isProven(b)) - Number(isProven(a)) ||
    shareOf(b) - shareOf(a) ||
    (b.found ?? 0) - (a.found ?? 0) ||
    Number(b.isNamed) - Number(a.isNamed) ||
    nameOf(a.source).localeCompare(nameOf(b.source));
  const chosen = new Map<MapSource, Fit>();
  const taken = new Set<string>();
  for (const fit of [...usable].sort(rank)) {
    if (chosen.has(fit.source) || taken.has(fit.candidate.table)) continue;
    chosen.set(fit.source, fit);
    taken.add(fit.candidate.table);
  }
  return chosen;
}

/** What there is to say of a source. */
function tell(
  source: MapSource,
  fit: Fit | undefined,
  fits: readonly Fit[],
  chosen: ReadonlyMap<MapSource, Fit>,
  candidates: readonly Candidate[],
): DiscoveredSource {
  const { dataSource, entity } = source;
  const skipped = (reason: string, table?: string): DiscoveredSource => ({
    ...{ dataSource, entity, certainty: 'skipped', reason },
    ...(table === undefined ? {} : { table }),
  });
  if (fit !== undefined) {
    const { table } = fit.candidate;
    if (isProven(fit)) return { dataSource, entity, table, certainty: 'certain', reason: sharesKeys(fit) };
    const reason = `The name is that of ${table}, whose rows the app may not read: whether the keys are there could not be looked up.`;
    return { dataSource, entity, table, certainty: 'guessed', reason };
  }
  if (idsOf(source).length === 0) {
    const [named] = namedLike(source, candidates);
    const hint =
      named === undefined
        ? ''
        : ` Its name is like that of ${named.table}: if it is that table, its primary key in unification must be ${named.primaryId}.`;
    return skipped(`Its keys are no ids of Dataverse rows, so it is another system's table.${hint}`);
  }
  const own = fits.filter((one) => one.source === source).sort((a, b) => shareOf(b) - shareOf(a));
  const beaten = own.find((one) => isProven(one) || (one.isNamed && one.found === undefined));
  if (beaten !== undefined) {
    const { table } = beaten.candidate;
    const other = [...chosen.values()].find(({ candidate }) => candidate.table === table);
    const why = other === undefined ? '' : ` ${nameOf(other.source)} fits ${table} better: ${sharesKeys(other)}`;
    return skipped(`${sharesKeys(beaten)} A table can be linked from one source only.${why}`, table);
  }
  const best = own.find(({ isNamed, found = 0 }) => isNamed || found > 0);
  return best === undefined
    ? skipped('No table of this environment has its name, and none of the usual ones has its keys.')
    : skipped(`${sharesKeys(best)} That is too few to take it for that table; add it by hand if it is.`);
}

const sharesKeys = ({ source, candidate, found }: Fit): string =>
  found === undefined
    ? `The name is that of ${candidate.table}, whose rows the app may not read.`
    : `${found} of ${source.keys.length} keys looked up are rows of ${candidate.table}.`;
