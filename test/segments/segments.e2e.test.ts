import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type World } from '../../cli/run-command.ts';
import { type BusinessUnit, businessUnits, keepUnitsApart, unitOfCustomer } from '../../local/sample/business-units.ts';
import { callStandIn, loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import { type SegmentList, segmentListSchema } from '../../shared/api/schemas.ts';
import { segmentReadingSchema } from '../../shared/contracts/segments.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const organisation = generateOrganisation({ rows: 2_000, seed: 3 });
const [north, south] = businessUnits;

interface Membership {
  readonly id: string;
  readonly customerId: string;
  segments: string[];
}
describe.each([{ tracked: true }, { tracked: false }])(
  'segments of an organisation that tracks its changes: $tracked',
  ({ tracked }) => {
    const memberships: Membership[] = [...organisation.rowsOf('msdynci_segmentmembership')].map((row) => ({
      id: String(row.msdynci_segmentmembershipid),
      customerId: String(row.msdynci_customerid),
      segments: JSON.parse(String(row.msdynci_segments)) as string[],
    }));
    const unitOf = new Map(memberships.map(({ customerId }) => [customerId, unitOfCustomer(customerId)]));

    /** Members of a segment by unit, as they really are. */
    function truthOf(name: string): Record<string, number> {
      const counts: Record<string, number> = {};
      for (const { customerId, segments } of memberships) {
        const unit = unitOf.get(customerId)?.name ?? '';
        if (segments.includes(name)) counts[unit] = (counts[unit] ?? 0) + 1;
      }
      return counts;
    }

    let stack: TestStack;
    beforeAll(async () => {
      stack = await startTestStack({
        settings: {
          BACKSTAMP_UNIFICATION: JSON.stringify({ ...unificationSetup(organisation), businessUnits: {} }),
          BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
          BACKSTAMP_PAGE_SIZE: '300',
        },
        hostLogLevel: 'warn',
      });
      const tables = organisation.tables.map((table) =>
        table.logicalName === 'msdynci_segmentmembership' ? { ...table, changeTracking: tracked } : table,
      );
      await loadOrganisation(stack.dataverseUrl, {
        organisation: { ...organisation, tables },
        clientIds: [localClientId],
      });
      await putApplicationUser(stack.dataverseUrl, localClientId, 'all');
      await keepUnitsApart(stack.dataverseUrl, organisation);
      await own('HighValueCustomers', north);
    }, 90_000);
    afterAll(() => stack.stop());

    /** Customer Insights' table of segments, with one segment and its owner. */
    async function own(name: string, unit: BusinessUnit): Promise<void> {
      const definition = {
        ...{ logicalName: 'msdynci_segment', schemaName: 'msdynci_segment', primaryId: 'msdynci_segmentid' },
        ...{ primaryName: 'msdynci_name', tableType: 'Elastic', changeTracking: false, bulk: false },
        columns: [{ logicalName: 'msdynci_name', type: 'String', maxLength: 200 }],
      };
      const headers = { 'content-type': 'application/json' };
      const made = await callStandIn(stack.dataverseUrl, '/__control/tables', {
        method: 'POST',
        body: JSON.stringify(definition),
        headers,
      });
      await made.arrayBuffer();
      await loadRows(stack.dataverseUrl, 'msdynci_segment', [
        { msdynci_segmentid: '5e000000-0000-4000-8000-000000000001', msdynci_name: name, ownerid: unit.teamId },
      ]);
    }

    async function listed(query = ''): Promise<SegmentList> {
      return segmentListSchema.parse(await (await stack.call(`/api/segments${query}`)).json());
    }
    async function refresh(): Promise<void> {
      for (;;) {
        const response = await stack.call('/api/segments/refresh', { method: 'POST' });
        expect(response.status).toBe(200);
        if (segmentReadingSchema.parse(await response.json()).complete) return;
      }
    }
    async function expectTruth(): Promise<SegmentList> {
      const list = await listed();
      for (const { name, units, members } of list.segments) {
        expect(Object.fromEntries(units.map((unit) => [unit.name, unit.members])), name).toEqual(truthOf(name));
        expect(members).toBe(memberships.filter(({ segments }) => segments.includes(name)).length);
      }
      expect(list.segments.map(({ name }) => name)).toEqual(['ChurnRisk', 'HighValueCustomers']);
      return list;
    }

    it('say that they were not counted yet', async () => {
      expect(await listed()).toEqual({ segments: [], countedAt: null, complete: false });
    });

    it('are counted, with owner, and with those in the way', async () => {
      await refresh();

      const { segments, complete } = await expectTruth();
      expect(complete).toBe(true);
      const [churn, valuable] = segments;
      expect(valuable).toMatchObject({ owner: { id: north.id, name: 'North' }, ready: 'no' });
      const { North: _, ...others } = truthOf('HighValueCustomers');
      expect(valuable?.inTheWay.members).toBe(Object.values(others).reduce((sum, count) => sum + count, 0));
      for (const { customerId, unit } of valuable?.inTheWay.sample ?? []) {
        expect(unit.name).toBe(unitOf.get(customerId)?.name);
        expect(unit.name).not.toBe('North');
      }
      expect(churn).toMatchObject({ owner: null, ready: 'no' });
      expect(churn?.reasons.at(-1)).toContain('No segment of the name ChurnRisk');
    });

    it('are brought up to date with members that join, leave, and change hands', async () => {
      const [joins, leaves, moves] = memberships.filter(({ segments }) => segments.length === 1);
      if (joins === undefined || leaves === undefined || moves === undefined) throw new Error('Too few members');
      joins.segments = ['ChurnRisk', 'HighValueCustomers'];
      memberships.splice(memberships.indexOf(leaves), 1);
      unitOf.set(moves.customerId, unitOf.get(moves.customerId) === north ? south : north);
      const { dataverseUrl } = stack;
      await loadRows(dataverseUrl, 'msdynci_segmentmembership', [
        { msdynci_segmentmembershipid: joins.id, msdynci_segments: JSON.stringify(joins.segments) },
        { $delete: leaves.id },
      ]);
      const profile = [...organisation.rowsOf('msdynci_customerprofile')].find(
        (row) => row.msdynci_customerid === moves.customerId,
      );
      const ownerid = unitOf.get(moves.customerId)?.teamId ?? '';
      await loadRows(dataverseUrl, 'msdynci_customerprofile', [
        { msdynci_customerprofileid: String(profile?.msdynci_customerprofileid), ownerid },
      ]);

      await refresh();
      await expectTruth();
    });

    it('are given a page at a time', async () => {
      const first = await listed('?pageSize=1');
      const second = await listed(`?pageSize=1&continuation=${first.continuation}`);

      expect([...first.segments, ...second.segments].map(({ name }) => name)).toEqual([
        'ChurnRisk',
        'HighValueCustomers',
      ]);
      expect(second.continuation).toBeUndefined();
      expect((await stack.call('/api/segments?continuation=*')).status).toBe(400);
      expect((await stack.call('/api/segments?pageSize=0')).status).toBe(400);
    });

    it('are counted anew after each run, by the timer', async () => {
      const client = new RunsClient(stack.hostUrl, stack.functionKey);
      const before = (await listed()).countedAt;
      const run = await client.follow(await client.postEvent(`segments-${tracked}`), () => {});
      expect(run.status).toBe('Successful');

      await tick();
      const after = (await listed()).countedAt;
      await tick();

      expect(Date.parse(after ?? '')).toBeGreaterThan(Date.parse(run.endedAt ?? ''));
      expect(after).not.toBe(before);
      // Nothing has ended since: nothing is counted.
      expect((await listed()).countedAt).toBe(after);
      await expectTruth();
    });

    /** The timer fires, and has done its work when something is counted anew, or after a while in which nothing is. */
    async function tick(): Promise<void> {
      const before = (await listed()).countedAt;
      const response = await fetch(`${stack.hostUrl}/admin/functions/watch-segments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-functions-key': stack.masterKey },
        body: '{}',
      });
      expect(response.status).toBe(202);
      for (const until = Date.now() + 3_000; Date.now() < until && (await listed()).countedAt === before; )
        await sleep(100);
    }

    it('are shown on the command line', async () => {
      const written: string[] = [];
      const world: World = {
        environment: { BACKSTAMP_URL: stack.hostUrl, BACKSTAMP_KEY: stack.functionKey },
        write: (text) => void written.push(text),
        complain: (text) => void written.push(text),
        askSecretly: async () => undefined,
        sleep,
        now: Date.now,
      };

      expect(await runCommand(['segments', '--refresh'], world)).toBe(0);
      const text = written.join('');
      expect(text).toMatch(/^Counted as of .+\nsegment +members +units +owner +ready +in the way\n/);
      expect(text).toMatch(/HighValueCustomers +\d+ +.*North \d+.* North +no +\d+/);
      expect(text).toContain('Its members belong to 3 business units.');

      written.length = 0;
      expect(await runCommand(['segments', '--json'], world)).toBe(0);
      expect(segmentListSchema.parse(JSON.parse(written.join(''))).segments).toHaveLength(2);
    });
  },
);
