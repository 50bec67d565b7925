import type { Check, Level } from '../contracts/doctor-report.ts';
import { ownedTables } from '../contracts/unification-setup.ts';
import { profileTable } from '../customer-insights/names.ts';
import { privilegeNames } from '../inspect/needed-privileges.ts';
import { checkOwnedTable } from './check-owned-table.ts';
import { checkTeams, readTeamRights } from './check-rights.ts';
import { consentFinding, type MissingConsent, missingConsent } from './consent.ts';
import { findMapping } from './find-owners.ts';
import type { OwnershipFinding } from './findings.ts';
import type { OwnershipParts } from './parts.ts';

/**
 * What the doctor says of owners, where the app sees to them: everything that would make their tasks skipped. Units and
 * teams themselves, and the privileges of the app, it has checked before.
 */
export async function checkOwnership(parts: OwnershipParts, signal: AbortSignal): Promise<Check[]> {
  const { dataverse, options } = parts;
  const { businessUnits } = options.setup;
  if (businessUnits?.ownership === undefined) return [];
  const { column } = businessUnits.ownership;
  const metadata = await dataverse.readTables({ tables: ownedTables, withColumns: ownedTables }, signal);
  const teams = await findMapping(dataverse, column, businessUnits, signal);
  const names = await privilegeNames(dataverse, ownedTables, signal);
  const rights = teams.kind === 'found' ? await readTeamRights(dataverse, teams.mapping, signal) : new Map();
  const checks: Check[] = [];
  const qualified: string[] = [];
  for (const name of ownedTables) {
    const table = metadata.get(name);
    const findings = checkOwnedTable(name, table, metadata.get(profileTable), column);
    const level = table === undefined && name !== profileTable ? 'note' : 'fault';
    checks.push(...findings.map((finding) => toCheck(finding, level, name)));
    if (table === undefined || findings.length > 0 || teams.kind !== 'found') continue;
    qualified.push(name);
    const ofTeams = checkTeams(names, name, teams.mapping, rights);
    checks.push(...ofTeams.map((finding) => toCheck(finding, 'fault', name)));
  }
  if (teams.kind === 'faulty') {
    const ofRoot = teams.findings.filter(({ code }) => code === 'root-unit');
    return [...checks, ...ofRoot.map((finding) => toCheck(finding, 'fault', 'business units'))];
  }
  const missing = new Map<MissingConsent, string[]>();
  for (const table of qualified) {
    const code = await missingConsent(parts, { mapping: teams.mapping.fingerprint, table }, undefined);
    if (code !== undefined) missing.set(code, [...(missing.get(code) ?? []), table]);
  }
  if (missing.size > 0) {
    const findings = [...missing].map(([code, tables]) => consentFinding(code, tables));
    return [...checks, ...findings.map((finding) => toCheck(finding, 'note', 'owners'))];
  }
  const finding = 'This mapping of values to teams was rehearsed and confirmed: every run sees to the owners.';
  return [...checks, { code: 'owners', level: 'good', subject: 'owners', finding }];
}

const toCheck = ({ code, finding, remedy }: OwnershipFinding, level: Level, subject: string): Check => ({
  code,
  level,
  subject,
  finding,
  remedy,
});
