import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BusinessUnit,
  businessUnits,
  keepUnitsApart,
  putPerson,
  unitOfCustomer,
} from '../../local/sample/business-units.ts';
import { putApplicationUser } from '../../local/sample/control-plane.ts';
import { linkingPrivileges } from '../../local/sample/load.ts';
import { clientId, type InsightOrganisation, linkedProfile, startInsight } from './insight-organisation.ts';

const person = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
const [north, south] = businessUnits;
const inNorth = person(1);
const inSouth = person(2);
const everywhere = person(3);
const profileOnly = person(4);
const disabled = person(5);
const contactsOfAll = person(6);
const nobody = person(9);

describe('the profile behind a row, where business units are kept apart', () => {
  let insight: InsightOrganisation;
  let parts: ReturnType<InsightOrganisation['partsFor']>;
  beforeAll(async () => {
    insight = await startInsight({ rows: 120 });
    parts = insight.partsFor({ businessUnits: {} });
    const { url, organisation } = insight;
    await keepUnitsApart(url, organisation);
    const all = organisation.tables
      .map(({ schemaName }) => schemaName)
      .filter((name) => name !== 'msdynci_alternatekey');
    await putPerson(url, { objectId: inNorth, unit: north, reads: all, depth: 'Local' });
    await putPerson(url, { objectId: inSouth, unit: south, reads: all, depth: 'Local' });
    await putPerson(url, { objectId: everywhere, reads: all, depth: 'Global' });
    await putPerson(url, { objectId: disabled, unit: north, reads: all, depth: 'Local', disabled: true });
    const few = ['Contact', 'msdynci_customerprofile'];
    await putPerson(url, { objectId: profileOnly, unit: north, reads: few, depth: 'Local' });
    await putPerson(url, {
      objectId: contactsOfAll,
      unit: south,
      reads: ['Contact', 'msdynci_customermeasure'],
      depth: 'Global',
    });
  });
  afterAll(() => insight.close());

  const customerOf = (profileId: string) => String(insight.profile(profileId)?.msdynci_customerid);
  const rowsOfUnit = (unit: BusinessUnit) =>
    insight.organisation.sourceTables.flatMap(({ table }) =>
      [...insight.organisation.truth(table)].flatMap(({ id, profileId }) =>
        profileId !== null && unitOfCustomer(customerOf(profileId)) === unit ? [{ table, id, profileId }] : [],
      ),
    );

  it('shows each unit its own customers', async () => {
    for (const [caller, unit] of [
      [inNorth, north],
      [inSouth, south],
    ] as const) {
      const rows = rowsOfUnit(unit);
      expect(rows.length).toBeGreaterThan(5);
      for (const { table, id, profileId } of rows) {
        const profile = linkedProfile((await insight.ask(parts, table, id, caller)).body);
        expect(profile.id).toBe(profileId);
        expect(profile.measures.length).toBeGreaterThan(0);
      }
    }
  });

  it('tells a unit of another unit’s row exactly what it tells of a row that does not exist', async () => {
    const missing = '00000000-0000-4000-8000-0000000000ff';
    const ofMissing = await insight.ask(parts, 'contact', missing, inNorth);
    for (const { table, id } of rowsOfUnit(south)) {
      const answer = await insight.ask(parts, table, id, inNorth);

      const expected = JSON.stringify(ofMissing).replaceAll(missing, id).replaceAll(' contact ', ` ${table} `);
      expect(JSON.stringify(answer)).toBe(expected);
    }
  });

  it('shows nothing of a profile of another unit behind a row that is everybody’s, not even what stands beside it', async () => {
    const row = rowsOfUnit(north).find(({ table }) => table === 'contact');
    if (row === undefined) throw new Error('The sample has no contact in North');

    // May read every contact and every measure, but no profile.
    const { status, body } = await insight.ask(parts, row.table, row.id, contactsOfAll);

    expect(status).toBe(200);
    expect(body).toEqual({
      linked: false,
      table: row.table,
      id: row.id,
      reason: 'notVisible',
      explanation: expect.any(String),
    });
    const text = JSON.stringify(body);
    for (const secret of [row.profileId, customerOf(row.profileId)]) expect(text).not.toContain(secret);
  });

  it('shows the whole to who may read all units', async () => {
    for (const { table, id, profileId } of [...rowsOfUnit(north), ...rowsOfUnit(south)])
      expect(linkedProfile((await insight.ask(parts, table, id, everywhere)).body).id).toBe(profileId);
  });

  it('names the parts that the person’s roles withhold', async () => {
    const row = rowsOfUnit(north).find(({ table }) => table === 'contact');

    const profile = linkedProfile((await insight.ask(parts, 'contact', row?.id ?? '', profileOnly)).body);

    expect(profile.attributes.msdynci_loyaltytier).toEqual(expect.any(String));
    expect(profile).toMatchObject({ measures: [], segments: [], predictions: [], activities: [] });
    expect(profile.withheld).toEqual(['measures', 'segments', 'predictions', 'activities']);
  });

  it('shows nothing without a person, and says how to be one', async () => {
    const row = rowsOfUnit(north)[0];
    for (const isSignInEnabled of [true, false]) {
      const answer = await insight.ask({ ...parts, isSignInEnabled }, row?.table ?? '', row?.id ?? '');

      expect(answer).toMatchObject({ status: 403, body: { title: 'Forbidden' } });
      expect(JSON.stringify(answer.body)).toContain(isSignInEnabled ? 'Sign in' : 'Turn App Service authentication on');
    }
  });

  it('believes no name that App Service did not write', async () => {
    const row = rowsOfUnit(north)[0];

    const answer = await insight.ask({ ...parts, isSignInEnabled: false }, row?.table ?? '', row?.id ?? '', everywhere);

    expect(answer.status).toBe(403);
  });

  it.each([
    ['unknown to the environment', nobody],
    ['disabled there', disabled],
    ['no Entra account', 'somebody@example.com'],
  ])('refuses a person who is %s, and goes on serving the others', async (_, caller) => {
    const row = rowsOfUnit(north)[0];
    if (row === undefined) throw new Error('The sample has no row in North');

    const refused = await insight.ask(parts, row.table, row.id, caller);
    const served = await insight.ask(parts, row.table, row.id, inNorth);

    expect(refused).toMatchObject({ status: 403, body: { title: 'Forbidden' } });
    expect(linkedProfile(served.body).id).toBe(row.profileId);
  });

  it('says which privilege the application lacks to ask for a person, and still reads for itself', async () => {
    const row = rowsOfUnit(north)[0];
    if (row === undefined) throw new Error('The sample has no row in North');
    const { url, organisation } = insight;
    await putApplicationUser(url, clientId, linkingPrivileges(organisation));

    const forPerson = await insight.ask(parts, row.table, row.id, inNorth);
    const forItself = await insight.ask(insight.partsFor(), row.table, row.id);

    await putApplicationUser(url, clientId, [...linkingPrivileges(organisation), 'prvActOnBehalfOfAnotherUser']);
    expect(forPerson.status).toBe(502);
    expect(JSON.stringify(forPerson.body)).toContain('Act on Behalf of Another User');
    expect(linkedProfile(forItself.body).id).toBe(row.profileId);
  });

  it('holds roles where units are not kept apart, too', async () => {
    const row = rowsOfUnit(south).find(({ table }) => table === 'contact');

    const answer = await insight.ask(insight.partsFor(), 'contact', row?.id ?? '', inNorth);

    expect(answer.status).toBe(404);
  });
});
