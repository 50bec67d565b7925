import { isTerminalError, RetryableError } from '../errors.ts';
import { odataText } from '../odata-text.ts';
import type { Clock } from './clock.ts';
import type { LookupMetadata, MetadataRequest, NewLookup, Row, TableMetadata, TableType } from './dataverse.ts';
import { listAt, parseObject, stringAt } from './json.ts';
import { lookAgainMs, tablesPerRequest, visibleWithinMs } from './limits.ts';
import type { Sender } from './sender.ts';
import { ServiceFailure } from './service-failure.ts';

/** Definitions of several tables, in one request unless there are dozens. */
export async function readTables(
  sender: Sender,
  request: MetadataRequest,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, TableMetadata>> {
  const names = [...new Set(request.tables)];
  const parts: string[][] = [];
  for (let at = 0; at < names.length; at += tablesPerRequest) parts.push(names.slice(at, at + tablesPerRequest));
  const found = await Promise.all(parts.map((tables) => readSome(sender, { ...request, tables }, signal)));
  return new Map(found.flatMap((some) => [...some]));
}

/** Where definitions of some tables are read. */
export function tablesPath({ tables, withColumns = [] }: MetadataRequest): string {
  const expand = [
    'ManyToOneRelationships($select=SchemaName,ReferencingAttribute,ReferencingEntityNavigationPropertyName,ReferencedEntity)',
  ];
  if (withColumns.length > 0) expand.push('Attributes($select=LogicalName,AttributeType,IsSecured)');
  const names = tables.map((table) => `LogicalName eq ${odataText(table)}`);
  return (
    'EntityDefinitions?$select=LogicalName,SchemaName,DisplayName,EntitySetName,PrimaryIdAttribute,' +
    'PrimaryNameAttribute,TableType,ChangeTrackingEnabled,OwnershipType,IsCustomizable,CanCreateAttributes' +
    `&$filter=${encodeURIComponent(names.join(' or '))}&$expand=${expand.join(',')}`
  );
}

/** The definitions that stand in its answer, by logical name. */
export function tablesIn(answer: Row, withColumns: readonly string[] = []): Map<string, TableMetadata> {
  const wanted = new Set(withColumns);
  const tables = listAt(answer, 'value').map((definition) => toTable(definition, wanted));
  return new Map(tables.map((table) => [table.logicalName, table]));
}

async function readSome(
  sender: Sender,
  request: MetadataRequest,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, TableMetadata>> {
  const { tables, withColumns, strong = false } = request;
  const what = `read the definition of ${tables.join(', ')}`;
  const answer = await sender.send({
    kind: 'readMetadata',
    table: 'EntityDefinitions',
    method: 'GET',
    path: tablesPath(request),
    headers: strong ? { Consistency: 'Strong' } : {},
    what,
    signal,
  });
  return tablesIn(parseObject(answer.body, what), withColumns);
}

/** Logical names of the tables that have a lookup towards a table; each once. */
export async function findReferencing(sender: Sender, table: string, signal?: AbortSignal): Promise<readonly string[]> {
  const what = `read which tables refer to ${table}`;
  const answer = await sender.send({
    kind: 'readMetadata',
    table: 'RelationshipDefinitions',
    method: 'GET',
    path:
      'RelationshipDefinitions/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata?$select=ReferencingEntity' +
      `&$filter=${encodeURIComponent(`ReferencedEntity eq ${odataText(table)}`)}`,
    what,
    signal,
  });
  const found = listAt(parseObject(answer.body, what), 'value').map((one) => stringAt(one, 'ReferencingEntity') ?? '');
  return [...new Set(found)].filter(Boolean);
}

type Definition = Readonly<Record<string, unknown>>;

function toTable(definition: Definition, withColumns: ReadonlySet<string>): TableMetadata {
  const text = (key: string): string => stringAt(definition, key) ?? '';
  const logicalName = text('LogicalName');
  const columns = withColumns.has(logicalName) ? listAt(definition, 'Attributes') : [];
  return {
    logicalName,
    schemaName: text('SchemaName'),
    displayName: labelOf(definition.DisplayName)?.Label ?? logicalName,
    language: labelOf(definition.DisplayName)?.LanguageCode,
    entitySetName: text('EntitySetName'),
    primaryId: text('PrimaryIdAttribute'),
    primaryName: stringAt(definition, 'PrimaryNameAttribute'),
    tableType: toTableType(stringAt(definition, 'TableType')),
    changeTracking: definition.ChangeTrackingEnabled === true,
    ownership: text('OwnershipType'),
    takesColumns: isAllowed(definition.IsCustomizable) && isAllowed(definition.CanCreateAttributes),
    lookups: listAt(definition, 'ManyToOneRelationships').map(toLookup),
    columns: new Map(
      columns.map((column) => [stringAt(column, 'LogicalName') ?? '', stringAt(column, 'AttributeType') ?? '']),
    ),
    securedColumns: new Map(
      columns
        .filter(({ IsSecured }) => IsSecured === true)
        .map((column) => [stringAt(column, 'LogicalName') ?? '', stringAt(column, 'MetadataId') ?? '']),
    ),
  };
}

/** A managed property; one that is not told forbids nothing. */
const isAllowed = (property: unknown): boolean => (property as { Value?: boolean } | undefined)?.Value !== false;

const toLookup = (relationship: Definition): LookupMetadata => ({
  column: stringAt(relationship, 'ReferencingAttribute') ?? '',
  navigationProperty: stringAt(relationship, 'ReferencingEntityNavigationPropertyName') ?? '',
  referencedTable: stringAt(relationship, 'ReferencedEntity') ?? '',
  relationship: stringAt(relationship, 'SchemaName') ?? '',
  metadataId: stringAt(relationship, 'MetadataId'),
});

const toTableType = (type: string | undefined): TableType =>
  type === 'Elastic' || type === 'Virtual' ? type : 'Standard';

interface Localized {
  readonly Label?: string;
  readonly LanguageCode?: number;
}

/** A label in the caller's language, else in the first there is. */
function labelOf(label: unknown): Localized | undefined {
  const { UserLocalizedLabel: own, LocalizedLabels: all } = (label ?? {}) as {
    UserLocalizedLabel?: Localized | null;
    LocalizedLabels?: readonly Localized[];
  };
  return own?.Label === undefined ? all?.[0] : own;
}

const label = (text: string, language: number): object => ({
  '@odata.type': 'Microsoft.Dynamics.CRM.Label',
  LocalizedLabels: [{ '@odata.type': 'Microsoft.Dynamics.CRM.LocalizedLabel', Label: text, LanguageCode: language }],
});

/** Every cascade none: an elastic table may be referenced in no other way, and ownership must not flow along. */
const noCascade = {
  Assign: 'NoCascade',
  Delete: 'NoCascade',
  Merge: 'NoCascade',
  Reparent: 'NoCascade',
  Share: 'NoCascade',
  Unshare: 'NoCascade',
};

/**
 * Adds a lookup column with its relationship and waits until it can be read.
 * @throws RetryableError where it does not appear in time
 */
export async function createLookup(
  sender: Sender,
  clock: Clock,
  lookup: NewLookup,
  signal?: AbortSignal,
): Promise<'created' | 'exists'> {
  const outcome = await postLookup(sender, lookup, signal);
  const { table, schemaName } = lookup;
  const column = schemaName.toLowerCase();
  const deadline = clock.now() + visibleWithinMs;
  for (;;) {
    const request = { tables: [table.logicalName], withColumns: [table.logicalName], strong: true };
    const read = (await readTables(sender, request, signal)).get(table.logicalName);
    const visible = read?.columns.has(column) && read.lookups.some((other) => other.column === column);
    // A column of that name that is no lookup, or leads elsewhere, is for the caller to judge.
    if (visible || (outcome === 'exists' && read?.columns.has(column))) return outcome;
    if (clock.now() >= deadline) {
      throw new RetryableError(`The new column ${column} of ${table.logicalName} has not become visible yet.`);
    }
    await clock.sleep(lookAgainMs, signal);
  }
}

async function postLookup(sender: Sender, lookup: NewLookup, signal?: AbortSignal): Promise<'created' | 'exists'> {
  const { table, referencedTable, schemaName, displayName, description, relationshipSchemaName } = lookup;
  const language = await readLanguage(sender, table, signal);
  const definition = {
    '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
    SchemaName: relationshipSchemaName,
    AssociatedMenuConfiguration: {
      Behavior: 'UseCollectionName',
      Group: 'Details',
      Order: 10_000,
      Label: label(table.displayName, language),
    },
    CascadeConfiguration: noCascade,
    ReferencedEntity: referencedTable.logicalName,
    ReferencedAttribute: referencedTable.primaryId,
    ReferencingEntity: table.logicalName,
    Lookup: {
      '@odata.type': 'Microsoft.Dynamics.CRM.LookupAttributeMetadata',
      AttributeType: 'Lookup',
      AttributeTypeName: { Value: 'LookupType' },
      SchemaName: schemaName,
      DisplayName: label(displayName, language),
      Description: label(description, language),
      RequiredLevel: {
        Value: 'None',
        CanBeChanged: true,
        ManagedPropertyLogicalName: 'canmodifyrequirementlevelsettings',
      },
    },
  };
  try {
    await sender.send({
      kind: 'createLookup',
      table: 'RelationshipDefinitions',
      method: 'POST',
      path: 'RelationshipDefinitions',
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify(definition),
      what: `add the column ${schemaName} to ${table.logicalName}`,
      signal,
    });
    return 'created';
  } catch (error) {
    if (error instanceof ServiceFailure && error.refusal.failureClass === 'duplicate') return 'exists';
    throw error;
  }
}

const english = 1033;

/**
 * The language that labels are written in: the organisation's own, for any that is not provisioned is refused. Who may
 * not read that takes one that the table's own name is given in.
 */
async function readLanguage(sender: Sender, table: TableMetadata, signal?: AbortSignal): Promise<number> {
  const what = "read the organisation's language";
  const path = 'organizations?$select=languagecode';
  try {
    const request = { kind: 'readMetadata', table: 'organizations', method: 'GET', path, what, signal } as const;
    const [organisation] = listAt(parseObject((await sender.send(request)).body, what), 'value');
    const code = Number(organisation?.languagecode);
    if (code > 0) return code;
  } catch (error) {
    if (!isTerminalError(error)) throw error;
  }
  return table.language ?? english;
}

/** Number of rows from the service's snapshot; undefined where it has none for this table. */
export async function countRows(sender: Sender, table: string, signal?: AbortSignal): Promise<number | undefined> {
  const what = `count the rows of ${table}`;
  const names = encodeURIComponent(JSON.stringify([table]));
  const answer = await sender.send({
    kind: 'countRows',
    table,
    method: 'GET',
    path: `RetrieveTotalRecordCount(EntityNames=@p1)?@p1=${names}`,
    what,
    signal,
  });
  const counts = parseObject(answer.body, what).EntityRecordCountCollection as
    | { Keys?: readonly string[]; Values?: readonly number[] }
    | undefined;
  const at = counts?.Keys?.indexOf(table) ?? -1;
  return at < 0 ? undefined : counts?.Values?.[at];
}
