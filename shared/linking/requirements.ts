import type { Finding } from '../contracts/run.ts';
import type { SourceTable, UnificationSetup } from '../contracts/unification-setup.ts';
import { checkLinkable, type UnlinkableCode } from '../customer-insights/linkable-table.ts';
import { linkColumn, mapTable, profileTable } from '../customer-insights/names.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';

/** First line of a skipped task's details, in the original's words. */
export const skippedText = 'Error: Linking of Dataverse tables to the CustomerProfile table is skipped.';
export const skippedOtherOrganisationText =
  'Error: The backstamping job is skipped. It only runs when unification setup contains tables that are ingested to Customer Insights from the same Dataverse organization that was configured or selected during instance creation.';

/** What may keep a table from being linked. */
export type RequirementCode =
  | 'other-environment'
  | 'connector'
  | 'business-environment'
  | 'own-data-lake'
  | 'no-customer-insights'
  | 'table-missing'
  | 'primary-key'
  | UnlinkableCode
  | 'column-in-the-way'
  | 'column-secured'
  | 'relationship-in-the-way'
  | 'column-refused'
  | 'not-in-unification'
  | 'privilege-missing'
  | 'privilege-depth'
  /** It could not be checked. */
  | 'unchecked';

/** A requirement that does not hold. */
export interface UnmetRequirement extends Finding {
  readonly code: RequirementCode;
}

/** What the set-up alone decides. */
interface SetupFacts {
  readonly setup: UnificationSetup;
  readonly source: SourceTable;
  readonly dataverseUrl: string;
}

/** What Dataverse's metadata adds. */
export interface TableFacts {
  readonly source: SourceTable;
  readonly table: TableMetadata | undefined;
  readonly profile: TableMetadata | undefined;
  readonly map: TableMetadata | undefined;
  /** Columns of the source table, by logical name. */
  readonly columns: ReadonlyMap<string, string>;
}

/** What a look into the map adds. */
export interface MapFacts {
  readonly source: SourceTable;
  /** Whether the map names any row of the source's data source and table. */
  readonly hasMapRows: boolean;
}

type Rule<Facts> = (facts: Facts) => UnmetRequirement | undefined;

const setupRules: readonly Rule<SetupFacts>[] = [
  ({ source, dataverseUrl }) =>
    source.environmentUrl !== undefined && new URL(source.environmentUrl).origin !== dataverseUrl
      ? {
          code: 'other-environment',
          finding: `${source.table} comes from ${new URL(source.environmentUrl).origin}, not from the linked environment ${dataverseUrl}.`,
          remedy: 'Ingest the table from the Dataverse environment that Customer Insights - Data is linked to.',
        }
      : undefined,
  ({ source }) =>
    source.connector === 'other'
      ? {
          code: 'connector',
          finding: `${source.table} is not ingested through a Dataverse connector.`,
          remedy: 'Ingest it with the Microsoft Dataverse connector, or the Power Query Dataverse connector.',
        }
      : undefined,
  ({ setup, source }) =>
    setup.environmentKind === 'business'
      ? {
          code: 'business-environment',
          finding: `The Customer Insights - Data environment of ${source.table} is for business accounts.`,
          remedy: 'Linking is available for environments of individual customers only.',
        }
      : undefined,
  ({ setup, source }) =>
    setup.output === 'ownDataLake'
      ? {
          code: 'own-data-lake',
          finding: `Customer Insights - Data writes its output, and so the profiles of ${source.table}, to a data lake of your own.`,
          remedy: 'Choose Dataverse as the output: profiles in a lake cannot be the target of a lookup.',
        }
      : undefined,
];

const tableRules: readonly Rule<TableFacts>[] = [
  ({ profile, map }) =>
    profile === undefined || map === undefined
      ? {
          code: 'no-customer-insights',
          finding: `The organisation has no table ${profile === undefined ? profileTable : mapTable}.`,
          remedy: 'Link Customer Insights - Data to this Dataverse environment and unify once; check DATAVERSE_URL.',
        }
      : undefined,
  ({ source, table }) =>
    table === undefined
      ? {
          code: 'table-missing',
          finding: `The organisation has no table ${source.table}.`,
          remedy: 'Give the logical name of the table as it is now; a source table must not be renamed.',
        }
      : undefined,
  ({ source, table }) =>
    table !== undefined && table.primaryId.toLowerCase() !== source.primaryKey.toLowerCase()
      ? {
          code: 'primary-key',
          finding: `Unification uses ${source.primaryKey} as primary key of ${source.table}; the table's own is ${table.primaryId}.`,
          remedy: `Choose ${table.primaryId} as primary key in the unification step "Describe customer data".`,
        }
      : undefined,
  ({ table }) => (table === undefined ? undefined : checkLinkable(table)),
  ({ source, table, columns }) => {
    if (table === undefined || !columns.has(linkColumn)) return undefined;
    if (table.lookups.some((lookup) => lookup.column === linkColumn && lookup.referencedTable === profileTable))
      return undefined;
    return {
      code: 'column-in-the-way',
      finding: `${source.table} has a column ${linkColumn} that is no lookup to ${profileTable}.`,
      remedy: 'Remove or rename that column; the link needs exactly this name.',
    };
  },
];

/** The requirement that fails where Dataverse refused to make the lookup column. */
export const refusedColumn = (table: string, { message }: Error): UnmetRequirement => ({
  code: 'column-refused',
  finding: `The lookup column ${linkColumn} could not be made on ${table}. ${message}`,
  remedy: 'Mend what Dataverse names, or make the column by hand: a lookup of exactly this name.',
});

const mapRules: readonly Rule<MapFacts>[] = [
  ({ source, hasMapRows }) =>
    hasMapRows
      ? undefined
      : {
          code: 'not-in-unification',
          finding: `The map names no row of table "${source.entity}" from data source "${source.dataSource}", which ${source.table} is said to be.`,
          remedy:
            'Check that the table takes part in unification and that one has completed, and that both names are those of Customer Insights - Data.',
        },
];

const failing = <Facts>(rules: readonly Rule<Facts>[], facts: Facts): UnmetRequirement[] =>
  rules.map((rule) => rule(facts)).filter((finding) => finding !== undefined);

/** Every requirement that the set-up fails for a table; empty where it qualifies as far as the set-up tells. */
export const checkSetup = (facts: SetupFacts): UnmetRequirement[] => failing(setupRules, facts);

/** Every requirement that the organisation's metadata fails for a table. */
export const checkTable = (facts: TableFacts): UnmetRequirement[] => failing(tableRules, facts);

/** Every requirement that the map fails for a table. */
export const checkMap = (facts: MapFacts): UnmetRequirement[] => failing(mapRules, facts);

/** The first line of a skipped task's details, in the original's words. */
export const skippedTextOf = (findings: readonly Finding[]): string =>
  findings.some(({ code }) => code === 'other-environment') ? skippedOtherOrganisationText : skippedText;
