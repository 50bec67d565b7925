import type { UnificationSetup } from '../contracts/unification-setup.ts';
import { isTerminalError } from '../errors.ts';
import { type ExaminedTeams, examineTeams, finding, type UnitsReader } from './examine-teams.ts';
import type { KnownIdentity } from './identity.ts';
import { actForOthersPrivilege } from './least-privileges.ts';
import type { Check } from './report.ts';

type Separation = NonNullable<UnificationSetup['businessUnits']>;

/** Roles have the names that the organisation's language gives them; those known here are English. */
const english = 1033;

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
  const checks = checkActingForOthers(identities);
  try {
    const { organisation, examined } = await examineUnits(dataverse, separation, signal);
    checks.push(...checkModernised(organisation), ...examined.checks);
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    const remedy =
      'Run "backstamp grant --business-units", or give the application user a role that reads business units, teams, roles and the organisation.';
    checks.push(finding('units-unknown', 'note', 'business units', `They cannot be checked: ${error.message}`, remedy));
  }
  return checks;
}

/** What one look has found, by its signal: the checks of units and those of owners ask the same. */
const looks = new WeakMap<AbortSignal, ReturnType<typeof lookAtUnits>>();

/** The organisation and the teams of a set-up; read once for all who ask with the same signal. */
export function examineUnits(
  dataverse: UnitsReader,
  separation: Separation,
  signal: AbortSignal,
): ReturnType<typeof lookAtUnits> {
  const known = looks.get(signal);
  if (known !== undefined) return known;
  const look = lookAtUnits(dataverse, separation, signal);
  looks.set(signal, look);
  return look;
}

async function lookAtUnits(
  dataverse: UnitsReader,
  { teams = [] }: Separation,
  signal: AbortSignal,
): Promise<{ readonly organisation: OrganisationRow; readonly examined: ExaminedTeams }> {
  const organisation = await readOrganisation(dataverse, signal);
  return { organisation, examined: await examineTeams(dataverse, teams, organisation, signal) };
}

/** One identity that may is enough: the others leave it to that one. */
function checkActingForOthers(identities: readonly KnownIdentity[]): Check[] {
  const lacking = identities.filter(({ privileges }) => privileges?.has(actForOthersPrivilege.toLowerCase()) === false);
  if (lacking.length < identities.length) return [];
  return lacking.map(({ name }) =>
    finding(
      'act-for-others',
      'warning',
      name,
      `${name} lacks ${actForOthersPrivilege}: the profile behind a row cannot be shown to anybody.`,
      'Run "backstamp grant --business-units", or give the application user the role Delegate, directly and not through a team.',
    ),
  );
}

/** The organisation's own row, as far as it matters here. */
export interface OrganisationRow {
  readonly settings: string;
  readonly isEnglish: boolean;
}

async function readOrganisation(
  dataverse: Pick<UnitsReader, 'readPage'>,
  signal: AbortSignal,
): Promise<OrganisationRow> {
  const request = { entitySetName: 'organizations', select: ['orgdborgsettings', 'languagecode'], pageSize: 1 };
  const [row] = (await dataverse.readPage(request, signal)).rows;
  const language = row?.languagecode ?? english;
  return { settings: String(row?.orgdborgsettings ?? ''), isEnglish: Number(language) === english };
}

/** Rows that may be owned across units: Customer Insights does not support its separation there. */
export function checkModernised({ settings }: OrganisationRow): Check[] {
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
