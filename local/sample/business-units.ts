import { callStandIn, loadRows } from './control-plane.ts';
import type { Organisation, Row } from './organisation.ts';
import { guidOf } from './random.ts';

/** A business unit below the root, and the team that owns its rows. */
export interface BusinessUnit {
  readonly name: string;
  readonly id: string;
  readonly teamId: string;
}

const unit = (name: string): BusinessUnit => ({
  name,
  id: guidOf(`businessunit|${name}`),
  teamId: guidOf(`team|${name}`),
});

/** The units of the sample organisation. */
export const businessUnits: readonly [BusinessUnit, BusinessUnit, BusinessUnit] = [
  unit('North'),
  unit('South'),
  unit('West'),
];

/** The unit a customer belongs to; follows from the CustomerId, so that every table about the customer agrees. */
export const unitOfCustomer = (customerId: string): BusinessUnit =>
  businessUnits[(Number.parseInt(customerId.slice(-4), 16) % businessUnits.length) as 0 | 1 | 2];

/** What rows of Customer Insights' own tables say of the customer they are about. */
const customerIdColumn = 'msdynci_customerid';
/** The map is in the root unit, as every table of Customer Insights but those about one customer. */
const tablesOfUnits = (organisation: Organisation): readonly string[] =>
  organisation.tables
    .map(({ logicalName }) => logicalName)
    .filter((name) => name.startsWith('msdynci_') && name !== 'msdynci_alternatekey');

/** Source rows belong to the unit of their profile; those without a profile to the first. */
function* ownersOfSourceRows(organisation: Organisation, table: string, primaryKey: string): Generator<Row> {
  const customers = new Map<string, string>();
  for (const profile of organisation.rowsOf('msdynci_customerprofile'))
    customers.set(String(profile.msdynci_customerprofileid), String(profile[customerIdColumn]));
  for (const { id, profileId } of organisation.truth(table)) {
    const customer = profileId === null ? undefined : customers.get(profileId);
    const { teamId } = customer === undefined ? businessUnits[0] : unitOfCustomer(customer);
    yield { [primaryKey]: id, ownerid: teamId };
  }
}

function* ownersOfInsight(organisation: Organisation, table: string): Generator<Row> {
  const primaryId = organisation.tables.find(({ logicalName }) => logicalName === table)?.primaryId ?? '';
  for (const row of organisation.rowsOf(table))
    yield { [primaryId]: row[primaryId] ?? null, ownerid: unitOfCustomer(String(row[customerIdColumn])).teamId };
}

/** Makes the business units below the root, each with the team that owns its rows. */
export async function makeUnits(url: string): Promise<void> {
  await loadRows(
    url,
    'businessunit',
    businessUnits.map(({ id, name }) => ({ businessunitid: id, name, isdisabled: false })),
  );
  await loadRows(
    url,
    'team',
    businessUnits.map(({ id, teamId, name }) => ({
      teamid: teamId,
      name: teamNameOf({ name }),
      businessunitid: id,
      teamtype: 0,
      isdefault: false,
    })),
  );
}

/** Name of a unit's team. */
export const teamNameOf = ({ name }: Pick<BusinessUnit, 'name'>): string => `${name} customers`;

/** The profile's column that tells the unit; its values are the units' names. */
export const regionColumn = 'msdynci_region';

/** Makes the business units with their teams, and gives every row of an organisation that was loaded its owner. */
export async function keepUnitsApart(url: string, organisation: Organisation): Promise<void> {
  await makeUnits(url);
  for (const table of tablesOfUnits(organisation)) await loadRows(url, table, ownersOfInsight(organisation, table));
  for (const { table, primaryKey } of organisation.sourceTables)
    await loadRows(url, table, ownersOfSourceRows(organisation, table, primaryKey));
}

/** Id of a person's row. */
export const personId = ({ objectId }: { readonly objectId: string }): string => guidOf(`systemuser|${objectId}`);

/** Makes a person who may read some tables, as far as a depth reaches. */
export async function putPerson(
  url: string,
  person: {
    /** Id in the directory, by which the person is acted for. */
    readonly objectId: string;
    /** The root unit where absent. */
    readonly unit?: BusinessUnit;
    /** Schema names of tables. */
    readonly reads: readonly string[];
    readonly depth: 'Basic' | 'Local' | 'Global';
    readonly disabled?: boolean;
  },
): Promise<void> {
  const { objectId, unit: own, reads, depth, disabled = false } = person;
  const privileges = reads.map((name) => `prvRead${name}/${depth}`);
  const body = { privileges, objectId, disabled, ...(own === undefined ? {} : { businessUnit: own.id }) };
  const response = await callStandIn(url, `/__control/users/${personId({ objectId })}`, {
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  await response.arrayBuffer();
}
