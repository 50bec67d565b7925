import type { Finding } from '../contracts/run.ts';
import type { SourceTable, UnificationSetup } from '../contracts/unification-setup.ts';
import type { PersonalDataverse } from '../dataverse/dataverse.ts';
import type { InsightTables } from '../insight/insight-tables.ts';
import type { PrivilegeCheck } from '../inspect/missing-privileges.ts';
import { checkSetup, checkTable } from '../linking/requirements.ts';
import { linkedTableOf } from '../linking/table-lookup.ts';

export interface RequirementParts {
  readonly dataverse: PersonalDataverse;
  readonly checkPrivileges: PrivilegeCheck;
  readonly options: { readonly setup: UnificationSetup; readonly dataverseUrl: string };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What was found of a table counts for so long, in milliseconds. */
const maxAgeMs = 60_000;

type Known = Map<string, { readonly at: number; readonly findings: Promise<readonly Finding[]> }>;
const known = new WeakMap<RequirementParts['options'], Known>();

/**
 * Every requirement that keeps a table from being linked, as a task that begins now would find it: a few requests, then
 * none for a minute.
 */
export function requirementsOf(
  parts: RequirementParts,
  source: SourceTable,
  tables: InsightTables,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const ofTables: Known = known.get(parts.options) ?? new Map();
  known.set(parts.options, ofTables);
  const before = ofTables.get(source.table);
  if (before !== undefined && parts.now() - before.at < maxAgeMs) return before.findings;
  const findings = check(parts, source, tables, signal);
  ofTables.set(source.table, { at: parts.now(), findings });
  // What failed is asked again by the next reader.
  findings.catch(() => ofTables.delete(source.table));
  return findings;
}

async function check(
  { dataverse, checkPrivileges, options }: RequirementParts,
  source: SourceTable,
  { profile, map }: InsightTables,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const name = source.table;
  const table = (await dataverse.readTables({ tables: [name], withColumns: [name] }, signal)).get(name);
  const { setup, dataverseUrl } = options;
  const ofSetup = checkSetup({ setup, source, dataverseUrl });
  const ofTable = checkTable({ source, table, profile, map, columns: table?.columns ?? new Map() });
  if (ofTable.length > 0 || table === undefined || map === undefined) return [...ofSetup, ...ofTable];
  const privileges = await checkPrivileges([linkedTableOf(table, map)], signal);
  return [...ofSetup, ...(privileges.get(name)?.findings ?? [])];
}
