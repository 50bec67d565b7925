import type { SourceTable, UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import type { LinkingOptions } from '../../shared/linking/parts.ts';
import { Simulation } from './simulation.ts';

/** The ids of a small organisation: `guidOf('c', 7)` is contact 7, `p` is a profile, `m` a map row, `l` a lead. */
export function guidOf(kind: 'c' | 'l' | 'p' | 'm', number: number): string {
  const head = { c: 'c0', l: 'e0', p: 'b0', m: 'a0' }[kind];
  return `${head}000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

const contactSource: SourceTable = {
  table: 'contact',
  dataSource: 'CRM',
  entity: 'contact1',
  connector: 'dataverse',
  primaryKey: 'contactid',
};
const leadSource: SourceTable = {
  table: 'lead',
  dataSource: 'CRM',
  entity: 'lead',
  connector: 'dataverse',
  primaryKey: 'leadid',
};
export const smallSetup: UnificationSetup = {
  environmentKind: 'individual',
  output: 'dataverse',
  tables: [contactSource, leadSource],
};

/** Options with short slices and small pages, so that a small organisation takes many of both. */
export const smallOptions: LinkingOptions = {
  dataverseUrl: 'https://contoso.crm.dynamics.com',
  setup: smallSetup,
  sliceMs: 400,
  pageSize: 4,
  settlingIntervalMs: 5 * 60_000,
  settlingLimitMs: 6 * 3_600_000,
  reconcileIntervalMs: 7 * 86_400_000,
  orphanLimitPercent: 20,
  moveLimitPercent: 20,
  profileLimitPercent: 20,
  retentionMs: 90 * 86_400_000,
};

/** How a key may stand in the map. */
const spellings: readonly ((id: string) => string)[] = [
  (id) => id,
  (id) => id.toUpperCase(),
  (id) => `{${id}}`,
  (id) => id.replaceAll('-', ''),
  (id) => ` ${id}`,
];

/** An organisation with tables and rows, before Customer Insights has written anything. */
export function smallOrganisation(
  { contacts = 12, leads = 4 }: { readonly contacts?: number; readonly leads?: number } = {},
  options: Partial<LinkingOptions> = {},
): Simulation {
  const simulation = new Simulation({ ...smallOptions, ...options });
  const { organisation } = simulation;
  const source = (logicalName: string, entitySetName: string, primaryId: string) =>
    organisation.createTable({
      logicalName,
      entitySetName,
      primaryId,
      columns: new Map([
        [primaryId, 'Uniqueidentifier'],
        ['modifiedon', 'DateTime'],
        ['modifiedby', 'Lookup'],
      ]),
    });
  source('contact', 'contacts', 'contactid');
  source('lead', 'leads', 'leadid');
  organisation.createTable({
    logicalName: 'msdynci_customerprofile',
    entitySetName: 'msdynci_customerprofiles',
    primaryId: 'msdynci_customerprofileid',
    tableType: 'Elastic',
    columns: new Map([
      ['msdynci_customerprofileid', 'Uniqueidentifier'],
      ['msdynci_customerid', 'String'],
    ]),
  });
  organisation.createTable({
    logicalName: 'msdynci_alternatekey',
    entitySetName: 'msdynci_alternatekeies',
    primaryId: 'msdynci_alternatekeyid',
    tableType: 'Elastic',
  });
  for (const [logicalName, entitySetName, primaryId] of [
    ['sdkmessageprocessingstep', 'sdkmessageprocessingsteps', 'sdkmessageprocessingstepid'],
    ['workflow', 'workflows', 'workflowid'],
    ['callbackregistration', 'callbackregistrations', 'callbackregistrationid'],
  ] as const) {
    organisation.createTable({ logicalName, entitySetName, primaryId });
  }
  for (let number = 1; number <= contacts; number++) organisation.put('contact', guidOf('c', number), {});
  for (let number = 1; number <= leads; number++) organisation.put('lead', guidOf('l', number), {});
  return simulation;
}

export const customerOf = (profile: number): string => `customer-${profile}`;

/** A profile arrives. */
export function addProfile({ organisation }: Simulation, profile: number): void {
  organisation.put('msdynci_customerprofile', guidOf('p', profile), { msdynci_customerid: customerOf(profile) });
}

/** What a map row says; the map row's number is the source row's, unless another is given. */
export interface MapRow {
  readonly kind: 'c' | 'l';
  readonly source: number;
  readonly profile: number;
  readonly mapRow?: number;
  /** How the key is spelt; by the source row's number unless given. */
  readonly spelling?: number;
  /** The map row names the customer alone, not the profile row. */
  readonly withoutLookup?: boolean;
}

/** Customer Insights writes a map row, or changes it. */
export function mapTo(
  { organisation }: Simulation,
  { kind, source, profile, mapRow, spelling = source, withoutLookup = false }: MapRow,
): void {
  const id = guidOf(kind, source);
  const key = (spellings[spelling % spellings.length] ?? String)(id);
  const entity = kind === 'c' ? 'contact1' : 'lead';
  organisation.put('msdynci_alternatekey', mapRowId({ kind, source, ...(mapRow === undefined ? {} : { mapRow }) }), {
    msdynci_datasourcename: spelling % 2 === 0 ? 'CRM' : ' crm ',
    msdynci_entityname: entity,
    msdynci_alternatevalue: key,
    msdynci_identifier: `CRM|${entity}|${key}`,
    msdynci_customerid: customerOf(profile),
    _msdynci_lookupfield_customer_value: withoutLookup ? null : guidOf('p', profile),
  });
}

export const mapRowId = ({ kind, source, mapRow = source }: Pick<MapRow, 'kind' | 'source' | 'mapRow'>): string =>
  guidOf('m', mapRow + (kind === 'c' ? 0 : 1_000));

/** A source row leaves unification. */
export function unmap({ organisation }: Simulation, row: Pick<MapRow, 'kind' | 'source' | 'mapRow'>): void {
  organisation.remove('msdynci_alternatekey', mapRowId(row));
}
