import type { RowUpdate, TableMetadata } from './dataverse.ts';
import { type BatchPart, writeBatch } from './multipart.ts';
import { partitionColumn, rowKey } from './row-key.ts';
import { apiPath } from './transport.ts';

/** Which of an organisation's own custom logic a write skips. */
export interface Bypass {
  readonly customLogic: 'none' | 'sync' | 'async' | 'all';
  /** Power Automate flows: true keeps them from being triggered. */
  readonly flows: boolean;
}

const customLogicHeader = { none: undefined, sync: 'CustomSync', async: 'CustomAsync', all: 'CustomSync,CustomAsync' };

/** Headers that carry the bypass; none where nothing is to be skipped. */
export function bypassHeaders({ customLogic, flows }: Bypass): Readonly<Record<string, string>> {
  const logic = customLogicHeader[customLogic];
  return {
    ...(logic ? { 'MSCRM.BypassBusinessLogicExecution': logic } : {}),
    ...(flows ? { 'MSCRM.SuppressCallbackRegistrationExpanderJob': 'true' } : {}),
  };
}

/** Body of UpdateMultiple: each target names its type and primary id, and holds only what changes. */
export function writeTargets(table: TableMetadata, rows: readonly RowUpdate[]): string {
  const type = `Microsoft.Dynamics.CRM.${table.logicalName}`;
  const targets = rows.map(({ id, partition, values }) => ({
    '@odata.type': type,
    [table.primaryId]: id,
    ...(partition === undefined ? {} : { [partitionColumn]: partition }),
    ...values,
  }));
  return JSON.stringify({ Targets: targets });
}

/** Body of a `$batch` of single updates; `If-Match: *` keeps each from creating a row that is gone. */
export function writeUpdates(
  table: TableMetadata,
  rows: readonly RowUpdate[],
  options: { readonly boundary: string; readonly headers: Readonly<Record<string, string>>; readonly query: string },
): string {
  const headers = { 'Content-Type': 'application/json; type=entry', 'If-Match': '*', ...options.headers };
  const parts = rows.map(
    ({ id, partition, values }): BatchPart => ({
      method: 'PATCH',
      path: `${apiPath}/${table.entitySetName}(${encodeURIComponent(rowKey(table.primaryId, id, partition))})${options.query}`,
      headers,
      body: JSON.stringify(values),
    }),
  );
  return writeBatch(options.boundary, parts);
}
