import type { Check } from '../contracts/doctor-report.ts';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { mapNamesTables } from '../customer-insights/map-names-table.ts';
import { linkColumn, mapTable, profileTable } from '../customer-insights/names.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import { isRetryableError, isTerminalError, isTimeout, messageOf } from '../errors.ts';
import type { LinkingParts } from './parts.ts';
import { checkMap, checkSetup, checkTable, type RequirementCode, type UnmetRequirement } from './requirements.ts';
import { sampleKeys } from './sample-keys.ts';
import { linkedTableOf, linkOf, takenRelationships } from './table-lookup.ts';

/** What the doctor may find of source tables and the map, good or bad. */
export type LinkingCode = RequirementCode | 'requirements' | 'map-virtual' | 'change-tracking' | 'change-tracking-off';

/**
 * Holds each source table against every requirement, as a task that begins does, and looks at how the map's changes can be
 * read.
 */
export async function checkTables(
  parts: Pick<LinkingParts, 'dataverse' | 'options' | 'checkPrivileges'>,
  signal: AbortSignal,
): Promise<Check<LinkingCode>[]> {
  const { dataverse, options } = parts;
  const sources = options.setup.tables;
  const names = sources.map(({ table }) => table);
  const metadata = await dataverse.readTables(
    { tables: [...names, profileTable, mapTable], withColumns: names },
    signal,
  );
  const map = metadata.get(mapTable);
  const early = new Map(
    sources.map((source): [string, UnmetRequirement[]] => {
      const table = metadata.get(source.table);
      const [profile, columns] = [metadata.get(profileTable), table?.columns ?? new Map<string, string>()];
      return [
        source.table,
        [
          ...checkSetup({ setup: options.setup, source, dataverseUrl: options.dataverseUrl }),
          ...checkTable({ source, table, profile, map, columns }),
        ],
      ];
    }),
  );
  const late = await checkLate(parts, { metadata, early }, signal);
  const checks: Check<LinkingCode>[] = [...(map === undefined ? [] : [checkFeed(map)]), ...late.checks];
  for (const source of sources) {
    const table = metadata.get(source.table);
    const findings = [...(early.get(source.table) ?? []), ...(late.findings.get(source.table) ?? [])];
    for (const { code, finding, remedy } of findings) {
      checks.push({ code, level: 'fault', subject: source.table, finding, remedy });
    }
    if (findings.length === 0 && !late.isPartial) {
      const column = table?.columns.has(linkColumn)
        ? 'its lookup column is there'
        : 'its lookup column will be made by the first run';
      checks.push({
        code: 'requirements',
        level: 'good',
        subject: source.table,
        finding: `${source.table} meets every requirement; ${column}.`,
      });
    }
  }
  return checks;
}

/** What takes more than definitions to tell. */
interface LateFindings {
  readonly findings: ReadonlyMap<string, readonly UnmetRequirement[]>;
  /** What is worth knowing of tables that are linked all the same. */
  readonly checks: readonly Check<LinkingCode>[];
  /** Some of it could not be asked. */
  readonly isPartial: boolean;
}

/** Asks the rest of all tables at once. What may not be asked is said, and keeps nothing else from being told. */
async function checkLate(
  { dataverse, options, checkPrivileges }: Pick<LinkingParts, 'dataverse' | 'options' | 'checkPrivileges'>,
  {
    metadata,
    early,
  }: {
    readonly metadata: ReadonlyMap<string, TableMetadata>;
    /** What set-up and definitions told, by table. */
    readonly early: ReadonlyMap<string, readonly UnmetRequirement[]>;
  },
  signal: AbortSignal,
): Promise<LateFindings> {
  const map = metadata.get(mapTable);
  if (map === undefined) return { findings: new Map(), checks: [], isPartial: false };
  const sources = options.setup.tables;
  const tables = sources.flatMap(({ table }) => metadata.get(table) ?? []);
  const [taken, rights] = await Promise.all([
    orWhyNot(takenRelationships(dataverse, tables, signal)),
    orWhyNot(
      checkPrivileges(
        tables.map((table) => linkedTableOf(table, map)),
        signal,
      ),
    ),
  ]);
  const known = new Map(
    sources.map(({ table }): [string, UnmetRequirement[]] => {
      const relationship = isWhyNot(taken) ? undefined : taken.get(table);
      const lacking = isWhyNot(rights) ? [] : (rights.get(table)?.findings ?? []);
      return [table, [...(relationship === undefined ? [] : [relationship]), ...lacking]];
    }),
  );
  // As a task that begins: keys are sampled where nothing else keeps a column from being made.
  const unseen = sources.flatMap((source) => {
    const table = metadata.get(source.table);
    const isOpen = (early.get(source.table) ?? []).length + (known.get(source.table) ?? []).length === 0;
    return table !== undefined && isOpen && linkOf(table) === undefined ? [{ source, table }] : [];
  });
  const inMap = await orWhyNot(lookIntoMap({ dataverse, map, sources, unseen }, signal));
  const findings = new Map(
    sources.map((source): [string, readonly UnmetRequirement[]] => {
      const ofMap = isWhyNot(inMap) ? [] : (inMap.get(source.table) ?? []);
      return [source.table, [...(known.get(source.table) ?? []), ...ofMap]];
    }),
  );
  return {
    findings,
    checks: [taken, rights, inMap].flatMap((one) => (isWhyNot(one) ? [one] : [])),
    isPartial: [taken, rights, inMap].some(isWhyNot),
  };
}

/** What the map's rows tell against tables, by table; whoever is met in a sample is not asked after once more. */
async function lookIntoMap(
  {
    dataverse,
    map,
    sources,
    unseen,
  }: Pick<LinkingParts, 'dataverse'> & {
    readonly map: TableMetadata;
    readonly sources: readonly SourceTable[];
    readonly unseen: readonly { readonly source: SourceTable; readonly table: TableMetadata }[];
  },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly UnmetRequirement[]>> {
  const samples = await sampleKeys(dataverse, map, unseen, signal);
  const unmet = sources.filter(({ table }) => samples.get(table)?.isNamed !== true);
  const named = await mapNamesTables(dataverse, map, unmet, signal);
  return new Map(
    sources.map((source) => {
      const { isNamed = false, elsewhere } = samples.get(source.table) ?? {};
      const ofMap = checkMap({ source, hasMapRows: isNamed || named.has(source.table) });
      return [source.table, elsewhere === undefined ? ofMap : [...ofMap, elsewhere]];
    }),
  );
}

/** A question that had no answer, as the doctor tells it. */
const orWhyNot = <T extends object>(asked: Promise<T>): Promise<T | Check<'unchecked'>> =>
  asked.catch((error: unknown) => {
    if (!isTerminalError(error) && !isRetryableError(error) && !isTimeout(error)) throw error;
    const remedy = 'Run the doctor again; "backstamp grant" gives the application user what it takes to ask.';
    const finding = `Not everything about the tables could be asked: ${messageOf(error)}`;
    return { code: 'unchecked', level: 'warning', subject: 'source tables', finding, remedy };
  });

const isWhyNot = (answer: object): answer is Check<'unchecked'> => 'code' in answer && answer.code === 'unchecked';

function checkFeed(map: TableMetadata): Check<LinkingCode> {
  const subject = mapTable;
  if (map.tableType === 'Virtual') {
    return {
      code: 'map-virtual',
      level: 'warning',
      subject,
      finding: 'The map is a virtual table: its changes cannot be told, so every run reads it whole.',
      remedy: 'Nothing to do: runs take longer and write no more than otherwise.',
    };
  }
  if (map.changeTracking) {
    return { code: 'change-tracking', level: 'good', subject, finding: 'The map tracks its changes.' };
  }
  return {
    code: 'change-tracking-off',
    level: 'warning',
    subject,
    finding: 'The map does not track its changes: removed rows are found only when every row is reconciled.',
    remedy: `Switch "Track changes" on in the properties of ${mapTable}, if your environment lets you.`,
  };
}
