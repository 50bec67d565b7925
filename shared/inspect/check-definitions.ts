import type { SourceTable } from '../contracts/unification-setup.ts';
import { linkColumn, profileTable } from '../customer-insights/names.ts';
import type { InspectableDataverse, Row } from '../dataverse/dataverse.ts';
import { tablesIn } from '../dataverse/metadata.ts';
import { isTerminalError } from '../errors.ts';
import { everyTablePath } from './candidates.ts';
import { findUnlisted } from './find-unlisted.ts';
import type { InspectParts } from './inspect-parts.ts';
import type { Check } from './report.ts';

const english = 1033;

const relationshipsPath =
  'RelationshipDefinitions/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata' +
  '?$select=ReferencingEntity,ReferencingAttribute' +
  `&$filter=${encodeURIComponent(`ReferencedEntity eq '${profileTable}'`)}`;

/**
 * What the organisation's definitions tell, in one request for all of them: tables that are not linked, or no longer, and
 * languages. Of what the app may not read there is nothing to say: linking does not need it.
 */
export async function checkDefinitions({ dataverse, options }: InspectParts, signal: AbortSignal): Promise<Check[]> {
  const paths = [relationshipsPath, everyTablePath, 'RetrieveProvisionedLanguages()'];
  const [relationships, tables, languages] = (
    await dataverse.readObjects(paths, "read the organisation's definitions", signal)
  ).map((answer) => (isTerminalError(answer) ? undefined : answer));
  const listed = options.setup.tables;
  return [
    ...(relationships === undefined ? [] : checkUnlisted(relationships, listed)),
    ...(languages === undefined ? [] : checkLanguage(languages)),
    ...(tables === undefined ? [] : await checkNamed(dataverse, tables, listed, signal)),
  ];
}

/** Tables whose links nobody keeps right any more. */
function checkUnlisted({ value }: Row, sources: readonly SourceTable[]): Check[] {
  const listed = new Set(sources.map(({ table }) => table));
  return ((value ?? []) as { ReferencingEntity?: unknown; ReferencingAttribute?: unknown }[])
    .filter(({ ReferencingAttribute }) => ReferencingAttribute === linkColumn)
    .map(({ ReferencingEntity }) => String(ReferencingEntity))
    .filter((table) => !listed.has(table))
    .map((table) => ({
      code: 'unlisted-table',
      level: 'note',
      subject: table,
      finding: `${table} has the lookup column ${linkColumn} and is not among the tables of BACKSTAMP_UNIFICATION: nobody keeps its links right.`,
      remedy: `Add ${table} to the set-up, as "backstamp discover" shows it; or delete the column, if its links are not wanted any more.`,
    }));
}

/** Tables that the map is about and nobody links. */
async function checkNamed(
  dataverse: InspectableDataverse,
  definitions: Row,
  listed: readonly SourceTable[],
  signal: AbortSignal,
): Promise<Check[]> {
  const found = await findUnlisted(dataverse, tablesIn(definitions), listed, signal).catch((error: unknown) => {
    if (isTerminalError(error)) return [];
    throw error;
  });
  return found.map(({ table, dataSource, entity }) => ({
    code: 'table-not-linked',
    level: 'warning',
    subject: table,
    finding: `The map names rows of ${table} (table "${entity}" of data source "${dataSource}"), and ${table} is not among the tables of BACKSTAMP_UNIFICATION: nobody links them. Customer Insights' own task would.`,
    remedy: `Add ${table} to the set-up, as "backstamp discover" shows it, and rehearse a run.`,
  }));
}

/** The column's label has a language of the organisation, which need not be English. */
function checkLanguage({ RetrieveProvisionedLanguages: found }: Row): Check[] {
  if (!Array.isArray(found) || found.length === 0 || found.map(Number).includes(english)) return [];
  return [
    {
      code: 'language',
      level: 'note',
      subject: 'organisation',
      finding: `English is no language of this organisation (it has ${found.join(', ')}): the column's label "Customer Profile" is made in its base language, in these English words.`,
      remedy: 'Translate the label of the column after the first run, if you like; its schema name must stay.',
    },
  ];
}
