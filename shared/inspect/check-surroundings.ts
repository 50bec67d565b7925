import { isFinal } from '../contracts/is-final.ts';
import { linkColumn, linkValue, profileTable } from '../customer-insights/names.ts';
import { isTerminalError } from '../errors.ts';
import { checkDefinitions } from './check-definitions.ts';
import { checkDependents } from './check-dependents.ts';
import type { InspectParts } from './inspect-parts.ts';
import type { Check } from './report.ts';

/** A look at something that surrounds linking. */
interface Surrounding {
  /** In words that go before "could not be checked". */
  readonly what: string;
  readonly check: (parts: InspectParts, signal: AbortSignal) => Promise<Check[]>;
}

/** Of what the app may not read there is nothing to say: linking does not need it. */
const unlessRefused =
  (check: Surrounding['check']): Surrounding['check'] =>
  (parts, signal) =>
    check(parts, signal).catch((error: unknown) => {
      if (isTerminalError(error)) return [];
      throw error;
    });

/**
 * What surrounds linking and keeps no row from it: tables that nobody links, another program that writes the same
 * column, what stands in the way of the next Merge, what other applications wait for.
 */
export const surroundings: readonly Surrounding[] = [
  { what: 'Tables that are not linked, and the languages of the organisation', check: checkDefinitions },
  { what: 'Whether another program writes the links', check: unlessRefused(checkOtherWriter) },
  {
    what: 'What uses the columns of the profile',
    check: unlessRefused(({ dataverse }, signal) => checkDependents(dataverse, signal)),
  },
  { what: 'The partitions of profiles', check: unlessRefused(checkPartitions) },
  { what: 'What Customer Insights - Journeys waits for', check: unlessRefused(checkJourneys) },
];

/** Rows of so many days tell whether another program still writes. */
const recentDays = 30;

/** Customer Insights' own task, which writes the same column by its own rules: two writers undo each other's work. */
async function checkOtherWriter({ dataverse, options, now }: InspectParts, signal: AbortSignal): Promise<Check[]> {
  const users = await dataverse.readPage(
    {
      entitySetName: 'systemusers',
      select: ['systemuserid', 'fullname'],
      filter:
        "startswith(domainname,'insightsappsplatform') or fullname eq '# InsightsAppsPlatform' or fullname eq '#InsightsAppsPlatform'",
      pageSize: 5,
    },
    signal,
  );
  if (users.rows.length === 0) return [];
  const names = options.setup.tables.map(({ table }) => table);
  const linked = [...(await dataverse.readTables({ tables: names }, signal)).values()].filter(({ lookups }) =>
    lookups.some(({ column }) => column === linkColumn),
  );
  const by = users.rows.map(({ systemuserid }) => `_modifiedby_value eq ${String(systemuserid)}`).join(' or ');
  const since = new Date(now() - recentDays * 86_400_000).toISOString().replace(/\.\d+/, '');
  const answers = await dataverse.readTogether(
    linked.map(({ entitySetName, primaryId }) => ({
      ...{ entitySetName, select: [primaryId], top: 1 },
      filter: `${linkValue} ne null and modifiedon ge ${since} and (${by})`,
    })),
    undefined,
    signal,
  );
  const writer = String(users.rows[0]?.fullname ?? 'InsightsAppsPlatform');
  return linked.flatMap(({ logicalName }, at): Check[] => {
    const answer = answers[at];
    if (answer?.kind !== 'rows' || answer.rows.length === 0) return [];
    return [
      {
        code: 'other-writer',
        level: 'warning',
        subject: logicalName,
        finding: `${writer} changed linked rows of ${logicalName} in the last ${recentDays} days: Customer Insights' own task "CustomerId Backstamping Hydration" seems to write the same column.`,
        remedy:
          'Let one of the two write: leave the table out of the set-up, or see to it that it fails a requirement of the other. Until then both keep the links as unification has them, and each write shows in "Modified By".',
      },
    ];
  });
}

/** Profiles that are looked at for partition ids of their own. */
const sampleSize = 50;

/** A lookup to an elastic row works by its id alone only where the id is its partition too. */
async function checkPartitions({ dataverse }: InspectParts, signal: AbortSignal): Promise<Check[]> {
  const profile = (await dataverse.readTables({ tables: [profileTable], withColumns: [profileTable] }, signal)).get(
    profileTable,
  );
  if (profile?.tableType !== 'Elastic' || !profile.columns.has('partitionid')) return [];
  const { entitySetName, primaryId } = profile;
  const page = await dataverse.readPage(
    { entitySetName, select: [primaryId, 'partitionid'], pageSize: sampleSize },
    signal,
  );
  const odd = page.rows.filter((row) => row.partitionid !== null && row.partitionid !== row[primaryId]);
  if (odd.length === 0) return [];
  return [
    {
      code: 'elastic-partition',
      level: 'warning',
      subject: profileTable,
      finding: `${odd.length} of ${page.rows.length} profiles looked at have a partition id of their own: Dataverse shows no name for links to them, and may not find them by the link alone.`,
      remedy:
        'Look at a linked row in an app before the first run. Where its profile is not shown, read it by msdynci_customerid.',
    },
  ];
}

/** Runs that are looked at for the last one of contacts. */
const recentRuns = 10;

/** Customer Insights - Journeys offers segments on profiles where contacts were linked with success. */
async function checkJourneys({ runs, options }: InspectParts): Promise<Check[]> {
  const subject = 'Customer Insights - Journeys';
  if (!options.setup.tables.some(({ table }) => table === 'contact')) {
    return [
      {
        code: 'journeys',
        level: 'note',
        subject,
        finding: 'contact is not among the tables of BACKSTAMP_UNIFICATION.',
        remedy:
          'Journeys offers segments by profile attributes and measures only where contacts are linked to their profiles; add contact, if you want those.',
      },
    ];
  }
  const page = await runs.listRecent(recentRuns);
  const tasks = page.runs.flatMap((run) => run.tasks);
  const last = tasks.find(({ table, mode, status }) => table === 'contact' && mode !== 'rehearsal' && isFinal(status));
  if (last === undefined) return [];
  const isMet = last.status === 'Successful' || last.status === 'Completed with warnings';
  return [
    isMet
      ? {
          code: 'journeys',
          level: 'good',
          subject,
          finding: 'Contacts were linked with success, under the column name that Journeys looks for.',
        }
      : {
          code: 'journeys',
          level: 'note',
          subject,
          finding: `The last run on contact ended as ${last.status}.`,
          remedy:
            'Journeys offers segments by profile attributes and measures only where contacts were linked with success; see what the run says of contact.',
        },
  ];
}
