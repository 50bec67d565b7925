import { describe, expect, it } from 'vitest';
import { RetryableError } from '../../shared/errors.ts';
import { teamLines } from '../../shared/ownership/carry-on.ts';
import { createMapping } from '../../shared/ownership/owner-mapping.ts';
import {
  confirmOwners,
  followerTables,
  ownedOrganisation,
  ownedSetup,
  ownersOf,
  putFollower,
  putProfile,
  teamId,
  unitId,
} from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { guidOf } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

const profiles = 'msdynci_customerprofile';
const [activities = ''] = followerTables;
const { businessUnits } = ownedSetup;
function missing(): never {
  throw new Error('The set-up has two teams.');
}

async function findingsOf(simulation: Simulation, table = profiles) {
  const runId = simulation.post({ eventId: 'rehearsal', mode: 'rehearsal', tables: [table] });
  await simulation.run();
  return taskOf(simulation, runId, table);
}

/** Changes a team as the directory knows it. */
function alterTeam({ organisation }: Simulation, unit: number, change: object): void {
  const { teams } = organisation.directory;
  const at = teams.findIndex(({ id }) => id === teamId(unit));
  const team = teams[at];
  if (team !== undefined) teams[at] = { ...team, ...change };
}

const setupWith = (teams: NonNullable<typeof businessUnits>['teams']) => ({
  ...ownedSetup,
  businessUnits: { ...businessUnits, teams },
});
const [north = missing(), south = missing()] = businessUnits?.teams ?? [];

describe('a task that sees to owners is skipped, and nothing is written, where', () => {
  it.each<[string, string, RegExp, (simulation: Simulation) => void]>([
    [
      'a unit is missing',
      'unit-missing',
      /no business unit North/,
      ({ organisation }) => organisation.remove('businessunit', unitId(1)),
    ],
    [
      'a unit is disabled',
      'unit-disabled',
      /North is disabled/,
      ({ organisation }) => organisation.put('businessunit', unitId(1), { isdisabled: true }),
    ],
    [
      'a team is missing',
      'team-missing',
      /no team North customers/,
      ({ organisation }) => organisation.remove('team', teamId(1)),
    ],
    [
      'a team is in another unit',
      'team-missing',
      /no team South customers/,
      ({ organisation }) => organisation.put('team', teamId(2), { _businessunitid_value: unitId(1) }),
    ],
    [
      'a team owns no rows',
      'team-kind',
      /access team/,
      ({ organisation }) => organisation.put('team', teamId(1), { teamtype: 1 }),
    ],
    [
      'a team lacks a role',
      'team-role',
      /Marketing Professional/,
      (simulation) => alterTeam(simulation, 1, { roles: ['Customer Insights Data Read Access'] }),
    ],
    [
      'a team may not read the table',
      'team-may-not-own',
      /0x80040299/,
      (simulation) => alterTeam(simulation, 2, { reads: [] }),
    ],
    [
      "the root unit's team may not read it",
      'team-may-not-own',
      /Root of Root/,
      (simulation) => alterTeam(simulation, 0, { reads: [] }),
    ],
    [
      'the root unit has no default team',
      'root-unit',
      /default team/,
      ({ organisation }) => organisation.put('team', teamId(0), { isdefault: false }),
    ],
    [
      'the app may not assign',
      'may-not-assign',
      /prvAssignmsdynci_customerprofile/,
      ({ organisation }) => organisation.directory.withheld.add('prvAssignmsdynci_customerprofile'),
    ],
    [
      'the app may not write',
      'may-not-assign',
      /prvWritemsdynci_customerprofile/,
      ({ organisation }) => organisation.directory.withheld.add('prvWritemsdynci_customerprofile'),
    ],
    [
      'units are modernised',
      'modernised-units',
      /across business units is on/,
      ({ organisation }) =>
        organisation.put('organization', unitId(9), {
          orgdborgsettings:
            '<OrgSettings><EnableOwnershipAcrossBusinessUnits>true</EnableOwnershipAcrossBusinessUnits></OrgSettings>',
        }),
    ],
    [
      'the profile has no such column',
      'unit-column',
      /msdynci_region/,
      ({ organisation }) => organisation.alterTable(profiles, { columns: new Map([['ownerid', 'Owner']]) }),
    ],
    [
      'rows have no owners',
      'no-owners',
      /no owners/,
      ({ organisation }) => organisation.alterTable(profiles, { columns: new Map([['msdynci_region', 'String']]) }),
    ],
    [
      'the table is virtual',
      'no-owners',
      /no owners/,
      ({ organisation }) => organisation.alterTable(profiles, { tableType: 'Virtual' }),
    ],
  ])('%s', async (_, code, words, spoil) => {
    const simulation = ownedOrganisation();
    putProfile(simulation, 1, 1);
    spoil(simulation);

    const { status, findings, details } = await findingsOf(simulation);

    expect(status).toBe('Skipped');
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.finding).toMatch(words);
    expect(findings[0]?.remedy).toMatch(/\.$/);
    expect(details[0]).toBe('Owners were not written: not every requirement is met.');
    expect(simulation.organisation.writes).toEqual([]);
  });

  it('two teams of one unit are named', async () => {
    const simulation = ownedOrganisation({}, setupWith([north, south, { ...north, team: 'More', values: ['M'] }]));

    expect((await findingsOf(simulation)).findings.map(({ code }) => code)).toEqual(['one-team-per-unit']);
  });

  it('a table that follows names neither profile nor customer', async () => {
    const simulation = ownedOrganisation();
    simulation.organisation.alterTable(activities, { lookups: [], columns: new Map([['ownerid', 'Owner']]) });

    expect((await findingsOf(simulation, activities)).findings.map(({ code }) => code)).toEqual(['no-profile']);
  });

  it('Customer Insights writes no such table; the others get their owners', async () => {
    const simulation = ownedOrganisation();
    simulation.organisation.alterTable(activities, { logicalName: 'gone' });
    putProfile(simulation, 1, 1);
    const runId = simulation.post({ eventId: 'rehearsal', mode: 'rehearsal' });
    await simulation.run();

    expect(taskOf(simulation, runId, activities).findings.map(({ code }) => code)).toEqual(['table-missing']);
    expect(taskOf(simulation, runId, profiles).status).toBe('Successful');
  });

  it('everything that is wrong with the teams is told at once', async () => {
    const simulation = ownedOrganisation();
    simulation.organisation.remove('businessunit', unitId(1));
    alterTeam(simulation, 2, { roles: [] });

    expect((await findingsOf(simulation)).findings.map(({ code }) => code)).toEqual([
      'unit-missing',
      'team-role',
      'team-role',
    ]);
  });
});

describe('another mapping', () => {
  it('has to be rehearsed and confirmed again, and is then a full pass', async () => {
    const simulation = ownedOrganisation();
    for (const number of [1, 2, 3]) {
      putProfile(simulation, number, number % 3);
      putFollower(simulation, activities, { number, profile: number });
    }
    await confirmOwners(simulation);
    const before = simulation.organisation.writes.length;
    Object.assign(simulation.options, {
      setup: setupWith([
        { ...north, values: ['region 2'] },
        { ...south, values: ['region 1'] },
      ]),
    });
    simulation.clock.advance(3_600_000);

    const early = simulation.post({ eventId: 'early' });
    await simulation.run();
    expect(taskOf(simulation, early, profiles).findings.map(({ code }) => code)).toEqual(['rehearse-owners']);
    expect(simulation.organisation.writes.length).toBe(before);

    const tables = [profiles, activities];
    simulation.post({ eventId: 'again', mode: 'rehearsal', tables });
    await simulation.run();
    simulation.clock.advance(60_000);
    const confirmed = simulation.post({ eventId: 'confirmed again', tables, giveOwners: true });
    await simulation.run();

    expect(taskOf(simulation, confirmed, profiles).details).toContain('Full pass: another mapping of values to teams.');
    expect(taskOf(simulation, confirmed, profiles).counters).toMatchObject({ assigned: 2, failed: 0 });
    expect(taskOf(simulation, confirmed, activities).counters).toMatchObject({ assigned: 2, failed: 0 });
  });
});

describe('tables of the root unit', () => {
  /** A prediction that somebody gave to the unit North. */
  function withStray(otherTables: 'report' | 'correct' | undefined): Simulation {
    const setup = {
      ...ownedSetup,
      businessUnits: {
        ...businessUnits,
        ownership: { column: 'msdynci_region', ...(otherTables === undefined ? {} : { otherTables }) },
      },
    };
    const simulation = ownedOrganisation({}, setup);
    const { organisation } = simulation;
    organisation.createTable({
      logicalName: 'msdynci_prediction',
      entitySetName: 'msdynci_predictions',
      primaryId: 'msdynci_predictionid',
    });
    for (const [index, unit] of [0, 0, 1, 1, 1, 1, 1].entries()) {
      organisation.put('msdynci_prediction', unitId(100 + index), {
        _ownerid_value: teamId(unit),
        _owningbusinessunit_value: unitId(unit),
      });
    }
    return simulation;
  }

  it.each([
    [undefined, '5 rows of msdynci_prediction did not belong to the root unit.', 5],
    ['report' as const, '5 rows of msdynci_prediction did not belong to the root unit.', 5],
    ['correct' as const, '5 rows of msdynci_prediction did not belong to the root unit; 5 were given to it.', 0],
  ])('where the set-up says %s', async (otherTables, line, strays) => {
    const simulation = withStray(otherTables);

    await confirmOwners(simulation);

    const unitOf = (id: string) => simulation.organisation.row('msdynci_prediction', id)?._owningbusinessunit_value;
    const ids = simulation.organisation.ids('msdynci_prediction');
    expect(ids.filter((id) => unitOf(id) !== unitId(0))).toHaveLength(strays);
    const details = simulation.tables.runs.partitions.flatMap((runId) =>
      simulation.tables.runs
        .documents(runId)
        .flatMap(({ document }) => (document as { details?: string[] }).details ?? []),
    );
    expect(details).toContain(line);
  });

  const straysOf = ({ organisation }: Simulation, table: string) =>
    organisation.ids(table).filter((id) => organisation.row(table, id)?._owningbusinessunit_value !== unitId(0)).length;
  const addStray = ({ organisation }: Simulation, table: string) => {
    organisation.createTable({ logicalName: table, entitySetName: `${table}s`, primaryId: `${table}id` });
    organisation.put(table, unitId(500), { _ownerid_value: teamId(1), _owningbusinessunit_value: unitId(1) });
  };
  const detailsOf = async (simulation: Simulation, event: { eventId: string; giveOwners?: boolean }) => {
    simulation.clock.advance(3_600_000);
    const runId = simulation.post({ tables: [profiles], ...event });
    await simulation.run();
    return taskOf(simulation, runId, profiles).details.join(' ');
  };

  it('are counted only, where the rehearsal that was confirmed did not show that they would be given to it', async () => {
    const simulation = withStray('report');
    await confirmOwners(simulation);
    Object.assign(simulation.options, { setup: withStray('correct').options.setup });

    expect(await detailsOf(simulation, { eventId: 'corrects now' })).toMatch(/msdynci_prediction .* not rehearsed/);
    expect(straysOf(simulation, 'msdynci_prediction')).toBe(5);

    await confirmOwners(simulation, 'again');
    expect(straysOf(simulation, 'msdynci_prediction')).toBe(0);

    addStray(simulation, 'msdynci_made_since');
    expect(await detailsOf(simulation, { eventId: 'later' })).toMatch(/msdynci_made_since .* not rehearsed/);
    expect(straysOf(simulation, 'msdynci_made_since')).toBe(1);
  });

  it('are not those of segments, which their members’ unit owns', async () => {
    const simulation = withStray('correct');
    addStray(simulation, 'msdynci_segment');
    await confirmOwners(simulation);
    expect(straysOf(simulation, 'msdynci_segment')).toBe(1);
    expect(straysOf(simulation, 'msdynci_prediction')).toBe(0);
  });

  it('never keep owners from being written, though they cannot even be counted', async () => {
    const simulation = withStray('report');
    const { directory } = simulation.organisation;
    const read = directory.read.bind(directory);
    directory.read = (path, names) => {
      if (path.includes('OwnershipType')) throw new RetryableError('Dataverse is busy.');
      return read(path, names);
    };
    putProfile(simulation, 1, 1);
    await confirmOwners(simulation);
    expect(ownersOf(simulation, profiles).get(guidOf('p', 1))).toBe(1);
  });
});

describe('a confirmation by the version before', () => {
  it('still holds for the tables that it was acted by for, and for no other', async () => {
    const simulation = ownedOrganisation();
    putProfile(simulation, 1, 1);
    await confirmOwners(simulation);
    const { linkStates } = simulation.tables;
    const confirmed = linkStates.documents('ownership').find(({ rowKey }) => rowKey.startsWith('confirmed|'));
    const mapping = confirmed?.rowKey.split('|')[1] ?? '';
    const before = ownedOrganisation();
    before.tables.linkStates.put('ownership', `confirmed|${mapping}`, confirmed?.document);
    const { ownershipConsents } = before.connect();

    for (const table of [profiles, ...followerTables]) {
      expect(await ownershipConsents.confirmed({ mapping, table }), table).toBeDefined();
    }
    expect(await ownershipConsents.confirmed({ mapping, table: 'msdynci_prediction' })).toBeUndefined();
    putProfile(before, 1, 1);
    before.post({ eventId: 'event' });
    await before.run();
    expect(ownersOf(before, profiles).get(guidOf('p', 1))).toBe(1);
  });
});

describe('a rehearsal', () => {
  it.each<[string, (simulation: Simulation) => void, string[]]>([
    ['was of profiles alone', () => undefined, [profiles]],
    [
      'skipped a table',
      ({ organisation }) => organisation.alterTable(activities, { logicalName: 'gone' }),
      [profiles, activities],
    ],
  ])('consents for no other table where it %s', async (_, before, tables) => {
    const simulation = ownedOrganisation();
    putProfile(simulation, 1, 1);
    putFollower(simulation, activities, { number: 1, profile: 1 });
    before(simulation);
    simulation.post({ eventId: 'rehearsal', mode: 'rehearsal', tables });
    await simulation.run();
    simulation.organisation.alterTable(activities, { logicalName: activities });
    simulation.clock.advance(60_000);

    const runId = simulation.post({ eventId: 'run', tables: [profiles, activities], giveOwners: true });
    await simulation.run();

    expect(taskOf(simulation, runId, profiles).status).toBe('Successful');
    expect(taskOf(simulation, runId, activities).findings.map(({ code }) => code)).toEqual(['rehearse-owners']);
  });
});

describe('values and lists of any length', () => {
  it('end no task: a value of a million characters, and six hundred teams', async () => {
    const many = Array.from({ length: 600 }, (_, at) => ({
      businessUnit: 'North',
      team: `Team ${at} ${'x'.repeat(400)}`,
      values: [`v${at}`],
    }));
    const simulation = ownedOrganisation();
    putProfile(simulation, 1, 1);
    simulation.organisation.put(profiles, guidOf('p', 1), { msdynci_region: 'y'.repeat(1_000_000) });
    let longest = 0;
    for (const table of [simulation.tables.linkStates, simulation.tables.runs]) {
      table.onWrite = (_partition, _row, document) => {
        longest = Math.max(longest, JSON.stringify(document).length);
      };
    }

    const { status, details } = await findingsOf(simulation);

    expect(status).toBe('Successful');
    expect(details.join(' ')).toMatch(
      /1 profile has a value of msdynci_region that belongs to no unit, for example "y{100}"/,
    );
    expect(longest).toBeLessThan(64_000);
    const root = { businessUnit: 'Root', unitId: unitId(0), team: 'Root', teamId: teamId(0) };
    const teams = many.map((team, at) => ({ ...team, unitId: unitId(1), teamId: guidOf('c', at) }));
    const lines = teamLines(createMapping('msdynci_region', teams, root), { [guidOf('c', 7)]: { rows: 3, moved: 2 } });
    expect(lines).toHaveLength(99);
    expect(lines[0]).toMatch(/^Team 7 x+: 3 rows, 2 of them new\.$/);
    expect(lines.join('').length).toBeLessThan(64_000);
  });
});
