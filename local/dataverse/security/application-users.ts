import type { RequestContext } from '../context.ts';
import { badRequest, duplicateKey } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import type { DataverseResponse } from '../request.ts';
import { parseBody } from '../write/payload.ts';
import { postRow } from '../write/single-row.ts';

/** `POST {api}/systemusers`: a user of an application, who needs a business unit, and of whom there can be one only. */
export function postUser(context: RequestContext, table: Table): DataverseResponse {
  context.caller.demand('Create', table);
  const { applicationid, 'businessunitid@odata.bind': unit } = parseBody(context, table.identity.entitySetName);
  if (typeof unit !== 'string') throw badRequest('A user must belong to a business unit.', '0x80040203');
  if (typeof applicationid === 'string' && context.users.knowsApplication(applicationid.toLowerCase())) {
    throw duplicateKey();
  }
  const made = postRow(context, table);
  const id = /\(([^)]+)\)$/.exec(made.headers['OData-EntityId'] ?? '')?.[1] ?? '';
  const slot = table.rows.find(id);
  // Who is made may sign in at once, and is called by the application's id until somebody says otherwise.
  if (slot !== undefined) {
    table.columns.get('isdisabled')?.cells.set(slot, false);
    if (table.cell(slot, 'fullname') === null)
      table.columns.get('fullname')?.cells.set(slot, `# ${String(applicationid)}`);
  }
  return made;
}
