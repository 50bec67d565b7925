import { alternateKeyColumnOf, type KeySource, keyColumnOf } from './customer-insights-tables.ts';
import type { Row } from './organisation.ts';
import { guidOf } from './random.ts';

/** A source row's key as unification knows it. */
export interface CustomerKey {
  readonly source: KeySource;
  /** As it stands in the source's key column. */
  readonly value: string;
}

/** What the map and the profile tell of a customer. */
export interface UnifiedCustomer {
  /** 32 lower-case hexadecimal digits. */
  readonly customerId: string;
  /** The ids of the customers it came from by merging or splitting. */
  readonly previousCustomerIds: readonly string[];
  /** The winner of each source comes first. */
  readonly keys: readonly CustomerKey[];
}

/** The profile's row id: follows from the CustomerId, but cannot be read off it. */
export const profileIdOf = (customerId: string): string => guidOf(`msdynci_customerprofile|${customerId}`);

/**
 * The alternate value of a source row's id. Its form is not documented, so the sample has every form that a GUID
 * takes on its way through connectors: four of five lower case with dashes, the others upper case, in braces,
 * without dashes, or with stray blanks. The same id always takes the same form.
 */
export function alternateValueOf(id: string): string {
  const die = Number.parseInt(id.slice(-6), 16) % 100;
  if (die < 80) return id;
  if (die < 87) return id.toUpperCase();
  if (die < 92) return `{${id.toUpperCase()}}`;
  if (die < 96) return id.replaceAll('-', '');
  return die < 98 ? ` ${id}` : `${id} `;
}

const sourceName = ({ dataSource, entity }: KeySource): string => `${dataSource}|${entity}`;

/** All keys of a customer by source, the winner first. */
function keysBySource(customer: UnifiedCustomer): Map<string, [CustomerKey, ...CustomerKey[]]> {
  const bySource = new Map<string, [CustomerKey, ...CustomerKey[]]>();
  for (const key of customer.keys) {
    const known = bySource.get(sourceName(key.source));
    if (known === undefined) bySource.set(sourceName(key.source), [key]);
    else known.push(key);
  }
  return bySource;
}

/** The customer's rows of the alternate-key table: one for each key. */
export function mapRowsOf(customer: UnifiedCustomer): Row[] {
  const { customerId, keys } = customer;
  const keyRing = JSON.stringify(
    [...keysBySource(customer).values()].map((ofSource) => ({
      dataSourceName: ofSource[0].source.dataSource,
      tableName: ofSource[0].source.entity,
      preferredKey: ofSource[0].value,
      keys: ofSource.map(({ value }) => value),
    })),
  );
  const profileId = profileIdOf(customerId);
  return keys.map(({ source, value }) => {
    const identifier = `${sourceName(source)}|${value}`;
    return {
      msdynci_alternatekeyid: guidOf(`msdynci_alternatekey|${identifier}`),
      msdynci_datasourcename: source.dataSource,
      msdynci_entityname: source.entity,
      msdynci_alternatevalue: value,
      msdynci_keyring: keyRing,
      msdynci_customerid: customerId,
      msdynci_identifier: identifier,
      msdynci_lookupfield_customer: profileId,
    };
  });
}

/** The key columns of the customer's profile: the winner of each source, and all its keys joined by semicolons. */
export function keyColumnsOf(customer: UnifiedCustomer): Row {
  const columns: Record<string, string> = {};
  for (const ofSource of keysBySource(customer).values()) {
    const [{ source, value }] = ofSource;
    columns[keyColumnOf(source)] = value;
    columns[alternateKeyColumnOf(source)] = ofSource.map((key) => key.value).join(';');
  }
  return columns;
}
