import type { RequestContext } from '../context.ts';
import { seesColumn } from '../context.ts';
import type { Definition, Definitions } from '../query/metadata-query.ts';
import { accessRights } from './built-in-tables.ts';
import { type Column, isLookup } from './column.ts';
import type { ManyToMany, Relationship } from './relationship.ts';
import type { AlternateKey, Table } from './table.ts';
import { entitySetNameOf } from './table-definition.ts';

const label = (context: RequestContext, text: string) => {
  const localized = { Label: text, LanguageCode: context.organisation.baseLanguage, IsManaged: false };
  return { LocalizedLabels: [localized], UserLocalizedLabel: localized };
};

const managed = (value: boolean) => ({ Value: value, CanBeChanged: false, ManagedPropertyLogicalName: '' });

/** A table's `EntityMetadata`; collections are navigation properties. */
export function tableDefinition(context: RequestContext, table: Table): Definition {
  const { identity } = table;
  const isStandard = identity.tableType === 'Standard';
  const { relationships, manyToMany } = context.organisation;
  return {
    MetadataId: identity.metadataId,
    LogicalName: identity.logicalName,
    SchemaName: identity.schemaName,
    EntitySetName: identity.entitySetName,
    LogicalCollectionName: identity.entitySetName,
    CollectionSchemaName: entitySetNameOf(identity.schemaName),
    DisplayName: label(context, identity.displayName),
    DisplayCollectionName: label(context, entitySetNameOf(identity.displayName)),
    PrimaryIdAttribute: identity.primaryId,
    PrimaryNameAttribute: identity.primaryName,
    TableType: identity.tableType,
    DataProviderId: identity.tableType === 'Virtual' ? '7015a531-cc0d-4537-b5f2-c882a1eb65ad' : null,
    OwnershipType: identity.ownership,
    IsCustomEntity: identity.isCustom,
    ChangeTrackingEnabled: table.changeTracking,
    CanChangeTrackingBeEnabled: managed(identity.tableType !== 'Virtual'),
    IsOptimisticConcurrencyEnabled: true,
    IsCustomizable: managed(table.isCustomizable),
    IsIntersect: false,
    CanCreateAttributes: managed(table.canCreateAttributes && identity.tableType !== 'Virtual'),
    CanBePrimaryEntityInRelationship: managed(identity.tableType !== 'Virtual'),
    CanBeRelatedEntityInRelationship: managed(isStandard || table.isElastic),
    Privileges: accessRights.map(({ right }) => ({
      CanBeBasic: identity.ownership === 'UserOwned',
      CanBeLocal: identity.ownership === 'UserOwned',
      CanBeDeep: identity.ownership === 'UserOwned',
      CanBeGlobal: true,
      Name: table.privilege(right),
      PrivilegeId: privilegeId(context, table.privilege(right)),
      PrivilegeType: right,
    })),
    Attributes: () => columnDefinitions(context, table),
    Keys: () => [...table.keys.values()].map((key) => keyDefinition(context, table, key)),
    ManyToOneRelationships: () =>
      relationshipDefinitions(
        context,
        relationships.filter(({ referencingEntity }) => referencingEntity === table.name),
      ),
    OneToManyRelationships: () =>
      relationshipDefinitions(
        context,
        relationships.filter(({ referencedEntity }) => referencedEntity === table.name),
      ),
    ManyToManyRelationships: () =>
      manyToMany.filter(({ left, right }) => left === table.name || right === table.name).map(manyToManyDefinition),
  };
}

/** Definitions of the columns that the request can know of. */
export const columnDefinitions = (context: RequestContext, table: Table): Definitions =>
  [...table.columns.values()]
    .filter((column) => seesColumn(context, column))
    .map((column) => columnDefinition(context, table, column));

function columnDefinition(context: RequestContext, table: Table, column: Column): Definition {
  const attributeType = column.type;
  return {
    '@odata.type': `#Microsoft.Dynamics.CRM.${attributeType}AttributeMetadata`,
    MetadataId: column.metadataId,
    LogicalName: column.logicalName,
    SchemaName: column.schemaName,
    EntityLogicalName: table.name,
    AttributeType: attributeType,
    AttributeTypeName: { Value: `${attributeType}Type` },
    DisplayName: label(context, column.displayName),
    IsCustomAttribute: column.isCustom,
    IsPrimaryId: column.logicalName === table.identity.primaryId,
    IsPrimaryName: column.logicalName === table.identity.primaryName,
    IsSecured: column.isSecured,
    IsValidForUpdate: !column.isReadOnly,
    IsValidForCreate: !column.isReadOnly,
    IsValidForRead: true,
    RequiredLevel: {
      Value: 'None',
      CanBeChanged: true,
      ManagedPropertyLogicalName: 'canmodifyrequirementlevelsettings',
    },
    ...(isLookup(column) && { Targets: column.targets }),
    ...((column.type === 'String' || column.type === 'Memo') && { MaxLength: column.maxLength ?? 4000 }),
  };
}

const keyDefinition = (context: RequestContext, table: Table, key: AlternateKey): Definition => ({
  '@odata.type': '#Microsoft.Dynamics.CRM.EntityKeyMetadata',
  MetadataId: key.metadataId,
  LogicalName: key.logicalName,
  SchemaName: key.schemaName,
  EntityLogicalName: table.name,
  DisplayName: label(context, key.schemaName),
  KeyAttributes: key.columns,
  IsCustomizable: managed(true),
  IsManaged: false,
  IsSynchronous: false,
  IsExportKey: false,
  IsSecondaryKey: false,
  EntityKeyIndexStatus: 'Active',
});

/** Definitions of the relationships whose column the request can know of. */
export function relationshipDefinitions(context: RequestContext, relationships: readonly Relationship[]): Definitions {
  return relationships.flatMap((relationship) => {
    const column = context.organisation
      .table(relationship.referencingEntity)
      ?.columns.get(relationship.referencingAttribute);
    return column && seesColumn(context, column) ? [relationshipDefinition(relationship)] : [];
  });
}

function relationshipDefinition(relationship: Relationship): Definition {
  return {
    '@odata.type': '#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
    MetadataId: relationship.metadataId,
    SchemaName: relationship.schemaName,
    RelationshipType: 'OneToManyRelationship',
    IsCustomRelationship: relationship.isCustom,
    ReferencedEntity: relationship.referencedEntity,
    ReferencedAttribute: relationship.referencedAttribute,
    ReferencingEntity: relationship.referencingEntity,
    ReferencingAttribute: relationship.referencingAttribute,
    ReferencingEntityNavigationPropertyName: relationship.referencingNavigation,
    ReferencedEntityNavigationPropertyName: relationship.referencedNavigation,
    CascadeConfiguration: relationship.cascade,
  };
}

/** Definition of a many-to-many relationship. */
export const manyToManyDefinition = ({ schemaName, left, right }: ManyToMany): Definition => ({
  '@odata.type': '#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata',
  SchemaName: schemaName,
  RelationshipType: 'ManyToManyRelationship',
  Entity1LogicalName: left,
  Entity2LogicalName: right,
  IntersectEntityName: schemaName,
  Entity1NavigationPropertyName: schemaName,
  Entity2NavigationPropertyName: schemaName,
});

function privilegeId(context: RequestContext, name: string): string | undefined {
  const privileges = context.organisation.builtIn('privilege');
  const [slot] = privileges.columns.get('name')?.cells.find?.([name], 10) ?? [];
  return slot === undefined ? undefined : privileges.rows.ids[slot];
}
