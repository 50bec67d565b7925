import type { ColumnDefinition, ColumnType, TableDefinition } from './organisation.ts';

/** The four tables of Dynamics 365 that the sample unifies. */
export const sourceTableNames = ['contact', 'lead', 'opportunity', 'account'] as const;
export type SourceTableName = (typeof sourceTableNames)[number];

const column = (schemaName: string, type: ColumnType, maxLength?: number): ColumnDefinition => ({
  logicalName: schemaName.toLowerCase(),
  schemaName,
  type,
  ...(maxLength === undefined ? {} : { maxLength }),
});

const lookup = (schemaName: string, target: string, navigationProperty: string): ColumnDefinition => ({
  logicalName: schemaName.toLowerCase(),
  schemaName,
  navigationProperty,
  type: 'Lookup',
  targets: [target],
});

const address: readonly ColumnDefinition[] = [
  column('Address1_Line1', 'String', 250),
  column('Address1_Line2', 'String', 250),
  column('Address1_City', 'String', 80),
  column('Address1_PostalCode', 'String', 20),
  column('Address1_StateOrProvince', 'String', 50),
  column('Address1_Country', 'String', 80),
];

const personName: readonly ColumnDefinition[] = [
  column('FirstName', 'String', 50),
  column('LastName', 'String', 50),
  column('FullName', 'String', 160),
];

const reachable: readonly ColumnDefinition[] = [
  column('EMailAddress1', 'String', 100),
  column('Telephone1', 'String', 50),
];

const sourceTable = (
  schemaName: string,
  entitySetName: string,
  primaryName: string,
  columns: readonly ColumnDefinition[],
): TableDefinition => ({
  logicalName: schemaName.toLowerCase(),
  schemaName,
  entitySetName,
  displayName: schemaName,
  primaryId: `${schemaName.toLowerCase()}id`,
  primaryName,
  tableType: 'Standard',
  changeTracking: true,
  bulk: true,
  columns,
});

/** Their metadata, with the columns that the sample fills and Dataverse's own names. */
export const sourceTables: Readonly<Record<SourceTableName, TableDefinition>> = {
  contact: sourceTable('Contact', 'contacts', 'fullname', [
    ...personName,
    ...reachable,
    ...address,
    column('BirthDate', 'DateTime'),
    lookup('ParentCustomerId', 'account', 'parentcustomerid_account'),
  ]),
  lead: sourceTable('Lead', 'leads', 'fullname', [
    ...personName,
    ...reachable,
    ...address,
    column('Subject', 'String', 300),
    lookup('ParentContactId', 'contact', 'parentcontactid'),
  ]),
  opportunity: sourceTable('Opportunity', 'opportunities', 'name', [
    column('Name', 'String', 300),
    column('EmailAddress', 'String', 100),
    column('EstimatedValue', 'Money'),
    column('EstimatedCloseDate', 'DateTime'),
    lookup('ParentContactId', 'contact', 'parentcontactid'),
    lookup('ParentAccountId', 'account', 'parentaccountid'),
  ]),
  account: sourceTable('Account', 'accounts', 'name', [
    column('Name', 'String', 160),
    column('AccountNumber', 'String', 20),
    ...reachable,
    ...address,
    lookup('PrimaryContactId', 'contact', 'primarycontactid'),
  ]),
};
