import { randomUUID } from 'node:crypto';
import type { RowUpdate, TableMetadata } from './dataverse.ts';
import type { RowWriterOptions, WriteMode } from './row-writer.ts';
import type { Answer } from './sender.ts';
import { bypassHeaders, writeTargets, writeUpdates } from './update-payload.ts';

/** Sends the updates of some rows in one request; throws what the sender throws. */
export function writeRows(
  { sender, bypass, tag, telemetry }: RowWriterOptions,
  table: TableMetadata,
  {
    rows,
    mode,
    isSample,
  }: { readonly rows: readonly RowUpdate[]; readonly mode: WriteMode; readonly isSample?: boolean },
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { entitySetName, logicalName } = table;
  const headers = bypassHeaders(bypass);
  const query = tag ? `?tag=${encodeURIComponent(tag)}` : '';
  const common = {
    table: entitySetName,
    method: 'POST',
    what: `update ${entitySetName}`,
    rows: rows.length,
    isDecisive: isSample,
    signal,
  } as const;
  telemetry.record('backstamp.dataverse.batch_size', rows.length, { table: logicalName });
  if (mode === 'multiple') {
    return sender.send({
      ...common,
      kind: 'updateMultiple',
      path: `${entitySetName}/Microsoft.Dynamics.CRM.UpdateMultiple${query}`,
      headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
      body: writeTargets(table, rows),
    });
  }
  const boundary = `batch_${randomUUID()}`;
  return sender.send({
    ...common,
    kind: 'updateBatch',
    path: '$batch',
    headers: {
      'Content-Type': `multipart/mixed; boundary="${boundary}"`,
      Prefer: 'odata.continue-on-error',
      ...headers,
    },
    body: writeUpdates(table, rows, { boundary, headers, query }),
  });
}
