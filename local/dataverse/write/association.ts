import type { RequestContext } from '../context.ts';
import { undeclaredProperty, unknownSegment } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import { roadOf } from '../query/navigation.ts';
import type { DataverseResponse } from '../request.ts';
import { noContent } from '../response.ts';
import { parseBody, readChange } from './payload.ts';
import { parseReference } from './reference.ts';
import { demandRowOf, parseRowKey } from './row-key.ts';
import { checkRow, updateRow } from './write-row.ts';

/**
 * `POST` (link) and `DELETE` (unlink) on a collection's `$ref`; who is unlinked stands in brackets behind the collection, or
 * in `$id`. Of a one-to-many relationship it is the other row that is written.
 */
export function writeAssociation(
  context: RequestContext,
  table: Table,
  keyText: string,
  { name, key }: { readonly name: string; readonly key: string | undefined },
): DataverseResponse {
  const { organisation, caller, method } = context;
  const road = roadOf(organisation, table, name);
  if (road?.kind !== 'collection') throw unknownSegment(name);
  caller.demand('Write', table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  const other = parseReference(context, otherRow(context, table, road.target, key)).id;
  const manyToMany = organisation.manyToMany.find(
    ({ schemaName, left, right }) => schemaName === name && (left === table.name || right === table.name),
  );
  const own = table.rows.ids[slot] as string;
  if (manyToMany) {
    const pair = manyToMany.left === table.name ? `${own}/${other}` : `${other}/${own}`;
    if (method === 'DELETE') manyToMany.pairs.delete(pair);
    else manyToMany.pairs.add(pair);
    return noContent();
  }
  const relationship = organisation.relationships.find(
    ({ referencedEntity, referencedNavigation }) => referencedEntity === table.name && referencedNavigation === name,
  );
  if (!relationship) throw unknownSegment(name);
  const { target } = road;
  const navigation = relationship.referencingNavigation;
  caller.demand('Write', target);
  const otherSlot = demandRowOf(context, target, parseRowKey(target, other));
  const bind = { [`${navigation}@odata.bind`]: `/${table.identity.entitySetName}(${own})` };
  const change = readChange(context, target, method === 'DELETE' ? { [navigation]: null } : bind, true);
  checkRow(context, target, otherSlot, 'Write');
  updateRow(context, target, otherSlot, change);
  context.stats.operations(1);
  return noContent();
}

function otherRow(context: RequestContext, table: Table, target: Table, key: string | undefined): string {
  const isUnlinked = context.method === 'DELETE';
  if (isUnlinked && key !== undefined) return `${target.identity.entitySetName}(${key})`;
  const { entitySetName } = table.identity;
  const text = isUnlinked ? context.options.values.get('$id') : parseBody(context, entitySetName)['@odata.id'];
  if (typeof text !== 'string') throw undeclaredProperty(entitySetName, '@odata.id');
  return text;
}
