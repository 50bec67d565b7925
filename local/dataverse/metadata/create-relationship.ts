import { z } from 'zod';
import type { RequestContext } from '../context.ts';
import { badRequest, DataverseError, invalidLanguage } from '../errors.ts';
import type { DataverseResponse } from '../request.ts';
import { noContent } from '../response.ts';
import { parseBody } from '../write/payload.ts';
import type { Relationship } from './relationship.ts';

const labelSchema = z.object({ LocalizedLabels: z.array(z.object({ Label: z.string() })).min(1) });

const relationshipSchema = z.object({
  '@odata.type': z.string().regex(/^#?Microsoft\.Dynamics\.CRM\.OneToManyRelationshipMetadata$/),
  SchemaName: z.string().regex(/^[A-Za-z][A-Za-z0-9]*_\w+$/, 'needs a publisher prefix'),
  ReferencedEntity: z.string(),
  ReferencedAttribute: z.string().optional(),
  ReferencingEntity: z.string(),
  ReferencingEntityNavigationPropertyName: z.string().optional(),
  ReferencedEntityNavigationPropertyName: z.string().optional(),
  CascadeConfiguration: z.record(z.string(), z.string()).optional(),
  Lookup: z.object({ SchemaName: z.string().regex(/^\w+$/), DisplayName: labelSchema }),
});

/** `POST {api}/RelationshipDefinitions`: a one-to-many relationship and its lookup column in one go. */
export function createRelationship(context: RequestContext): DataverseResponse {
  const { organisation } = context;
  beginCustomization(context, [
    'prvReadAttribute',
    'prvReadRelationship',
    'prvCreateAttribute',
    'prvCreateRelationship',
  ]);
  const body = parseBody(context, 'RelationshipDefinitions');
  demandLanguages(context, body);
  const parsed = relationshipSchema.safeParse(body);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw badRequest(`The relationship is not well formed: ${faults}`, '0x80040203');
  }
  const wanted = parsed.data;
  const referencing = organisation.table(wanted.ReferencingEntity);
  const referenced = organisation.table(wanted.ReferencedEntity);
  if (!referencing || !referenced) {
    const name = referencing ? wanted.ReferencedEntity : wanted.ReferencingEntity;
    throw badRequest(`Could not find an entity with name '${name}'.`, '0x80040217');
  }
  if ([referenced, referencing].some(({ identity }) => identity.tableType === 'Virtual')) {
    throw badRequest('Virtual tables cannot take part in this relationship.', '0x80040203');
  }
  if (!referencing.canCreateAttributes || !referencing.isCustomizable) {
    throw badRequest(`The entity '${referencing.name}' cannot be customized: no attribute can be added.`, '0x80040203');
  }
  const cascade = wanted.CascadeConfiguration ?? {};
  if (referenced.isElastic && Object.values(cascade).some((value) => value !== 'NoCascade')) {
    throw badRequest(`Elastic table '${referenced.name}' allows no cascade but NoCascade.`, '0x80040203');
  }
  const { SchemaName: schemaName } = wanted.Lookup;
  if (referencing.columns.has(schemaName.toLowerCase())) {
    throw badRequest(
      `Attribute With SchemaName: ${schemaName} Already Exists For Entity With Id: ${referencing.identity.metadataId}.`,
      '0x80047013',
    );
  }
  if (organisation.relationships.some((known) => known.schemaName.toLowerCase() === wanted.SchemaName.toLowerCase())) {
    throw badRequest(`A relationship with the name ${wanted.SchemaName} already exists.`, '0x8004701a');
  }
  organisation.addColumn(
    referencing,
    {
      logicalName: schemaName.toLowerCase(),
      schemaName,
      displayName: wanted.Lookup.DisplayName.LocalizedLabels[0]?.Label ?? schemaName,
      type: 'Lookup',
      targets: [referenced.name],
      navigationProperty: wanted.ReferencingEntityNavigationPropertyName ?? schemaName,
      relationshipName: wanted.SchemaName,
    },
    visibleFrom(context),
  );
  referencing.awaitsBulkPreparation = true;
  const at = organisation.relationships.length - 1;
  const added = { ...(organisation.relationships[at] as Relationship), cascade };
  const { ReferencedEntityNavigationPropertyName: collection } = wanted;
  organisation.relationships[at] = collection === undefined ? added : { ...added, referencedNavigation: collection };
  return noContent({ 'OData-EntityId': `${context.apiRoot}/RelationshipDefinitions(${added.metadataId})` });
}

/** `DELETE {api}/RelationshipDefinitions(<id>)`: removes the relationship and its lookup column with all its values. */
export function deleteRelationship(context: RequestContext, relationship: Relationship): DataverseResponse {
  beginCustomization(context, ['prvDeleteRelationship']);
  if (!relationship.isCustom)
    throw badRequest(`Relationship ${relationship.schemaName} is a system relationship.`, '0x80040203');
  context.organisation.removeRelationship(relationship);
  return noContent();
}

/** Every label of a definition must be in a language of the organisation. */
export function demandLanguages(context: RequestContext, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    if (key === 'LanguageCode' && !context.organisation.settings.languages.includes(Number(below))) {
      throw invalidLanguage(Number(below));
    }
    demandLanguages(context, below);
  }
}

/** Takes the organisation's customization lock until the request ends; while someone holds it, others are refused. */
export function beginCustomization(context: RequestContext, privileges: readonly string[]): void {
  const { organisation, caller } = context;
  for (const privilege of privileges) caller.demandPrivilege(privilege);
  if (organisation.isCustomizing) {
    context.stats.throttled('customization');
    throw new DataverseError(
      429,
      '0x80071151',
      'Cannot start another [EntityCustomization] because there is a previous [EntityCustomization] running at this moment.',
    );
  }
  organisation.isCustomizing = true;
  context.cost.extraMs += organisation.settings.customizationMs;
  context.atEnd.push(() => {
    organisation.isCustomizing = false;
  });
}

function visibleFrom(context: RequestContext): number {
  const { organisation } = context;
  const { schemaLagSeconds, timeScale } = organisation.settings;
  return schemaLagSeconds === 0 ? 0 : organisation.now() + (schemaLagSeconds * 1000) / timeScale;
}
