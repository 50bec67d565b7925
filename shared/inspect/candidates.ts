import { checkLinkable } from '../customer-insights/linkable-table.ts';
import type { DefinitionReader } from '../dataverse/dataverse.ts';
import { tablesIn } from '../dataverse/metadata.ts';
import type { Candidate } from './match-sources.ts';

/** Every table of the organisation that could be a source, by the rules that linking has. */
export async function readCandidates(dataverse: DefinitionReader, signal: AbortSignal): Promise<Candidate[]> {
  const path =
    'EntityDefinitions?$select=LogicalName,DisplayName,EntitySetName,PrimaryIdAttribute,TableType,OwnershipType' +
    `&$filter=${encodeURIComponent("TableType ne 'Virtual'")}`;
  const answer = await dataverse.readObject(path, "read the organisation's tables", signal);
  return [...tablesIn(answer).values()]
    .filter((table) => table.entitySetName !== '' && table.primaryId !== '' && checkLinkable(table) === undefined)
    .map(({ logicalName, displayName, entitySetName, primaryId }) => ({
      ...{ table: logicalName, displayName, entitySetName, primaryId },
    }));
}
