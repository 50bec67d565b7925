import { checkLinkable } from '../customer-insights/linkable-table.ts';
import type { DefinitionReader } from '../dataverse/dataverse.ts';
import { tablesIn } from '../dataverse/metadata.ts';
import type { Candidate } from './match-sources.ts';

/** Tables of the organisation by name, as much of each as tells whether it could be a source. */
export type Tables = ReturnType<typeof tablesIn>;

/** Where metadata tells of every table of the organisation that is not virtual. */
export const everyTablePath =
  'EntityDefinitions?$select=LogicalName,DisplayName,EntitySetName,PrimaryIdAttribute,TableType,OwnershipType' +
  `&$filter=${encodeURIComponent("TableType ne 'Virtual'")}`;

/** Every table of the organisation that could be a source. */
export const readCandidates = async (dataverse: DefinitionReader, signal: AbortSignal): Promise<Candidate[]> =>
  candidatesIn(tablesIn(await dataverse.readObject(everyTablePath, "read the organisation's tables", signal)));

/** Those of the tables that could be a source, by the rules that linking has. */
export const candidatesIn = (tables: Tables): Candidate[] =>
  [...tables.values()]
    .filter((table) => table.entitySetName !== '' && table.primaryId !== '' && checkLinkable(table) === undefined)
    .map(({ logicalName, displayName, entitySetName, primaryId }) => ({
      ...{ table: logicalName, displayName, entitySetName, primaryId },
    }));
