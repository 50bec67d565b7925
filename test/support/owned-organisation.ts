import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import type { LinkingOptions } from '../../shared/linking/parts.ts';
import type { Simulation } from './simulation.ts';
import { addProfile, guidOf, smallOrganisation, smallSetup } from './small-organisation.ts';

/** Business units of the owned organisation; the root unit is number 0. */
export const unitId = (unit: number): string => `d0000000-0000-4000-8000-${String(unit).padStart(12, '0')}`;
/** The team of a unit, which owns its rows. */
export const teamId = (unit: number): string => `f0000000-0000-4000-8000-${String(unit).padStart(12, '0')}`;
/** Who owns a row that nobody has seen to. */
export const creatorId = '90000000-0000-4000-8000-000000000001';

export const unitColumn = 'msdynci_region';
const names = ['Root', 'North', 'South', 'West'] as const;

export const ownedSetup: UnificationSetup = {
  ...smallSetup,
  businessUnits: {
    ownership: { column: unitColumn },
    teams: [1, 2].map((unit) => ({
      businessUnit: names[unit] ?? '',
      team: `${names[unit]} customers`,
      values: [`region ${unit}`],
    })),
  },
};

const followers = [
  ['msdynci_unifiedactivity', 'msdynci_unifiedactivities', 'a1'],
  ['msdynci_segmentmembership', 'msdynci_segmentmemberships', 'a2'],
  ['msdynci_customermeasure', 'msdynci_customermeasures', 'a3'],
] as const;
export const followerTables = followers.map(([table]) => table);

/** Id of a row of a table that follows the profiles. */
export const followerId = (table: string, number: number): string => {
  const head = followers.find(([name]) => name === table)?.[2] ?? '00';
  return `${head}000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
};

const ownedColumns = [
  ['ownerid', 'Owner'],
  ['owningbusinessunit', 'Lookup'],
] as const;

/** A small organisation with business units North and South, whose profiles name their unit; no row has its owner yet. */
export function ownedOrganisation(options: Partial<LinkingOptions> = {}, setup = ownedSetup): Simulation {
  const simulation = smallOrganisation({ contacts: 1, leads: 0 }, { setup, ...options });
  const { organisation } = simulation;
  organisation.alterTable('msdynci_customerprofile', {
    columns: new Map([
      ['msdynci_customerprofileid', 'Uniqueidentifier'],
      ['msdynci_customerid', 'String'],
      [unitColumn, 'String'],
      ...ownedColumns,
    ]),
  });
  for (const [logicalName, entitySetName] of followers) {
    organisation.createTable({
      logicalName,
      entitySetName,
      primaryId: `${logicalName}id`,
      tableType: 'Elastic',
      lookups: [
        {
          column: 'msdynci_lookupfield_customer',
          navigationProperty: 'msdynci_lookupfield_customer',
          referencedTable: 'msdynci_customerprofile',
          relationship: logicalName,
        },
      ],
      columns: new Map([['msdynci_customerid', 'String'], ...ownedColumns]),
    });
  }
  for (const [logicalName, entitySetName] of [
    ['businessunit', 'businessunits'],
    ['team', 'teams'],
    ['organization', 'organizations'],
  ] as const) {
    organisation.createTable({ logicalName, entitySetName, primaryId: `${logicalName}id` });
  }
  for (const unit of [0, 1, 2, 3]) addUnit(simulation, unit);
  return simulation;
}

function addUnit({ organisation }: Simulation, unit: number): void {
  const name = names[unit] ?? '';
  organisation.put('businessunit', unitId(unit), {
    name,
    isdisabled: false,
    _parentbusinessunitid_value: unit === 0 ? null : unitId(0),
  });
  organisation.put('team', teamId(unit), {
    name: unit === 0 ? name : `${name} customers`,
    teamtype: 0,
    isdefault: unit === 0,
    _businessunitid_value: unitId(unit),
  });
  organisation.directory.teams.push({
    id: teamId(unit),
    unitId: unitId(unit),
    roles: ['Customer Insights Data Read Access', 'Marketing Professional (BU level)'],
    reads: ['msdynci_customerprofile', ...followerTables],
  });
}

/** A profile of a unit arrives, or moves to one; 0 is a profile whose value no unit has. */
export function putProfile(simulation: Simulation, profile: number, unit: number): void {
  const { organisation } = simulation;
  const isNew = organisation.row('msdynci_customerprofile', guidOf('p', profile)) === undefined;
  if (isNew) addProfile(simulation, profile);
  const values = { [unitColumn]: unit === 0 ? 'nowhere' : ` Region ${unit}` };
  organisation.put('msdynci_customerprofile', guidOf('p', profile), isNew ? { ...values, ...unowned } : values);
}

const unowned = { _ownerid_value: creatorId, _owningteam_value: null, _owningbusinessunit_value: unitId(0) };

/** A row about a customer arrives, owned by whoever wrote it; by its CustomerId alone where it names no profile row. */
export function putFollower(
  { organisation }: Simulation,
  table: string,
  { number, profile, byCustomer = false }: { number: number; profile: number; byCustomer?: boolean },
): void {
  organisation.put(table, followerId(table, number), {
    msdynci_customerid: `customer-${profile}`,
    _msdynci_lookupfield_customer_value: byCustomer ? null : guidOf('p', profile),
    ...unowned,
  });
}

/** Owners of a table's rows, by row: the number of the team's unit, or whoever it is. */
export function ownersOf({ organisation }: Simulation, table: string): Map<string, number | string> {
  const units = new Map([0, 1, 2, 3].map((unit) => [teamId(unit), unit]));
  return new Map(
    organisation.ids(table).map((id) => {
      const owner = String(organisation.row(table, id)?._ownerid_value);
      return [id, units.get(owner) ?? owner];
    }),
  );
}

/** Rehearses and confirms, so that from now on every run sees to the owners. */
export async function confirmOwners(simulation: Simulation, name = 'first'): Promise<void> {
  const tables = ['msdynci_customerprofile', ...followerTables];
  simulation.post({ eventId: `${name} rehearsal`, mode: 'rehearsal', tables });
  await simulation.run();
  simulation.clock.advance(60_000);
  simulation.post({ eventId: `${name} confirmation`, tables, giveOwners: true });
  await simulation.run();
}
