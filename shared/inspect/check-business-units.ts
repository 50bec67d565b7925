import type { Level } from '../contracts/doctor-report.ts';
import type { UnificationSetup } from '../contracts/unification-setup.ts';
import type { Dataverse, DefinitionReader, Row } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import type { KnownIdentity } from './identity.ts';
import { actForOthersPrivilege } from './least-privileges.ts';
import type { Check, CheckCode } from './report.ts';

/** What checking business units takes. */
export type UnitsReader = Dataverse & DefinitionReader;

type Separation = NonNullable<UnificationSetup['businessUnits']>;
type OwnerTeam = NonNullable<Separation['teams']>[number];

/** Roles that a team must hold to own a unit's profiles, and for its people to work with them. */
const rolesOfTeams = [
  { name: 'Customer Insights Data Read Access', without: 'Customer Insights does not let the team be chosen' },
  {
    name: 'Marketing Professional (BU level)',
    without: "the unit's marketers do not reach its customers and segments",
  },
] as const;

/** An access team shares rows with its members; it owns none. */
const accessTeam = 1;

/** Enough for every business unit of an organisation. */
const mostUnits = 5000;

const finding = (code: CheckCode, level: Level, subject: string, text: string, remedy?: string): Check => ({
  code,
  level,
  subject,
  finding: text,
  ...(remedy === undefined ? {} : { remedy }),
});

const sameName = (a: unknown, b: string): boolean => String(a).trim().toLowerCase() === b.trim().toLowerCase();

/**
 * Where business units are kept apart: whether each unit and its team are there and as Customer Insights needs them,
 * and whether the app can ask in a person's name.
 */
export async function checkBusinessUnits(
  dataverse: UnitsReader,
  separation: Separation,
  identities: readonly KnownIdentity[],
  signal: AbortSignal,
): Promise<Check[]> {
  const checks = identities.flatMap(checkActingForOthers);
  try {
    const { checks: ofTeams } = await examineTeams(dataverse, separation.teams ?? [], signal);
    checks.push(...(await checkModernised(dataverse, signal)), ...ofTeams);
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    const remedy =
      'Run "backstamp grant --business-units", or give the application user a role that reads business units, teams, roles and the organisation.';
    checks.push(finding('units-unknown', 'note', 'business units', `They cannot be checked: ${error.message}`, remedy));
  }
  return checks;
}

function checkActingForOthers({ name, privileges }: KnownIdentity): Check[] {
  if (privileges === undefined || privileges.has(actForOthersPrivilege.toLowerCase())) return [];
  return [
    finding(
      'act-for-others',
      'warning',
      name,
      `${name} lacks ${actForOthersPrivilege}: the profile behind a row cannot be shown to anybody.`,
      'Run "backstamp grant --business-units", or give the application user the role Delegate, directly and not through a team.',
    ),
  ];
}

/** Rows that may be owned across units: Customer Insights does not support its separation there. */
export async function checkModernised(dataverse: UnitsReader, signal: AbortSignal): Promise<Check[]> {
  const request = { entitySetName: 'organizations', select: ['orgdborgsettings'], pageSize: 1 };
  const { rows } = await dataverse.readPage(request, signal);
  const settings = String(rows[0]?.orgdborgsettings ?? '');
  if (!/<EnableOwnershipAcrossBusinessUnits>\s*true\s*</i.test(settings)) return [];
  return [
    finding(
      'modernised-units',
      'warning',
      'business units',
      'Record ownership across business units is on; Customer Insights does not support its separation with it.',
      'Switch it off in the environment (Settings > Product > Features), or do without the separation.',
    ),
  ];
}

/** A team of the set-up as the environment has it. */
export interface FoundTeam extends OwnerTeam {
  readonly unitId: string;
  readonly teamId: string;
}

/** Looks each team up, and says what is wrong with it. Those with a fault are not among the found. */
export async function examineTeams(
  dataverse: UnitsReader,
  teams: readonly OwnerTeam[],
  signal: AbortSignal,
): Promise<{ readonly checks: Check[]; readonly found: FoundTeam[] }> {
  const checks: Check[] = [];
  const found: FoundTeam[] = [];
  if (teams.length === 0) return { checks, found };
  const request = {
    entitySetName: 'businessunits',
    select: ['businessunitid', 'name', 'isdisabled'],
    pageSize: mostUnits,
  };
  const { rows: units } = await dataverse.readPage(request, signal);
  for (const [at, mapped] of teams.entries()) {
    const isSecond = teams.slice(0, at).some(({ businessUnit }) => sameName(businessUnit, mapped.businessUnit));
    const answer = isSecond ? [secondTeam(mapped)] : await checkTeam(dataverse, mapped, units, signal);
    if (Array.isArray(answer)) checks.push(...answer);
    else {
      found.push(answer);
      checks.push(finding('team', 'good', mapped.team, goodTeam(mapped)));
    }
  }
  return { checks, found };
}

const goodTeam = ({ businessUnit, team }: OwnerTeam): string =>
  `${team} of ${businessUnit} has the roles that it needs.`;

const secondTeam = ({ businessUnit, team }: OwnerTeam): Check =>
  finding(
    'one-team-per-unit',
    'fault',
    businessUnit,
    `${team} is a second team of business unit ${businessUnit}; Customer Insights maps one team per unit.`,
    'Name one team for each business unit, in Customer Insights and in the set-up.',
  );

/** The team as it was found, or what is wrong with it. */
async function checkTeam(
  dataverse: UnitsReader,
  mapped: OwnerTeam,
  units: readonly Row[],
  signal: AbortSignal,
): Promise<FoundTeam | Check[]> {
  const { businessUnit, team } = mapped;
  const unit = units.find(({ name }) => sameName(name, businessUnit));
  if (unit === undefined) {
    const names = units
      .map(({ name }) => String(name))
      .sort()
      .slice(0, 20);
    return [
      finding(
        'unit-missing',
        'fault',
        businessUnit,
        `The environment has no business unit ${businessUnit}; it has ${names.join(', ')}.`,
        'Create it in the environment that Customer Insights is linked to, or correct the name.',
      ),
    ];
  }
  const checks: Check[] = [];
  if (unit.isdisabled === true) {
    const remedy = 'Enable it, or map its customers to another unit.';
    checks.push(finding('unit-disabled', 'fault', businessUnit, `Business unit ${businessUnit} is disabled.`, remedy));
  }
  const found = await findTeam(dataverse, String(unit.businessunitid), team, signal);
  if (found === undefined) {
    const remedy = 'Create an owner team of that name in the unit, or correct the name.';
    return [
      ...checks,
      finding('team-missing', 'fault', businessUnit, `Business unit ${businessUnit} has no team ${team}.`, remedy),
    ];
  }
  if (found.teamtype === accessTeam) {
    const remedy = 'Choose an owner team or a group team.';
    checks.push(finding('team-kind', 'fault', team, `${team} is an access team, which owns no rows.`, remedy));
  }
  const held = await rolesOf(dataverse, String(found.teamid), signal);
  for (const { name, without } of rolesOfTeams) {
    if (held.some((role) => sameName(role, name))) continue;
    const remedy = `Give the team the security role ${name}, of its own business unit.`;
    checks.push(finding('team-role', 'fault', team, `${team} lacks the role ${name}: ${without}.`, remedy));
  }
  if (checks.length > 0) return checks;
  return { ...mapped, unitId: String(unit.businessunitid), teamId: String(found.teamid) };
}

async function findTeam(
  dataverse: UnitsReader,
  unitId: string,
  team: string,
  signal: AbortSignal,
): Promise<Row | undefined> {
  const request = {
    entitySetName: 'teams',
    select: ['teamid', 'teamtype'],
    filter: `_businessunitid_value eq ${unitId} and name eq '${team.replaceAll("'", "''")}'`,
    pageSize: 1,
  };
  return (await dataverse.readPage(request, signal)).rows[0];
}

async function rolesOf(dataverse: UnitsReader, teamId: string, signal: AbortSignal): Promise<string[]> {
  const path = `teams(${teamId})/teamroles_association?$select=name`;
  const { value } = await dataverse.readObject(path, 'read the roles of a team', signal);
  return ((value ?? []) as readonly { readonly name?: unknown }[]).map(({ name }) => String(name));
}
