import type { SourceTable } from '../contracts/unification-setup.ts';
import { mapNamesTable } from '../customer-insights/map-names-table.ts';
import { linkColumn, mapTable, profileTable } from '../customer-insights/names.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import { checkMap, checkSetup, checkTable } from '../linking/requirements.ts';
import type { InspectParts } from './inspect-parts.ts';
import type { Check } from './report.ts';

/** A source table as far as the organisation has it. */
export interface CheckedTable {
  readonly source: SourceTable;
  readonly hasColumn: boolean;
  readonly exists: boolean;
}

const all = (tables: readonly SourceTable[]): string[] => tables.map(({ table }) => table);

/** Holds each source table against every requirement, and looks at how the map's changes can be read. */
export async function checkTables(
  parts: InspectParts,
  signal: AbortSignal,
): Promise<{ readonly tables: CheckedTable[]; readonly checks: Check[] }> {
  const { dataverse, options } = parts;
  const names = all(options.setup.tables);
  const metadata = await dataverse.readTables(
    { tables: [...names, profileTable, mapTable], withColumns: names },
    signal,
  );
  const map = metadata.get(mapTable);
  const checks: Check[] = map === undefined ? [] : [checkFeed(map)];
  const tables: CheckedTable[] = [];
  for (const source of options.setup.tables) {
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
      ...(map === undefined
        ? []
        : checkMap({ source, hasMapRows: await mapNamesTable(dataverse, map, source, signal) })),
    ];
    for (const { code, finding, remedy } of findings) {
      checks.push({ code, level: 'fault', subject: source.table, finding, remedy });
    }
    const hasColumn = table?.columns.has(linkColumn) ?? false;
    if (findings.length === 0) {
      const column = hasColumn ? 'its lookup column is there' : 'its lookup column will be made by the first run';
      checks.push({
        code: 'requirements',
        level: 'good',
        subject: source.table,
        finding: `${source.table} meets every requirement; ${column}.`,
      });
    }
    tables.push({ source, hasColumn, exists: table !== undefined });
  }
  return { tables, checks };
}

function checkFeed(map: TableMetadata): Check {
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
    finding: 'The map does not track its changes: removed rows are found only by the walk for orphans.',
    remedy: `Switch "Track changes" on in the properties of ${mapTable}, if your environment lets you.`,
  };
}
