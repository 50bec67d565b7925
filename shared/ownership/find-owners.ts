import type { Check } from '../contracts/doctor-report.ts';
import type { UnificationSetup } from '../contracts/unification-setup.ts';
import type { Row } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import { checkModernised, examineUnits } from '../inspect/check-business-units.ts';
import type { UnitsReader } from '../inspect/examine-teams.ts';
import type { CheckCode } from '../inspect/report.ts';
import type { OwnershipFinding } from './findings.ts';
import { createMapping, type OwnerMapping, type OwnerTeam } from './owner-mapping.ts';

type Separation = NonNullable<UnificationSetup['businessUnits']>;

/** The mapping, or everything that keeps it from being used. */
export type FoundMapping =
  | { readonly kind: 'found'; readonly mapping: OwnerMapping }
  | { readonly kind: 'faulty'; readonly findings: OwnershipFinding[] };

/** Finds the teams of the set-up and the root unit's in the environment, and checks that each is as it has to be. */
export async function findMapping(
  dataverse: UnitsReader,
  column: string,
  separation: Separation,
  signal: AbortSignal,
): Promise<FoundMapping> {
  try {
    const { organisation, examined } = await examineUnits(dataverse, separation, signal);
    const { checks, found } = examined;
    const faults = [...checkModernised(organisation), ...checks.filter(({ level }) => level === 'fault')];
    const root = await findRoot(dataverse, signal);
    const findings = [...faults.map(toFinding), ...(root === undefined ? [noRoot] : [])];
    if (findings.length > 0 || root === undefined) return { kind: 'faulty', findings };
    const owners = found.map(({ values = [], ...team }) => ({ ...team, values }));
    return { kind: 'found', mapping: createMapping(column, owners, root) };
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    return { kind: 'faulty', findings: [unitsUnknown(error.message)] };
  }
}

/** What a check found, as a task shows it. */
export const toFinding = ({ code, finding, remedy = '' }: Check<CheckCode>): OwnershipFinding => ({
  code,
  finding,
  remedy,
});

/** The unit without a parent, and the team that came with it. */
async function findRoot(dataverse: UnitsReader, signal: AbortSignal): Promise<OwnerTeam | undefined> {
  const first = async (request: {
    entitySetName: string;
    select: string[];
    filter: string;
  }): Promise<Row | undefined> => (await dataverse.readPage({ ...request, pageSize: 1 }, signal)).rows[0];
  const unit = await first({
    entitySetName: 'businessunits',
    select: ['businessunitid', 'name'],
    filter: '_parentbusinessunitid_value eq null',
  });
  if (unit === undefined) return undefined;
  const unitId = String(unit.businessunitid);
  const team = await first({
    entitySetName: 'teams',
    select: ['teamid', 'name'],
    filter: `isdefault eq true and _businessunitid_value eq ${unitId}`,
  });
  if (team === undefined) return undefined;
  return { businessUnit: String(unit.name), unitId, team: String(team.name), teamId: String(team.teamid) };
}

const noRoot: OwnershipFinding = {
  code: 'root-unit',
  finding: 'The root business unit and its default team, which own what no other team does, were not found.',
  remedy: 'Give the application user a role that reads business units and teams on organisation level.',
};

const unitsUnknown = (reason: string): OwnershipFinding => ({
  code: 'units-unknown',
  finding: `Business units and teams cannot be read: ${reason}`,
  remedy: 'Give the application user a role that reads business units, teams, roles and the organisation.',
});
