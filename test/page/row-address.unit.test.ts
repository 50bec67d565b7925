import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRowName, rowUrl } from '../../page/row-address.ts';

const id = '0a1b2c3d-4e5f-6789-abcd-ef0123456789';
const organisation = 'https://contoso.crm4.dynamics.com';
const read = (text: string) => readRowName(text, ['contact', 'opportunity', 'new_visit', 'new_address'], organisation);

describe('a row that somebody names', () => {
  it.each([id, id.toUpperCase(), `{${id}}`, `(${id})`, id.replaceAll('-', ''), `  ${id}\n`])(
    'is known by its id alone: %j',
    (text) => {
      expect(read(text)).toEqual({ id, table: undefined });
    },
  );

  it.each([
    [`${organisation}/main.aspx?pagetype=entityrecord&etn=contact&id=${id}`, 'contact'],
    [
      `${organisation}/main.aspx?appid=11111111-2222-3333-4444-555555555555&pagetype=entityrecord&etn=new_visit&id=${id}`,
      'new_visit',
    ],
    [`${organisation}/main.aspx?etn=contact&pagetype=entityrecord&id=%7B${id.toUpperCase()}%7D`, 'contact'],
    [`${organisation}/main.aspx?etn=contact&extraqs=id%3D%257B${id}%257D&pagetype=entityrecord`, 'contact'],
    [`${organisation}/main.aspx?etc=2&id=${id}&pagetype=entityrecord`, undefined],
    [`${organisation}/api/data/v9.2/contacts(${id})`, 'contact'],
    [`${organisation}/api/data/v9.2/opportunities(${id})?$select=name`, 'opportunity'],
    [`${organisation}/api/data/v9.2/new_addresses(new_addressid=${id})`, 'new_address'],
    [`https://contoso.api.crm4.dynamics.com/api/data/v9.2/contacts(${id})`, 'contact'],
    [`${organisation}/api/data/v9.2/unknowns(${id})`, undefined],
    [rowUrl(organisation, 'contact', id), 'contact'],
  ])('is known by its address: %s', (text, table) => {
    expect(read(text)).toEqual({ id, table });
  });

  it.each([
    [
      `https://fabrikam.crm4.dynamics.com/main.aspx?etn=contact&id=${id}`,
      'of fabrikam.crm4.dynamics.com; this app is about contoso.crm4',
    ],
    [`${organisation}/main.aspx?pagetype=dashboard`, 'names no row'],
    ['Maria Campbell', 'neither an id'],
    ['', 'neither an id'],
    ['0a1b2c3d', 'neither an id'],
  ])('is not where %j names none, and what to do is said', (text, problem) => {
    expect(read(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('is nothing to fall over, whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl().map((url) => url.replace(/^https?:\/\/[^/]+/, organisation)),
        ),
        (text) => {
          expect(read(text)).toBeTypeOf('object');
        },
      ),
    );
  });
});
