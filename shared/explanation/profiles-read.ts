import { customerIdColumn, previousCustomerIdColumn } from '../customer-insights/customer-tables.ts';
import { guidAt } from '../customer-insights/guid.ts';
import type { MapEntry } from '../customer-insights/map-row.ts';
import { unitValue } from '../customer-insights/owner-columns.ts';
import type { Read, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { odataText } from '../odata-text.ts';
import type { Answered, Reads } from './reads.ts';

/** A profile as it stands. */
export interface ProfileFound {
  readonly id: string;
  readonly customerId: string;
  /** The customers that it came from by merging or splitting. */
  readonly previousCustomerIds: readonly string[];
  /** The business unit that owns it, where that was asked. */
  readonly unit: string | undefined;
}

/** What is known of a profile: `hidden` where whoever asks may not even learn whether it exists. */
export type ProfileKnown = ProfileFound | 'missing' | 'hidden';

/** The profiles that an explanation is about; all of them travel with its batch. */
export class ProfilesRead {
  readonly #reads: Reads;
  readonly #table: TableMetadata | undefined;
  readonly #isKeptApart: boolean;
  readonly #columns: readonly string[];
  readonly #byId = new Map<string, Answered>();
  readonly #byCustomer = new Map<string, Answered>();

  /**
   * @param table undefined where the environment has no profiles: then none exists
   * @param isKeptApart whoever asks is to learn of no profile of another business unit
   */
  constructor(
    reads: Reads,
    table: TableMetadata | undefined,
    { isKeptApart, withUnit }: { readonly isKeptApart: boolean; readonly withUnit: boolean },
  ) {
    this.#reads = reads;
    this.#table = table;
    this.#isKeptApart = isKeptApart;
    const previous = table?.columns.has(previousCustomerIdColumn) ? [previousCustomerIdColumn] : [];
    this.#columns = [customerIdColumn, ...previous, ...(withUnit ? [unitValue] : [])];
  }

  want(id: string): void {
    if (!this.#byId.has(id)) this.#ask(this.#byId, id, { id });
  }

  /** The profile of a map row: by its own pointer, else by its CustomerId. */
  wantOf({ profileId, customerId }: MapEntry): void {
    if (profileId !== undefined) this.want(profileId);
    else if (customerId !== '' && !this.#byCustomer.has(customerId)) {
      const filter = `${customerIdColumn} eq ${odataText(customerId)}`;
      this.#ask(this.#byCustomer, customerId, { filter, top: 1 });
    }
  }

  #ask(asked: Map<string, Answered>, key: string, which: Pick<Read, 'id' | 'filter' | 'top'>): void {
    if (this.#table === undefined) return;
    const { entitySetName, primaryId } = this.#table;
    asked.set(key, this.#reads.add({ entitySetName, select: [primaryId, ...this.#columns], ...which }));
  }

  get(id: string): ProfileKnown {
    return this.#known(this.#byId.get(id));
  }

  of({ profileId, customerId }: MapEntry): ProfileKnown {
    if (profileId !== undefined) return this.get(profileId);
    return customerId === '' ? 'missing' : this.#known(this.#byCustomer.get(customerId));
  }

  #known(answered: Answered | undefined): ProfileKnown {
    if (this.#table === undefined) return 'missing';
    const answer = answered?.();
    if (answer === undefined || answer.kind === 'denied') return 'hidden';
    const [row] = answer.rows;
    if (row === undefined) return this.#isKeptApart ? 'hidden' : 'missing';
    return this.#found(row);
  }

  #found(row: Row): ProfileFound {
    const previous = String(row[previousCustomerIdColumn] ?? '');
    return {
      id: guidAt(row, this.#table?.primaryId ?? '') ?? '',
      customerId: String(row[customerIdColumn] ?? '').trim(),
      previousCustomerIds: previous
        .split(';')
        .map((text) => text.trim())
        .filter((text) => text !== ''),
      unit: guidAt(row, unitValue),
    };
  }
}

/** A profile that is there and may be read; undefined otherwise. */
export const foundOrNot = (known: ProfileKnown): ProfileFound | undefined =>
  typeof known === 'string' ? undefined : known;
