import { z } from 'zod';

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores');
const logicalName = name.regex(/^[a-z0-9_]+$/, 'a logical name is lower case');

const columnSchema = z.strictObject({
  logicalName,
  schemaName: name.optional(),
  displayName: z.string().optional(),
  /** Lookups only; the schema name by default, and with several targets the base that `_<target>` is added to. */
  navigationProperty: name.optional(),
  /** Lookups only; schema name of the relationship, which is also the collection's name on the other side. */
  relationshipName: name.optional(),
  type: z.enum([
    'String',
    'Memo',
    'Integer',
    'BigInt',
    'Decimal',
    'Double',
    'Money',
    'Boolean',
    'DateTime',
    'Uniqueidentifier',
    'Picklist',
    'ManagedProperty',
    'Lookup',
    'Owner',
  ]),
  targets: z.array(logicalName).min(1).optional(),
  maxLength: z.int().positive().optional(),
  secured: z.boolean().optional(),
});

/** A table as `POST /__control/tables` takes it; what every table has (owner, dates, version, state) is added. */
export const tableDefinitionSchema = z.strictObject({
  logicalName,
  schemaName: name.optional(),
  entitySetName: name.optional(),
  displayName: z.string().optional(),
  primaryId: logicalName.optional(),
  primaryName: logicalName.optional(),
  tableType: z.enum(['Standard', 'Elastic', 'Virtual']),
  ownership: z.enum(['UserOwned', 'OrganizationOwned', 'BusinessOwned', 'None']).optional(),
  /** Both are true of most tables; a publisher may forbid the one or the other. */
  canCreateAttributes: z.boolean().optional(),
  isCustomizable: z.boolean().optional(),
  changeTracking: z.boolean(),
  bulk: z.boolean(),
  columns: z.array(columnSchema),
  /** Alternate keys: columns whose values together name a row. */
  keys: z
    .array(z.strictObject({ logicalName, schemaName: name.optional(), columns: z.array(logicalName).min(1).max(16) }))
    .optional(),
});

export type TableDefinition = z.infer<typeof tableDefinitionSchema>;
export type ColumnDefinition = z.infer<typeof columnSchema>;

/** The plural that the platform gives an entity set when none is named. */
export function entitySetNameOf(logical: string): string {
  if (logical.endsWith('y') && !/[aeiou]y$/.test(logical)) return `${logical.slice(0, -1)}ies`;
  if (/(s|x|ch|sh)$/.test(logical)) return `${logical}es`;
  return `${logical}s`;
}

/** Whether a name carries a publisher's prefix: such tables and columns are custom ones. */
export const isCustomName = (logical: string): boolean => logical.includes('_');

/** The schema name a table has when none is named: common tables begin with a capital letter, custom ones keep theirs. */
export const schemaNameOf = (logical: string): string =>
  isCustomName(logical) ? logical : logical.charAt(0).toUpperCase() + logical.slice(1);
