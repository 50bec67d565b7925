import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BusinessUnit,
  businessUnits,
  keepUnitsApart,
  putPerson,
  unitOfCustomer,
} from '../../local/sample/business-units.ts';
import { loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import { type Operation, operations } from '../../shared/api/operations.ts';
import { principalHeaders } from '../support/principal.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const organisation = generateOrganisation({ rows: 240, seed: 11 });
const [north, south] = businessUnits;
const inNorth = '00000000-0000-4000-8000-000000000001';
const inSouth = '00000000-0000-4000-8000-000000000002';
const everywhere = '00000000-0000-4000-8000-000000000003';
const administrator = principalHeaders({ id: everywhere, roles: ['Backstamp.Reader'] });
const stranger = '00000000-0000-4000-8000-000000000009';

interface Profile {
  readonly id: string;
  readonly customerId: string;
  readonly unit: BusinessUnit;
  /** What tells this customer from every other. */
  readonly secrets: readonly string[];
}

const profiles: readonly Profile[] = [...organisation.rowsOf('msdynci_customerprofile')].map((row) => {
  const customerId = String(row.msdynci_customerid);
  const id = String(row.msdynci_customerprofileid);
  const secrets = [id, customerId, row.msdynci_emailaddress, row.msdynci_telephone].map((value) => String(value ?? ''));
  return { id, customerId, unit: unitOfCustomer(customerId), secrets: secrets.filter((text) => text.length > 7) };
});
const byId = new Map(profiles.map((profile) => [profile.id, profile]));

interface SourceRow {
  readonly table: string;
  readonly id: string;
  readonly profile: Profile;
}
const sourceRows: readonly SourceRow[] = organisation.sourceTables.flatMap(({ table }) =>
  [...organisation.truth(table)].flatMap(({ id, profileId }) => {
    const profile = profileId === null ? undefined : byId.get(profileId);
    return profile === undefined ? [] : [{ table, id, profile }];
  }),
);
const rowsOf = (unit: BusinessUnit) => sourceRows.filter(({ profile }) => profile.unit === unit);
/** Contacts of North that are given to South: their profiles stay in North. */
const strayed = rowsOf(north)
  .filter(({ table }) => table === 'contact')
  .slice(0, 5);

/** What a request may be about. */
type Asked = Pick<SourceRow, 'table' | 'id'> & { readonly profile: Pick<Profile, 'customerId'> };

/** Everything that nobody of another unit may learn of a unit's customers: ids, what only they have, and their rows. */
const secretsOf = (unit: BusinessUnit): string[] => {
  const others = new Set(profiles.filter((profile) => profile.unit !== unit).flatMap(({ secrets }) => secrets));
  return [
    ...profiles.filter((profile) => profile.unit === unit).flatMap(({ secrets }) => secrets),
    ...rowsOf(unit)
      .filter((row) => !strayed.includes(row))
      .map(({ id }) => id),
  ].filter((secret) => !others.has(secret));
};

describe('a user of one business unit', () => {
  let stack: TestStack;
  let runId: string;
  beforeAll(async () => {
    stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify({ ...unificationSetup(organisation), businessUnits: {} }),
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
        WEBSITE_AUTH_ENABLED: 'true',
      },
      hostLogLevel: 'warn',
    });
    const { dataverseUrl } = stack;
    await loadOrganisation(dataverseUrl, { organisation, clientIds: [localClientId] });
    await putApplicationUser(dataverseUrl, localClientId, 'all');
    await keepUnitsApart(dataverseUrl, organisation);
    await loadRows(
      dataverseUrl,
      'contact',
      strayed.map(({ id }) => ({ contactid: id, ownerid: south.teamId })),
    );
    const reads = organisation.tables
      .map(({ schemaName }) => schemaName)
      .filter((name) => name !== 'msdynci_alternatekey');
    await putPerson(dataverseUrl, { objectId: inNorth, unit: north, reads, depth: 'Local' });
    await putPerson(dataverseUrl, { objectId: inSouth, unit: south, reads, depth: 'Local' });
    await putPerson(dataverseUrl, { objectId: everywhere, reads, depth: 'Global' });
    const client = new RunsClient(stack.hostUrl, stack.functionKey, administrator);
    const run = await client.follow(await client.postEvent('isolation'), () => {});
    runId = run.runId;
    expect((await call(everywhere, 'post', '/segments/refresh')).body).toContain('"complete":true');
  }, 90_000);
  afterAll(() => stack.stop());

  async function call(caller: string | undefined, method: string, path: string, body?: unknown) {
    const person = caller === undefined ? undefined : principalHeaders({ id: caller, roles: ['Backstamp.Operator'] });
    const response = await stack.call(`/api${path}`, {
      method: method.toUpperCase(),
      headers: { 'content-type': 'application/json', ...person },
      ...(method === 'post' && { body: JSON.stringify(body ?? {}) }),
    });
    return { status: response.status, body: await response.text(), headers: JSON.stringify([...response.headers]) };
  }

  /** Every way to ask a route for a row; a route with a placeholder or a body that is not known here fails the test. */
  function requestsFor(operation: Operation, { table, id, profile: { customerId } }: Asked, run = runId) {
    const holdId = 'f'.repeat(16);
    const values: Readonly<Record<string, string>> = { runId: run, table, id, customerId, holdId };
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`Teach this test what {${name}} of ${operation.path} stands for.`);
      return value;
    });
    const bodies: Readonly<Record<string, unknown>> = {
      'receive-unification-event': { eventId: 'isolation' },
      'start-run': { mode: 'rehearsal' },
    };
    if (operation.body !== undefined && !(operation.name in bodies)) {
      throw new Error(`Teach this test what to send to ${operation.name}.`);
    }
    const searches =
      operation.query?.shape.search === undefined ? [''] : ['', `?search=${id}`, '?format=csv', '?outcome=acrossUnits'];
    return searches.map((search) => ({ path: `${path}${search}`, body: bodies[operation.name] }));
  }

  const nobodys: Asked = { table: 'contact', id: stranger, profile: { customerId: stranger } };
  const askedFor = ({ path }: Operation, { id, profile }: Asked): string =>
    path.includes('{customerId}') ? profile.customerId : id;

  const people = [
    { who: 'North', caller: inNorth, own: north, other: south },
    { who: 'South', caller: inSouth, own: south, other: north },
  ] as const;
  const asked = operations.filter(({ method }) => method !== 'options');

  it.each(people)(
    'of $who learns nothing of another unit’s profiles through any route',
    async ({ caller, own, other }) => {
      const secrets = secretsOf(other);
      expect(secrets.length).toBeGreaterThan(100);
      const rows = [...rowsOf(other).slice(0, 12), ...strayed, ...rowsOf(own).slice(0, 4)];
      for (const operation of asked) {
        for (const row of operation.path.includes('{') ? rows : rows.slice(0, 1)) {
          for (const { path, body } of requestsFor(operation, row)) {
            const answer = await call(caller, operation.method, path, body);
            // Whoever asks knows the id that was asked for.
            const told = `${answer.body}${answer.headers}`.replaceAll(askedFor(operation, row), '');
            const learnt = secrets.filter((secret) => told.includes(secret));
            expect(learnt, `${operation.method} ${path} answered ${answer.status}`).toEqual([]);
            expect(answer.status, `${operation.method} ${path}`).not.toBe(500);
          }
        }
      }
    },
  );

  it.each(people)('of $who cannot tell what exists elsewhere from what does not', async ({ caller, other }) => {
    const missing = '00000000-0000-4000-8000-0000000000ff';
    const missingRun = 'f'.repeat(32);
    for (const operation of asked.filter(({ path }) => path.includes('{'))) {
      // A run is of all units; a person has no door through which its rows could be seen.
      for (const row of rowsOf(other)
        .filter((candidate) => !strayed.includes(candidate))
        .slice(0, 12)) {
        const there = requestsFor(operation, row);
        const notThere = requestsFor(operation, { ...row, id: missing, profile: { customerId: missing } }, missingRun);
        for (const [at, request] of there.entries()) {
          const real = await call(caller, operation.method, request.path, request.body);
          const none = await call(caller, operation.method, notThere[at]?.path ?? '', request.body);
          expect(
            { ...none, body: none.body.replaceAll(missing, askedFor(operation, row)), headers: '' },
            request.path,
          ).toEqual({
            ...real,
            headers: '',
          });
        }
      }
    }
  });

  it('whose row leads to a profile of another unit cannot tell it from one that is gone', async () => {
    const [row, gone] = strayed;
    if (row === undefined || gone === undefined) throw new Error('The sample has too few contacts in North');
    await loadRows(stack.dataverseUrl, 'msdynci_customerprofile', [{ $delete: gone.profile.id }]);

    const [there, notThere] = await Promise.all(
      [row, gone].map(({ id }) => call(inSouth, 'get', `/records/contact/${id}/profile`)),
    );

    expect(there?.status).toBe(200);
    expect(there?.body).toContain('"notVisible"');
    expect(notThere?.body.replaceAll(gone.id, row.id)).toBe(there?.body);
  });

  it('steers nothing: no run is started or canceled by a person of one unit', async () => {
    // Events that were sent above may have a run under way.
    const runs = async () => JSON.parse((await call(everywhere, 'get', '/runs')).body).runs as { endedAt?: string }[];
    await expect
      .poll(async () => (await runs()).every(({ endedAt }) => endedAt !== undefined), { timeout: 30_000 })
      .toBe(true);
    const before = (await call(everywhere, 'get', '/runs')).body;
    for (const path of ['/runs', `/runs/${runId}/cancel`, '/segments/refresh']) {
      expect((await call(inNorth, 'post', path, { mode: 'incremental' })).status, path).toBe(403);
    }
    expect((await call(everywhere, 'get', '/runs')).body).toBe(before);
  });

  it('who is unknown to the environment passes no administrators’ door', async () => {
    for (const operation of asked.filter(({ audience }) => audience === 'administrators')) {
      for (const { path, body } of requestsFor(operation, rowsOf(north)[0] ?? nobodys).slice(0, 1)) {
        expect((await call(stranger, operation.method, path, body)).status, path).toBe(403);
      }
    }
  });

  it('is told apart from administrators, who see every unit with the right to read all profiles', async () => {
    const across = await call(everywhere, 'get', `/runs/${runId}/tables/contact/rows?outcome=acrossUnits`);
    expect(across.status).toBe(200);
    expect(strayed.filter(({ id }) => across.body.includes(id)).length).toBe(strayed.length);
    const segments = await call(everywhere, 'get', '/segments');
    expect(segments.status).toBe(200);
    expect(JSON.parse(segments.body).segments.length).toBeGreaterThan(0);
  });

  it('and a key alone opens the door of events, and no other that shows anything', async () => {
    for (const operation of asked) {
      for (const { path, body } of requestsFor(operation, rowsOf(north)[0] ?? nobodys)) {
        const { status } = await call(undefined, operation.method, path, body);
        const isOpen = operation.audience === 'senders' || operation.audience === 'everybody';
        expect({ path, status }).toEqual({ path, status: isOpen ? expect.toBeOneOf([200, 202]) : 401 });
      }
    }
  });

  it('still sees the customers of the own unit', async () => {
    for (const { caller, own } of people) {
      const row = rowsOf(own).find((candidate) => !strayed.includes(candidate));
      const answer = await call(caller, 'get', `/records/${row?.table}/${row?.id}/profile`);
      expect(answer.status).toBe(200);
      expect(answer.body).toContain(row?.profile.customerId);
    }
  });
});
