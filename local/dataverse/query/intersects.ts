import type { RequestContext } from '../context.ts';
import { noSuchResource } from '../errors.ts';
import type { ManyToMany } from '../metadata/relationship.ts';
import type { DataverseResponse } from '../request.ts';
import { json } from '../response.ts';
import { queryDefinitions } from './metadata-query.ts';

/** The entity sets behind many-to-many relationships, by name. */
const relationshipOf: Readonly<Record<string, string>> = {
  systemuserrolescollection: 'systemuserroles_association',
  teamrolescollection: 'teamroles_association',
  teammemberships: 'teammembership_association',
};

/** The relationship whose pairs an entity set lists; `undefined` where it is no such set. */
export const intersectOf = (context: RequestContext, entitySet: string): ManyToMany | undefined =>
  context.organisation.manyToMany.find(({ schemaName }) => schemaName === relationshipOf[entitySet]);

/** `GET {api}/systemuserrolescollection` and its like: the pairs of a relationship, which can only be read. */
export function readIntersect(context: RequestContext, entitySet: string, pairs: ManyToMany): DataverseResponse {
  if (context.method !== 'GET') throw noSuchResource(context.url);
  const [left, right] = [context.organisation.builtIn(pairs.left), context.organisation.builtIn(pairs.right)];
  for (const table of [left, right]) context.caller.demand('Read', table);
  const rows = [...pairs.pairs].flatMap((pair) => {
    const [one = '', other = ''] = pair.split('/');
    // The row of a relationship goes with either of its ends.
    if (left.rows.find(one) === undefined || right.rows.find(other) === undefined) return [];
    return [{ [left.identity.primaryId]: one, [right.identity.primaryId]: other }];
  });
  const value = queryDefinitions(rows, entitySet, context.options.values, context.options.aliases);
  return json({ '@odata.context': `${context.apiRoot}/$metadata#${entitySet}`, value });
}
