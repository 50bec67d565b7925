import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIENT_ID, COLUMN, type Organisation, startOrganisation, withLookup } from './organisation.ts';

let organisation: Organisation;
beforeEach(async () => {
  organisation = await startOrganisation();
});
afterEach(() => organisation.close());

describe("the organisation's language", () => {
  it('is the one that labels of the column are written in', async () => {
    await organisation.control('POST', 'limits', { languages: [1031, 1036] });

    const table = await withLookup(organisation.connect(), 'contact');

    expect(table.lookups.some(({ column }) => column === COLUMN)).toBe(true);
  });

  it("is taken from the table's own name where the app may not read the organisation", async () => {
    await organisation.control('POST', 'limits', { languages: [1031] });
    await organisation.control('PUT', `application-users/${CLIENT_ID}`, {
      privileges: [
        ...['prvReadEntity', 'prvReadAttribute', 'prvReadRelationship', 'prvCreateAttribute', 'prvCreateRelationship'],
      ],
    });

    const table = await withLookup(organisation.connect(), 'contact');

    expect(table.lookups.some(({ column }) => column === COLUMN)).toBe(true);
  });
});
