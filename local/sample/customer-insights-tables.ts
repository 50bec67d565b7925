import type { ColumnDefinition, ColumnType, TableDefinition } from './organisation.ts';

/** The tables that Customer Insights - Data writes to Dataverse. Its columns carry the prefix; the platform's do not. */
const prefixed = (name: string) => `msdynci_${name}`;

const column = (name: string, type: ColumnType, maxLength?: number): ColumnDefinition => ({
  logicalName: prefixed(name),
  type,
  ...(maxLength === undefined ? {} : { maxLength }),
});

/** JSON texts: one megabyte. */
const memo = (name: string) => column(name, 'Memo', 1_048_576);

/** The lookup to the profile, with the partition column that Dataverse adds to a lookup to an elastic table. */
const profileLookupOf = (table: string): readonly ColumnDefinition[] => [
  {
    logicalName: prefixed('lookupfield_customer'),
    navigationProperty: prefixed('lookupfield_customer'),
    relationshipName: prefixed(`customer_${table}`),
    type: 'Lookup',
    targets: [prefixed('customerprofile')],
  },
  {
    logicalName: prefixed('lookupfield_customerpid'),
    schemaName: prefixed('lookupfield_customerPId'),
    type: 'String',
    maxLength: 100,
  },
];

const customerId = column('customerid', 'String', 100);

const elasticTable = (
  name: string,
  displayName: string,
  entitySetName: string,
  columns: readonly ColumnDefinition[],
  primaryName: string,
  changeTracking = false,
): TableDefinition => ({
  logicalName: prefixed(name),
  schemaName: prefixed(name),
  entitySetName: prefixed(entitySetName),
  displayName,
  primaryId: prefixed(`${name}id`),
  primaryName: prefixed(primaryName),
  tableType: 'Elastic',
  changeTracking,
  bulk: true,
  columns,
});

/** A key of a source in unification: whose it is, and the column that holds it there. */
export interface KeySource {
  readonly dataSource: string;
  readonly entity: string;
  readonly primaryKey: string;
}

/** The profile's column with the winning key of a source; all its keys stand in the `_alternate` column beside it. */
export const keyColumnOf = ({ dataSource, entity, primaryKey }: KeySource): string =>
  prefixed(`${dataSource}_${entity}_${primaryKey}`.toLowerCase());
export const alternateKeyColumnOf = (source: KeySource): string => `${keyColumnOf(source)}_alternate`;

/** The unified profile. Its primary name is the CustomerId; two columns per source keep the keys it was made of. */
export const customerProfileTable = (sources: readonly KeySource[]): TableDefinition =>
  elasticTable(
    'customerprofile',
    'Customer Profile',
    'customerprofiles',
    [
      customerId,
      column('previouscustomerid', 'String', 4000),
      column('firstname', 'String', 100),
      column('lastname', 'String', 100),
      column('fullname', 'String', 200),
      column('emailaddress', 'String', 100),
      column('telephone', 'String', 50),
      column('birthdate', 'DateTime'),
      column('city', 'String', 80),
      column('country', 'String', 80),
      column('loyaltytier', 'String', 20),
      column('lifetimevalue', 'Decimal'),
      column('churnrisk', 'String', 20),
      column('region', 'String', 20),
      ...sources.flatMap((source): ColumnDefinition[] => [
        { logicalName: keyColumnOf(source), type: 'String', maxLength: 4000 },
        { logicalName: alternateKeyColumnOf(source), type: 'Memo', maxLength: 1_048_576 },
      ]),
    ],
    'customerid',
  );

/** The map from source keys to profiles. */
export const alternateKeyTable: TableDefinition = elasticTable(
  'alternatekey',
  'AlternateKey',
  'alternatekeys',
  [
    column('datasourcename', 'String', 4000),
    column('entityname', 'String', 4000),
    column('alternatevalue', 'String', 4000),
    memo('keyring'),
    customerId,
    column('identifier', 'String', 4000),
    ...profileLookupOf('alternatekey'),
  ],
  'identifier',
  true,
);

/** What is known about a customer beside the profile itself. */
export const insightTables: readonly TableDefinition[] = [
  elasticTable(
    'customermeasure',
    'CustomerMeasure',
    'customermeasures',
    [customerId, memo('measures'), ...profileLookupOf('customermeasure')],
    'customerid',
  ),
  // A measure with a table of its own has one column per calculation.
  elasticTable(
    'lifetimevalue',
    'LifetimeValue',
    'lifetimevalues',
    [
      customerId,
      column('totalamount', 'Decimal'),
      column('averageamount', 'Decimal'),
      ...profileLookupOf('lifetimevalue'),
    ],
    'customerid',
  ),
  elasticTable(
    'unifiedactivity',
    'UnifiedActivity',
    'unifiedactivities',
    [
      column('activityid', 'String', 100),
      column('activitytime', 'DateTime'),
      column('activitytype', 'String', 4000),
      column('activitytypedisplay', 'String', 4000),
      column('actualactivityid', 'String', 4000),
      customerId,
      column('entityname', 'String', 4000),
      column('rangeindex', 'BigInt'),
      memo('semanticdata'),
      column('title', 'String', 4000),
      ...profileLookupOf('unifiedactivity'),
    ],
    'activityid',
  ),
  elasticTable(
    'prediction',
    'Prediction',
    'predictions',
    [
      customerId,
      column('identifier', 'String', 4000),
      column('modelprovider', 'String', 4000),
      column('model', 'String', 4000),
      memo('values'),
      ...profileLookupOf('prediction'),
    ],
    'identifier',
  ),
  elasticTable(
    'segmentmembership',
    'SegmentMembership',
    'segmentmemberships',
    [
      customerId,
      column('identifier', 'String', 4000),
      column('segmentprovider', 'String', 4000),
      column('segmentmembershiptype', 'String', 100),
      memo('segments'),
      ...profileLookupOf('segmentmembership'),
    ],
    'identifier',
  ),
];
