/** Names that Customer Insights - Data gives its tables and columns in Dataverse. */

/** The link: other applications look for exactly this column. */
export const linkColumn = 'msdynci_lookupfield_customerprofile';
export const linkValue = `_${linkColumn}_value`;
/** Column that Dataverse adds to a lookup to an elastic table: the partition in which the linked row lies. */
export const linkPartition = `${linkColumn}pid`;
export const linkDisplayName = 'Customer Profile';

export const profileTable = 'msdynci_customerprofile';
export const profileCustomerId = 'msdynci_customerid';

export const mapTable = 'msdynci_alternatekey';
/** Columns of a map row. */
export const mapColumns = {
  id: 'msdynci_alternatekeyid',
  dataSource: 'msdynci_datasourcename',
  entity: 'msdynci_entityname',
  key: 'msdynci_alternatevalue',
  keyRing: 'msdynci_keyring',
  identifier: 'msdynci_identifier',
  customerId: 'msdynci_customerid',
  profile: '_msdynci_lookupfield_customer_value',
  /** The same lookup, by the name that query functions take. */
  profileLookup: 'msdynci_lookupfield_customer',
  modifiedOn: 'modifiedon',
  version: 'versionnumber',
} as const;

/** What a pass reads of each map row; the key ring, which may reach a megabyte, only where the key is unusable. */
export const mapSelect: readonly string[] = [
  mapColumns.id,
  mapColumns.dataSource,
  mapColumns.entity,
  mapColumns.key,
  mapColumns.identifier,
  mapColumns.customerId,
  mapColumns.profile,
  mapColumns.modifiedOn,
  mapColumns.version,
];
