import { createTables, loadRows, putApplicationUser } from './control-plane.ts';
import type { Organisation } from './organisation.ts';
import type { SecondUnification } from './second-unification.ts';

/**
 * What an application user needs to link this organisation's rows, and no more: it reads what Customer Insights wrote,
 * reads and writes the source tables, may connect the two, reads definitions, adds the lookup column in its language, and sees what an update would fire and what it may do.
 */
export function linkingPrivileges({ tables, sourceTables }: Pick<Organisation, 'tables' | 'sourceTables'>): string[] {
  const isSource = new Set(sourceTables.map(({ table }) => table));
  return [
    ...tables.flatMap(({ logicalName, schemaName }) =>
      isSource.has(logicalName)
        ? [`prvRead${schemaName}`, `prvWrite${schemaName}`, `prvAppend${schemaName}`]
        : [`prvRead${schemaName}`],
    ),
    'prvAppendTomsdynci_customerprofile',
    ...['prvReadEntity', 'prvReadAttribute', 'prvReadRelationship', 'prvCreateAttribute', 'prvCreateRelationship'],
    ...['prvReadSdkMessage', 'prvReadSdkMessageFilter', 'prvReadSdkMessageProcessingStep'],
    ...['prvReadWorkflow', 'prvReadCallbackRegistration', 'prvReadUser', 'prvReadOrganization'],
  ];
}

export interface LoadRequest {
  readonly organisation: Organisation;
  /** Applications that shall be able to link it. */
  readonly clientIds: readonly string[];
  /** Called after each few thousand rows, with the rows of this table so far. */
  readonly onProgress?: (table: string, loaded: number) => void;
}

/**
 * Brings an organisation into the Dataverse stand-in over its control plane: tables, application users, rows.
 * @param url root of the stand-in.
 * @returns number of rows by table.
 */
export async function loadOrganisation(
  url: string,
  { organisation, clientIds, onProgress = () => {} }: LoadRequest,
): Promise<ReadonlyMap<string, number>> {
  await createTables(url, organisation.tables);
  for (const clientId of clientIds) await putApplicationUser(url, clientId, linkingPrivileges(organisation));
  const loaded = new Map<string, number>();
  for (const { logicalName } of organisation.tables) {
    const count = await loadRows(url, logicalName, organisation.rowsOf(logicalName), (soFar) =>
      onProgress(logicalName, soFar),
    );
    loaded.set(logicalName, count);
  }
  return loaded;
}

/** Applies a second unification's changes, table by table; returns the number of changed or deleted rows by table. */
export async function applySecondUnification(
  url: string,
  { changes }: Pick<SecondUnification, 'changes'>,
): Promise<ReadonlyMap<string, number>> {
  const applied = new Map<string, number>();
  for (const [table, rows] of changes) applied.set(table, await loadRows(url, table, rows));
  return applied;
}
