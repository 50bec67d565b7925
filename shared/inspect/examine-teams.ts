import type { Level } from '../contracts/doctor-report.ts';
import type { UnificationSetup } from '../contracts/unification-setup.ts';
import type { InspectableDataverse, Row } from '../dataverse/dataverse.ts';
import { isTerminalError, TerminalError } from '../errors.ts';
import { odataText } from '../odata-text.ts';
import type { Check, CheckCode } from './report.ts';

/** What checking business units takes. */
export type UnitsReader = Pick<InspectableDataverse, 'readPage' | 'readObjects' | 'readTogether'>;

type Separation = NonNullable<UnificationSetup['businessUnits']>;
type OwnerTeam = NonNullable<Separation['teams']>[number];

/** A role that a team must hold to own a unit's profiles, or for its people to work with them. */
interface RoleOfTeams {
  readonly name: string;
  /** Its id in the root unit, where that is the same in every environment. */
  readonly id?: string;
  readonly without: string;
}

const rolesOfTeams: readonly RoleOfTeams[] = [
  {
    name: 'Customer Insights Data Read Access',
    id: 'ff6139ec-3fd2-42a5-8b79-a7f401600d40',
    without: 'Customer Insights does not let the team be chosen',
  },
  {
    name: 'Marketing Professional (BU level)',
    without: "the unit's marketers do not reach its customers and segments",
  },
];

/** Teams that are asked for in one batch: its parts run one after another. */
const teamsPerBatch = 250;

/** An access team shares rows with its members; it owns none. */
const accessTeam = 1;

/** Enough for every business unit of an organisation. */
const mostUnits = 5000;

export const finding = (code: CheckCode, level: Level, subject: string, text: string, remedy?: string): Check => ({
  code,
  level,
  subject,
  finding: text,
  ...(remedy === undefined ? {} : { remedy }),
});

const sameName = (a: unknown, b: string): boolean => String(a).trim().toLowerCase() === b.trim().toLowerCase();

/** A team of the set-up as the environment has it. */
export interface FoundTeam extends OwnerTeam {
  readonly unitId: string;
  readonly teamId: string;
}

/** What there is to say of teams, and those that are as they have to be. */
export interface ExaminedTeams {
  readonly checks: Check[];
  readonly found: FoundTeam[];
}

/** Looks the teams up, in few requests however many there are, and says what is wrong with each. Those with a fault are not among the found. */
export async function examineTeams(
  dataverse: UnitsReader,
  teams: readonly OwnerTeam[],
  { isEnglish }: { readonly isEnglish: boolean },
  signal: AbortSignal,
): Promise<ExaminedTeams> {
  if (teams.length === 0) return { checks: [], found: [] };
  const request = {
    entitySetName: 'businessunits',
    select: ['businessunitid', 'name', 'isdisabled'],
    pageSize: mostUnits,
  };
  const { rows: units } = await dataverse.readPage(request, signal);
  const candidates = teams.map((mapped, at): Candidate => {
    const isSecond = teams.slice(0, at).some(({ businessUnit }) => sameName(businessUnit, mapped.businessUnit));
    return { mapped, isSecond, unit: units.find(({ name }) => sameName(name, mapped.businessUnit)) };
  });
  const rows = await findTeams(dataverse, candidates, signal);
  const roles = await readRoles(dataverse, [...rows.values()], signal);
  const checks: Check[] = [];
  const found: FoundTeam[] = [];
  for (const candidate of candidates) {
    const { mapped, unit } = candidate;
    const row = rows.get(candidate);
    const faults = faultsOf(candidate, units, row, roles.get(String(row?.teamid)) ?? [], isEnglish);
    checks.push(...faults);
    if (unit === undefined || row === undefined || faults.some(({ level }) => level === 'fault')) continue;
    found.push({ ...mapped, unitId: String(unit.businessunitid), teamId: String(row.teamid) });
    if (faults.length === 0) checks.push(finding('team', 'good', mapped.team, goodTeam(mapped)));
  }
  return { checks, found };
}

/** A team of the set-up with the unit that it is said to be of. */
interface Candidate {
  readonly mapped: OwnerTeam;
  /** Another team of the same unit stands before it. */
  readonly isSecond: boolean;
  readonly unit: Row | undefined;
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

/** Everything that is wrong with a team; empty where it is as it has to be. */
function faultsOf(
  { mapped, isSecond, unit }: Candidate,
  units: readonly Row[],
  row: Row | undefined,
  roles: readonly Row[],
  isEnglish: boolean,
): Check[] {
  const { businessUnit, team } = mapped;
  if (isSecond) return [secondTeam(mapped)];
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
  if (row === undefined) {
    const remedy = 'Create an owner team of that name in the unit, or correct the name.';
    const text = `Business unit ${businessUnit} has no team ${team}.`;
    return [...checks, finding('team-missing', 'fault', businessUnit, text, remedy)];
  }
  if (row.teamtype === accessTeam) {
    const remedy = 'Choose an owner team or a group team.';
    checks.push(finding('team-kind', 'fault', team, `${team} is an access team, which owns no rows.`, remedy));
  }
  for (const role of rolesOfTeams) {
    if (!roles.some((held) => isRole(held, role))) checks.push(lacksRole(team, role, isEnglish));
  }
  return checks;
}

/** A role by its id where that is known, which a copy in another unit names too; by its name otherwise. */
const isRole = (held: Row, { id, name }: RoleOfTeams): boolean =>
  (id !== undefined && [held.roleid, held._parentrootroleid_value].some((one) => sameName(one, id))) ||
  sameName(held.name, name);

function lacksRole(team: string, { name, id, without }: RoleOfTeams, isEnglish: boolean): Check {
  const remedy = `Give the team the security role ${name}, of its own business unit.`;
  if (isEnglish || id !== undefined) {
    return finding('team-role', 'fault', team, `${team} lacks the role ${name}: ${without}.`, remedy);
  }
  const text = `${team} has no role of the name ${name}; in the organisation's language it may have another. Without that role ${without}.`;
  return finding('team-role', 'note', team, text, remedy);
}

async function findTeams(
  dataverse: UnitsReader,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Candidate, Row>> {
  const wanted = candidates.filter(({ isSecond, unit }) => !isSecond && unit !== undefined);
  const found = new Map<Candidate, Row>();
  await inBatches(wanted, async (some) => {
    const reads = some.map(({ mapped: { team }, unit }) => ({
      entitySetName: 'teams',
      select: ['teamid', 'teamtype'],
      filter: `_businessunitid_value eq ${String(unit?.businessunitid)} and name eq ${odataText(team)}`,
      top: 1,
    }));
    for (const [at, answer] of (await dataverse.readTogether(reads, undefined, signal)).entries()) {
      const candidate = some[at];
      if (answer.kind === 'denied') throw new TerminalError('The application user may not read teams (prvReadTeam).');
      if (candidate !== undefined && answer.rows[0] !== undefined) found.set(candidate, answer.rows[0]);
    }
  });
  return found;
}

/** Roles of teams, by team. */
async function readRoles(
  dataverse: UnitsReader,
  teams: readonly Row[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const roles = new Map<string, readonly Row[]>();
  await inBatches(teams, async (some) => {
    const paths = some.map(
      ({ teamid }) => `teams(${String(teamid)})/teamroles_association?$select=roleid,name,_parentrootroleid_value`,
    );
    for (const [at, answer] of (await dataverse.readObjects(paths, 'read the roles of teams', signal)).entries()) {
      if (isTerminalError(answer)) throw answer;
      roles.set(String(some[at]?.teamid), (answer.value ?? []) as readonly Row[]);
    }
  });
  return roles;
}

async function inBatches<T>(all: readonly T[], work: (some: readonly T[]) => Promise<void>): Promise<void> {
  const batches: (readonly T[])[] = [];
  for (let at = 0; at < all.length; at += teamsPerBatch) batches.push(all.slice(at, at + teamsPerBatch));
  await Promise.all(batches.map(work));
}
