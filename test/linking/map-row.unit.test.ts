import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SourceTable } from '../../shared/contracts/unification-setup.ts';
import { normaliseGuid, spellingsOf } from '../../shared/customer-insights/guid.ts';
import {
  choosePerSource,
  keysInRing,
  type MapEntry,
  readMapRow,
  splitIdentifier,
} from '../../shared/customer-insights/map-row.ts';
import type { Row } from '../../shared/dataverse/dataverse.ts';

const source: SourceTable = {
  table: 'contact',
  dataSource: 'CRM',
  entity: 'contact1',
  connector: 'dataverse',
  primaryKey: 'contactid',
};
const key = 'c0000000-0000-4000-8000-000000000001';
const profile = 'b0000000-0000-4000-8000-000000000001';

const mapRow = (row: Row = {}): Row => ({
  msdynci_alternatekeyid: 'A0000000-0000-4000-8000-000000000001',
  msdynci_datasourcename: 'CRM',
  msdynci_entityname: 'contact1',
  msdynci_alternatevalue: key,
  msdynci_identifier: `CRM|contact1|${key}`,
  msdynci_customerid: 'customer-1',
  _msdynci_lookupfield_customer_value: profile,
  modifiedon: '2026-03-02T06:00:00Z',
  versionnumber: 7,
  ...row,
});

describe('a map row', () => {
  it('P1 gives the source row, the customer, the profile and the version from its columns', () => {
    expect(readMapRow(mapRow(), source)).toEqual({
      kind: 'entry',
      entry: {
        mapRowId: 'a0000000-0000-4000-8000-000000000001',
        sourceId: key,
        customerId: 'customer-1',
        profileId: profile,
        version: 7,
        changedOn: '2026-03-02T06:00:00Z',
      },
    });
  });

  it('P1 is read from its identifier where the columns are not there', () => {
    const row = mapRow({ msdynci_datasourcename: null, msdynci_entityname: undefined, msdynci_alternatevalue: '' });
    expect(readMapRow(row, source)).toMatchObject({ kind: 'entry', entry: { sourceId: key } });
  });

  it('P2 may have stray blanks and any case in its names', () => {
    const row = mapRow({
      msdynci_datasourcename: ' crm ',
      msdynci_entityname: ' Contact1',
      msdynci_customerid: ' customer-1 ',
    });
    expect(readMapRow(row, source)).toMatchObject({ kind: 'entry', entry: { customerId: 'customer-1' } });
  });

  it.each([
    ['of another data source', { msdynci_datasourcename: 'WebShop' }],
    ['of another table', { msdynci_entityname: 'contact' }],
  ])('P3 %s is passed over', (_, row) => {
    expect(readMapRow(mapRow(row), source)).toEqual({ kind: 'other' });
  });

  it.each([
    ['in braces', `{${key}}`],
    ['in upper case', key.toUpperCase()],
    ['without dashes', key.replaceAll('-', '')],
    ['with blanks', `  ${key} `],
  ])('P4 may have its key %s', (_, spelt) => {
    const row = mapRow({ msdynci_alternatevalue: spelt, msdynci_identifier: null });
    expect(readMapRow(row, source)).toMatchObject({ kind: 'entry', entry: { sourceId: key } });
  });

  it('P4 whose key is no id of a Dataverse row is unusable, and says why', () => {
    const row = mapRow({
      msdynci_alternatevalue: 'ann@contoso.com',
      msdynci_identifier: 'CRM|contact1|ann@contoso.com',
    });
    const reading = readMapRow(row, source);
    expect(reading).toMatchObject({ kind: 'unusable', mapRowId: 'a0000000-0000-4000-8000-000000000001' });
    expect(reading).toHaveProperty('reason', expect.stringContaining('contactid'));
  });

  it.each([
    ['new', [{ dataSourceName: ' CRM', tableName: ' contact1', preferredKey: key, keys: [key] }]],
    ['old', [{ dataSourceName: 'crm', entityName: 'contact1', keys: [` ${key.toUpperCase()}`] }]],
  ])('P6 takes its key from a %s key ring at last, where that names exactly one', (_, ring) => {
    const row = mapRow({
      msdynci_alternatevalue: null,
      msdynci_identifier: null,
      msdynci_keyring: JSON.stringify(ring),
    });
    expect(readMapRow(row, source)).toMatchObject({ kind: 'entry', entry: { sourceId: key } });
  });

  it('P6 is unusable where its key ring names two keys of the source', () => {
    const keys = [key, 'c0000000-0000-4000-8000-000000000002'];
    const ring = JSON.stringify([{ dataSourceName: 'CRM', tableName: 'contact1', keys }]);
    const row = mapRow({ msdynci_alternatevalue: '1', msdynci_identifier: null, msdynci_keyring: ring });
    expect(readMapRow(row, source).kind).toBe('unusable');
  });

  it('P6 keeps its key where its key ring is broken', () => {
    expect(readMapRow(mapRow({ msdynci_keyring: '[{"dataSource' }), source).kind).toBe('entry');
    expect(keysInRing('[{"dataSource', source)).toBeUndefined();
    expect(keysInRing('{"keys":[]}', source)).toBeUndefined();
  });

  it('P7 may have no profile: its customer is looked for instead', () => {
    const row = mapRow({ _msdynci_lookupfield_customer_value: null });
    expect(readMapRow(row, source)).toMatchObject({ kind: 'entry', entry: { profileId: undefined } });
  });

  it('is read without a fault, whatever stands in its columns', () => {
    const cell = fc.oneof(fc.string(), fc.constant(null), fc.integer(), fc.constant(undefined), fc.json());
    const columns = Object.keys(mapRow({ msdynci_keyring: '' }));
    const anyRow = fc.record(Object.fromEntries(columns.map((column) => [column, cell])));
    fc.assert(
      fc.property(anyRow, (row) => {
        expect(['entry', 'other', 'unusable']).toContain(readMapRow(mapRow(row), source).kind);
      }),
    );
  });
});

describe('an identifier', () => {
  it('P5 is split at its first two bars only', () => {
    const part = fc.string({ minLength: 1 }).map((text) => text.replaceAll('|', '').trim());
    fc.assert(
      fc.property(part, part, fc.string(), (dataSource, entity, rest) => {
        const expected = { dataSource, entity, key: rest.trim() };
        expect(splitIdentifier(`${dataSource}|${entity}|${rest}`)).toEqual(expected);
      }),
    );
  });

  it.each(['', 'CRM', 'CRM|contact1'])('P5 is none without two bars: "%s"', (text) => {
    expect(splitIdentifier(text)).toBeUndefined();
  });
});

describe('several map rows of one source row', () => {
  const entry = (version: number, profileId: string): MapEntry => ({
    mapRowId: `m${version}`,
    sourceId: key,
    customerId: `customer of ${profileId}`,
    profileId,
    version,
    changedOn: '',
  });
  const choose = (entries: readonly MapEntry[], existing: readonly string[]) =>
    choosePerSource(entries, ({ profileId }) => existing.includes(profileId ?? ''))[0];

  it('P8 come to the newest one, in whatever order they are read', () => {
    for (const entries of [
      [entry(1, 'a'), entry(2, 'b')],
      [entry(2, 'b'), entry(1, 'a')],
    ]) {
      expect(choose(entries, ['a', 'b'])).toEqual({ entry: entry(2, 'b'), awaited: undefined });
    }
  });

  it('P8 come to the one whose profile exists, while a newer one is waited for', () => {
    expect(choose([entry(1, 'a'), entry(2, 'b')], ['a'])).toEqual({ entry: entry(1, 'a'), awaited: entry(2, 'b') });
  });

  it('P8 come to the newest one where no profile exists', () => {
    expect(choose([entry(1, 'a'), entry(2, 'b')], [])).toEqual({ entry: entry(2, 'b'), awaited: undefined });
  });
});

describe('a GUID', () => {
  it('P4 is the same however it is spelt', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.boolean(), fc.boolean(), fc.boolean(), fc.nat(2), (id, upper, bare, braces, blanks) => {
        let text = bare ? id.replaceAll('-', '') : id;
        if (upper) text = text.toUpperCase();
        if (braces) text = `{${text}}`;
        expect(normaliseGuid(' '.repeat(blanks) + text)).toBe(id);
      }),
    );
  });

  it('P4 is found by each of the spellings that are asked for', () => {
    fc.assert(fc.property(fc.uuid(), (id) => spellingsOf(id).every((spelling) => normaliseGuid(spelling) === id)));
  });

  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const digits = text.replaceAll(/[^0-9a-f]/gi, '');
        fc.pre(digits.length !== 32);
        expect(normaliseGuid(text)).toBeUndefined();
      }),
    );
    for (const text of ['', '{}', `${key}0`, `{${key}`, key.slice(1), key.replace('c', 'g'), key.replace('-', '')]) {
      expect(normaliseGuid(text)).toBeUndefined();
    }
  });
});
