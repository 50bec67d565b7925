import { describe, expect, it } from 'vitest';
import type { SourceTable, UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { linkColumn, mapTable, profileTable } from '../../shared/customer-insights/names.ts';
import type { TableMetadata } from '../../shared/dataverse/dataverse.ts';
import {
  checkMap,
  checkSetup,
  checkTable,
  skippedOtherOrganisationText,
  skippedText,
  skippedTextOf,
  type TableFacts,
} from '../../shared/linking/requirements.ts';

const dataverseUrl = 'https://contoso.crm.dynamics.com';
const source: SourceTable = {
  table: 'contact',
  dataSource: 'Dynamics',
  entity: 'contact',
  connector: 'dataverse',
  primaryKey: 'ContactId',
};
const setup: UnificationSetup = { environmentKind: 'individual', output: 'dataverse', tables: [source] };

const metadata = (logicalName: string, more: Partial<TableMetadata> = {}): TableMetadata => ({
  logicalName,
  schemaName: logicalName,
  displayName: logicalName,
  entitySetName: `${logicalName}s`,
  primaryId: `${logicalName}id`,
  primaryName: undefined,
  tableType: 'Standard',
  changeTracking: true,
  ownership: 'UserOwned',
  takesColumns: true,
  securedColumns: new Map(),
  lookups: [],
  columns: new Map(),
  ...more,
});

const facts = (more: Partial<TableFacts> = {}): TableFacts => ({
  source,
  table: metadata('contact'),
  profile: metadata(profileTable),
  map: metadata(mapTable),
  columns: new Map(),
  ...more,
});
const lookup = {
  column: linkColumn,
  navigationProperty: linkColumn,
  referencedTable: profileTable,
  relationship: 'contact_profile',
};

describe('the requirements', () => {
  const ofSetup = (more: { source?: Partial<SourceTable>; setup?: Partial<UnificationSetup> }) =>
    checkSetup({ setup: { ...setup, ...more.setup }, source: { ...source, ...more.source }, dataverseUrl });
  const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);

  it('S22 hold where nothing is wrong, whatever the casing of the key', () => {
    expect(ofSetup({ source: { environmentUrl: `${dataverseUrl}/` } })).toEqual([]);
    expect(checkTable(facts())).toEqual([]);
    expect(checkMap({ source, hasMapRows: true })).toEqual([]);
  });

  it.each([
    ['S14', 'other-environment', { source: { environmentUrl: 'https://fabrikam.crm.dynamics.com' } }],
    ['S15', 'connector', { source: { connector: 'other' } }],
    ['S20', 'business-environment', { setup: { environmentKind: 'business' } }],
    ['S21', 'own-data-lake', { setup: { output: 'ownDataLake' } }],
  ] as const)('%s fails as %s', (_, code, more) => {
    expect(codes(ofSetup(more))).toEqual([code]);
  });

  it('S15 holds for the Power Query connector too', () => {
    expect(ofSetup({ source: { connector: 'powerQueryDataverse' } })).toEqual([]);
  });

  it.each([
    ['S17', 'table-missing', { table: undefined }],
    ['S19', 'primary-key', { source: { ...source, primaryKey: 'emailaddress1' } }],
    ['S23', 'no-customer-insights', { profile: undefined }],
    ['S23', 'no-customer-insights', { map: undefined }],
    ['S26', 'column-in-the-way', { columns: new Map([[linkColumn, 'String']]) }],
    [
      'S26',
      'column-in-the-way',
      {
        columns: new Map([[linkColumn, 'Lookup']]),
        table: metadata('contact', { lookups: [{ ...lookup, referencedTable: 'account' }] }),
      },
    ],
    ['S25', 'virtual-table', { table: metadata('contact', { tableType: 'Virtual' }) }],
  ] as const)('%s fails as %s', (_, code, more) => {
    const findings = checkTable(facts(more));
    expect(codes(findings)).toEqual([code]);
    for (const { finding, remedy } of findings) expect(`${finding} ${remedy}`).toMatch(/^[^.]+.*\. [A-Z].*\.$/);
  });

  it('S26 hold where the column is the lookup that is needed', () => {
    const table = metadata('contact', { lookups: [lookup] });
    expect(checkTable(facts({ table, columns: new Map([[linkColumn, 'Lookup']]) }))).toEqual([]);
  });

  it('S18 fails as not-in-unification', () => {
    expect(codes(checkMap({ source, hasMapRows: false }))).toEqual(['not-in-unification']);
  });

  it('U5 tells every failed rule, not only the first', () => {
    const findings = ofSetup({
      source: { connector: 'other', environmentUrl: 'https://fabrikam.crm.dynamics.com' },
      setup: { environmentKind: 'business', output: 'ownDataLake' },
    });
    expect(codes(findings)).toEqual(['other-environment', 'connector', 'business-environment', 'own-data-lake']);
  });

  it("S42 S43 begin a skipped task's details with the original's words", () => {
    const other = ofSetup({ source: { environmentUrl: 'https://fabrikam.crm.dynamics.com' } });
    expect(skippedTextOf(other)).toBe(skippedOtherOrganisationText);
    const connector = ofSetup({ source: { connector: 'other' } });
    expect(skippedTextOf(connector)).toBe(skippedText);
  });
});
