import type { Check } from '../contracts/doctor-report.ts';
import { mapNamesTables } from '../customer-insights/map-names-table.ts';
import { linkColumn, mapTable, profileTable } from '../customer-insights/names.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import { isRetryableError, isTerminalError, isTimeout, messageOf } from '../errors.ts';
import type { LinkingParts } from './parts.ts';
import { checkMap, checkSetup, checkTable, type RequirementCode, type UnmetRequirement } from './requirements.ts';
import { linkedTableOf, takenRelationships } from './table-lookup.ts';

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
  const late = await checkLate(parts, metadata, signal);
  const checks: Check<LinkingCode>[] = [...(map === undefined ? [] : [checkFeed(map)]), ...late.checks];
  for (const source of sources) {
    const table = metadata.get(source.table);
    const facts = {
      source,
      table,
      profile: metadata.get(profileTable),
      map,
      columns: table?.columns ?? new Map<string, string>(),
    };
    const findings = [
      ...checkSetup({ setup: options.setup, source, dataverseUrl: options.dataverseUrl }),
      ...checkTable(facts),
      ...(late.findings.get(source.table) ?? []),
    ];
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
  metadata: ReadonlyMap<string, TableMetadata>,
  signal: AbortSignal,
): Promise<LateFindings> {
  const map = metadata.get(mapTable);
  if (map === undefined) return { findings: new Map(), checks: [], isPartial: false };
  const sources = options.setup.tables;
  const tables = sources.flatMap(({ table }) => metadata.get(table) ?? []);
  const [taken, rights, named] = await Promise.all([
    orWhyNot(takenRelationships(dataverse, tables, signal)),
    orWhyNot(
      checkPrivileges(
        tables.map((table) => linkedTableOf(table, map)),
        signal,
      ),
    ),
    orWhyNot(mapNamesTables(dataverse, map, sources, signal)),
  ]);
  const findings = new Map(
    sources.map((source): [string, UnmetRequirement[]] => {
      const relationship = isWhyNot(taken) ? undefined : taken.get(source.table);
      const hasMapRows = isWhyNot(named) || named.has(source.table);
      return [
        source.table,
        [
          ...(relationship === undefined ? [] : [relationship]),
          ...(isWhyNot(rights) ? [] : (rights.get(source.table)?.findings ?? [])),
          ...checkMap({ source, hasMapRows }),
        ],
      ];
    }),
  );
  return {
    findings,
    checks: [taken, rights, named].flatMap((one) => (isWhyNot(one) ? [one] : [])),
    isPartial: [taken, rights, named].some(isWhyNot),
  };
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
