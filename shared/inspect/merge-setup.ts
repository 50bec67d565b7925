import type { DiscoveredSource, SetupChange } from '../contracts/discovery.ts';
import type { SourceTable, UnificationSetup } from '../contracts/unification-setup.ts';

const isSame = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
const isSource = (
  { dataSource, entity }: Pick<SourceTable, 'dataSource' | 'entity'>,
  other: Pick<SourceTable, 'dataSource' | 'entity'>,
): boolean => isSame(dataSource, other.dataSource) && isSame(entity, other.entity);

/** The same source by the same primary key. */
const isWhole = (one: SourceTable, other: SourceTable): boolean =>
  isSource(one, other) && isSame(one.primaryKey, other.primaryKey);

/** What was found of a table, and whether its rows prove it. */
const foundOf = (table: string, sources: readonly DiscoveredSource[]): DiscoveredSource | undefined =>
  sources.find((source) => source.table === table && source.certainty !== 'skipped');

/**
 * The set-up that runs with what was discovered. A table's source gives way only to one that is proven; everything that
 * no map tells stays as it was set up.
 */
export function mergeSetup(
  running: UnificationSetup,
  discovered: readonly SourceTable[],
  sources: readonly DiscoveredSource[],
): UnificationSetup {
  const kept = running.tables.map((source) => {
    const better = discovered.find(({ table }) => table === source.table);
    const isProven = foundOf(source.table, sources)?.certainty === 'certain';
    if (better === undefined || !isProven || isWhole(better, source)) return source;
    return { ...source, dataSource: better.dataSource, entity: better.entity, primaryKey: better.primaryKey };
  });
  const added = discovered.filter(({ table }) => !running.tables.some((source) => source.table === table));
  return { ...running, tables: [...kept, ...added] };
}

/** What would become of the set-up that runs, table by table. */
export function changesOf(
  running: UnificationSetup,
  proposed: UnificationSetup,
  sources: readonly DiscoveredSource[],
): SetupChange[] {
  return proposed.tables.flatMap((source): SetupChange[] => {
    const { table } = source;
    const before = running.tables.find((one) => one.table === table);
    const reason = foundOf(table, sources)?.reason ?? '';
    const name = ({ dataSource, entity }: SourceTable): string => `table "${entity}" of data source "${dataSource}"`;
    if (before === undefined) return [{ table, kind: 'added', finding: `It is ${name(source)}. ${reason}`.trim() }];
    if (!isWhole(before, source)) {
      const what = isSource(before, source)
        ? `Its primary key is ${source.primaryKey}, not ${before.primaryKey}.`
        : `It is ${name(source)} now, no longer ${name(before)}.`;
      return [{ table, kind: 'changed', finding: `${what} ${reason}`.trim() }];
    }
    const isProven = sources.some((one) => one.table === table && one.certainty === 'certain' && isSource(one, source));
    if (isProven) return [];
    return [
      { table, kind: 'kept', finding: `The map does not prove that it is ${name(source)}; it stays as it is set up.` },
    ];
  });
}
