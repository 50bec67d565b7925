import type { RequestContext } from '../context.ts';
import { badRequest, DataverseError, noSuchResource, unknownSegment, unreadablePath } from '../errors.ts';
import type { Segment } from '../path.ts';
import { type Definition, type Definitions, queryDefinitions, showDefinition } from '../query/metadata-query.ts';
import type { DataverseResponse } from '../request.ts';
import { json, noContent } from '../response.ts';
import { parseGuid } from '../store/guid.ts';
import { isObject, parseBody } from '../write/payload.ts';
import { beginCustomization, createRelationship, deleteRelationship, demandLanguages } from './create-relationship.ts';
import { manyToManyDefinition, relationshipDefinitions, tableDefinition } from './definitions.ts';
import type { Table } from './table.ts';

/** Definitions are shown to those who have all three. */
const reading = ['prvReadEntity', 'prvReadAttribute', 'prvReadRelationship'];
const CAST = 'Microsoft.Dynamics.CRM.';

/** `{api}/EntityDefinitions…`: tables, and the collections below one. */
export function entityDefinitions(context: RequestContext, segments: readonly Segment[]): DataverseResponse {
  const [head, ...rest] = segments as [Segment, ...Segment[]];
  if (context.method === 'GET') for (const privilege of reading) context.caller.demandPrivilege(privilege);
  if (head.key === undefined) {
    if (context.method !== 'GET' || rest.length > 0) throw noSuchResource(context.url);
    const all = [...context.organisation.tables()].map((table) => tableDefinition(context, table));
    return collection(context, all, 'EntityMetadata', 'EntityDefinitions');
  }
  const table = tableOfKey(context, head.key);
  if (context.method === 'PUT' && rest.length === 0) return putTable(context, table);
  if (context.method !== 'GET') throw noSuchResource(context.url);
  return below(context, tableDefinition(context, table), 'EntityMetadata', rest, 'EntityDefinitions');
}

/** `{api}/RelationshipDefinitions…`. */
export function relationshipRoutes(context: RequestContext, segments: readonly Segment[]): DataverseResponse {
  const [head, ...rest] = segments as [Segment, ...Segment[]];
  const { organisation, method } = context;
  if (method === 'GET') for (const privilege of reading) context.caller.demandPrivilege(privilege);
  if (head.key === undefined && method === 'POST') return createRelationship(context);
  const oneToMany = relationshipDefinitions(context, organisation.relationships);
  const cast = rest.find(({ name }) => name.startsWith(CAST))?.name.slice(CAST.length);
  const all: Definitions = [
    ...(cast === 'ManyToManyRelationshipMetadata' ? [] : oneToMany),
    ...(cast === 'OneToManyRelationshipMetadata' ? [] : organisation.manyToMany.map(manyToManyDefinition)),
  ];
  if (head.key === undefined) {
    if (method !== 'GET') throw noSuchResource(context.url);
    return collection(context, all, cast ?? 'RelationshipMetadataBase', 'RelationshipDefinitions');
  }
  const definition = byKey(all, head.key);
  if (!definition) throw new DataverseError(404, '0x80040217', `Could not find a relationship with key ${head.key}.`);
  if (method === 'GET')
    return below(context, definition, cast ?? 'RelationshipMetadataBase', [], 'RelationshipDefinitions');
  const relationship = organisation.relationships.find(({ metadataId }) => metadataId === definition.MetadataId);
  if (method !== 'DELETE' || !relationship) throw noSuchResource(context.url);
  return deleteRelationship(context, relationship);
}

function putTable(context: RequestContext, table: Table): DataverseResponse {
  beginCustomization(context, ['prvWriteEntity']);
  const definition = parseBody(context, 'EntityDefinitions');
  demandLanguages(context, definition);
  if (!isObject(definition.DisplayName) || definition.LogicalName !== table.name) {
    throw badRequest('PUT takes the whole definition of the table.', '0x80040203');
  }
  if (definition.ChangeTrackingEnabled === false && table.changeTracking) {
    throw badRequest(`Change tracking of '${table.name}' cannot be switched off.`, '0x80040203');
  }
  if (definition.ChangeTrackingEnabled === true) {
    table.changeTracking = true;
    context.organisation.touchDefinition(table);
  }
  return noContent({ 'OData-EntityId': `${context.apiRoot}/EntityDefinitions(${table.identity.metadataId})` });
}

/** Follows the segments below a definition: a collection, one member of it, or a plain property. */
function below(
  context: RequestContext,
  definition: Definition,
  type: string,
  segments: readonly Segment[],
  root: string,
): DataverseResponse {
  const [next, ...rest] = segments.filter(({ name }) => !name.startsWith(CAST));
  if (!next) {
    const shown = showDefinition(definition, type, context.options.values);
    return json({ '@odata.context': `${context.apiRoot}/$metadata#${root}/$entity`, ...shown });
  }
  const value = definition[next.name];
  if (typeof value === 'function') {
    const members = value() as Definitions;
    const kind = next.name === 'ManyToManyRelationships' ? 'ManyToManyRelationshipMetadata' : next.name;
    const cast = segments.find(({ name }) => name.startsWith(CAST))?.name;
    const typed = cast === undefined ? members : members.filter((member) => member['@odata.type'] === `#${cast}`);
    if (next.key === undefined) return collection(context, typed, kind, `${root}/${next.name}`);
    const member = byKey(typed, next.key);
    if (!member)
      throw new DataverseError(404, '0x80040217', `Could not find a member of ${next.name} with key ${next.key}.`);
    return below(context, member, kind, rest, `${root}/${next.name}`);
  }
  if (!(next.name in definition) || rest.length > 0) throw unknownSegment(next.name);
  return json({ '@odata.context': `${context.apiRoot}/$metadata#${root}/${next.name}`, value });
}

function collection(context: RequestContext, all: Definitions, type: string, root: string): DataverseResponse {
  const value = queryDefinitions(all, type, context.options.values, context.options.aliases);
  const count = context.options.values.get('$count') === 'true' ? { '@odata.count': value.length } : {};
  return json({ '@odata.context': `${context.apiRoot}/$metadata#${root}`, ...count, value });
}

function tableOfKey(context: RequestContext, key: string): Table {
  const id = parseGuid(key);
  const name = /^LogicalName\s*=\s*'([^']*)'$/i.exec(key)?.[1];
  if (id === undefined && name === undefined) throw unreadablePath();
  const table =
    name === undefined
      ? [...context.organisation.tables()].find(({ identity }) => identity.metadataId === id)
      : context.organisation.table(name);
  if (!table) {
    throw new DataverseError(
      404,
      '0x80060888',
      `Could not find an entity with ${name === undefined ? `id ${id}` : `name '${name}'`}.`,
    );
  }
  return table;
}

function byKey(all: Definitions, key: string): Definition | undefined {
  const id = parseGuid(key);
  if (id !== undefined) return all.find((one) => one.MetadataId === id);
  const [, property = '', value] = /^(\w+)\s*=\s*'([^']*)'$/.exec(key) ?? [];
  return value === undefined ? undefined : all.find((one) => one[property] === value);
}
