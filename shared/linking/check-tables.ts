import type { Check } from '../contracts/doctor-report.ts';
import { mapNamesTable } from '../customer-insights/map-names-table.ts';
import { linkColumn, mapTable, profileTable } from '../customer-insights/names.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import type { LinkingParts } from './parts.ts';
import { checkMap, checkSetup, checkTable, type RequirementCode } from './requirements.ts';

/** What the doctor may find of source tables and the map, good or bad. */
export type LinkingCode = RequirementCode | 'requirements' | 'map-virtual' | 'change-tracking' | 'change-tracking-off';

/** Holds each source table against every requirement, and looks at how the map's changes can be read. */
export async function checkTables(
  { dataverse, options }: Pick<LinkingParts, 'dataverse' | 'options'>,
  signal: AbortSignal,
): Promise<Check<LinkingCode>[]> {
  const names = options.setup.tables.map(({ table }) => table);
  const metadata = await dataverse.readTables(
    { tables: [...names, profileTable, mapTable], withColumns: names },
    signal,
  );
  const map = metadata.get(mapTable);
  const checks: Check<LinkingCode>[] = map === undefined ? [] : [checkFeed(map)];
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
    if (findings.length === 0) {
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
    finding: 'The map does not track its changes: removed rows are found only by the walk for orphans.',
    remedy: `Switch "Track changes" on in the properties of ${mapTable}, if your environment lets you.`,
  };
}
