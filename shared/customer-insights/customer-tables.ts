/** Names that Customer Insights - Data gives the tables about a customer, and their columns. */

/** Beginning of every name that is Customer Insights' own. */
export const prefix = 'msdynci_';

export const customerIdColumn = 'msdynci_customerid';
/** The customers that a profile came from, separated by semicolons; not every release has it. */
export const previousCustomerIdColumn = 'msdynci_previouscustomerid';

export const measureTable = 'msdynci_customermeasure';
/** All measures of a customer that are attributes, as one JSON dictionary. */
export const measuresColumn = 'msdynci_measures';

export const segmentTable = 'msdynci_segmentmembership';
/** Tables that segments themselves were seen in; an environment has one of them, or none. */
export const segmentDefinitionTables = ['msdynci_segment', 'mscipriv_segmentmetadata'] as const;
export const segmentColumns = { segments: 'msdynci_segments', provider: 'msdynci_segmentprovider' } as const;

export const predictionTable = 'msdynci_prediction';
export const predictionColumns = {
  model: 'msdynci_model',
  provider: 'msdynci_modelprovider',
  values: 'msdynci_values',
} as const;

export const activityTable = 'msdynci_unifiedactivity';
export const activityColumns = {
  type: 'msdynci_activitytype',
  typeDisplay: 'msdynci_activitytypedisplay',
  title: 'msdynci_title',
  time: 'msdynci_activitytime',
} as const;

/** Tables that refer to the profile too, and are no measure: the map, enrichments, and the profiles of business environments. */
export const otherTables: ReadonlySet<string> = new Set([
  'msdynci_alternatekey',
  'msdynci_enrichment',
  'msdynci_contactprofile',
  'msdynci_unifiedcontactprofile',
  'msdynci_unifiedcontact_alternatekey',
]);
