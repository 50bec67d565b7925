import type { RequestContext } from '../context.ts';
import { unknownSegment } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import type { DataverseResponse } from '../request.ts';
import { json } from '../response.ts';
import { demandRowOf, parseRowKey } from '../write/row-key.ts';

/** How the service says that something is allowed with a secured column. */
const allowed = 4;

/** `GET {api}/systemusers(<id>)/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()`: secured columns a user may use. */
export function retrieveAttributePrivileges(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  if (table.name !== 'systemuser') throw unknownSegment('RetrievePrincipalAttributePrivileges');
  context.caller.demand('Read', table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  const user = context.users.byId(table.rows.ids[slot] as string);
  const AttributePrivileges = [...context.organisation.tables()].flatMap((one) =>
    [...one.columns.values()]
      .filter((column) => column.isSecured && user.mayUse(one, column))
      .map(({ metadataId }) => ({
        AttributeId: metadataId,
        ...{ CanCreate: allowed, CanRead: allowed, CanUpdate: allowed },
      })),
  );
  const type = 'Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivilegesResponse';
  return json({ '@odata.context': `${context.apiRoot}/$metadata#${type}`, AttributePrivileges });
}
