import { loadRows } from '../../local/sample/control-plane.ts';
import type { GeneratedOrganisation } from '../../local/sample/generator.ts';
import type { LinkTruth, Row, TrueLink } from '../../local/sample/organisation.ts';

const mapTable = 'msdynci_alternatekey';
const mapId = 'msdynci_alternatekeyid';
const profileLookup = 'msdynci_lookupfield_customer';
const linkColumn = 'msdynci_lookupfield_customerprofile';

/** A source row with the one map row that names it. */
interface Subject {
  readonly table: string;
  readonly id: string;
  readonly mapRow: Row;
  /** The profile that the map gives it now; null while its map row is away. */
  profileId: string | null;
  exists: boolean;
}

const plain = (key: unknown): string =>
  String(key ?? '')
    .toLowerCase()
    .replaceAll(/[^0-9a-f]/g, '');

/**
 * The organisation as Customer Insights and its people change it while the app works, and the links that there must be
 * in the end. It changes source rows that one map row names, so that the truth is plain.
 */
export class SoakWorld implements LinkTruth {
  readonly sourceTables;
  readonly #url: string;
  readonly #random: () => number;
  readonly #subjects: Subject[] = [];
  /** Rows of source tables that are no subjects, with the links that they keep. */
  readonly #others = new Map<string, TrueLink[]>();
  readonly #primaryKeys: ReadonlyMap<string, string>;
  readonly #profiles: { readonly id: string; readonly customerId: string }[] = [];

  constructor(url: string, organisation: GeneratedOrganisation, random: () => number) {
    this.#url = url;
    this.#random = random;
    this.sourceTables = organisation.sourceTables;
    this.#primaryKeys = new Map(organisation.sourceTables.map(({ table, primaryKey }) => [table, primaryKey]));
    const mapRows = new Map<string, Row[]>();
    for (const row of organisation.rowsOf(mapTable)) {
      const key = plain(row.msdynci_alternatevalue);
      mapRows.set(key, [...(mapRows.get(key) ?? []), row]);
    }
    for (const row of organisation.rowsOf('msdynci_customerprofile')) {
      this.#profiles.push({ id: String(row.msdynci_customerprofileid), customerId: String(row.msdynci_customerid) });
    }
    for (const { table } of organisation.sourceTables) {
      const others: TrueLink[] = [];
      for (const link of organisation.truth(table)) {
        const [mapRow, ...more] = mapRows.get(plain(link.id)) ?? [];
        const isPlain = mapRow !== undefined && more.length === 0 && link.profileId !== null;
        if (isPlain) this.#subjects.push({ table, id: link.id, mapRow, profileId: link.profileId, exists: true });
        else others.push(link);
      }
      this.#others.set(table, others);
    }
  }

  get size(): number {
    return this.#subjects.length;
  }

  *truth(table: string): Iterable<TrueLink> {
    yield* this.#others.get(table) ?? [];
    for (const { table: own, id, profileId, exists } of this.#subjects) {
      if (own === table && exists) yield { id, profileId };
    }
  }

  /** Does one thing to the organisation; tells what. */
  async change(): Promise<string> {
    const subject = this.#pick(this.#subjects);
    const { table, id, mapRow } = subject;
    const happening = this.#pick(['remap', 'remap', 'leave or come back', 'edit', 'empty', 'delete or restore']);
    if (happening === 'remap') {
      const profile = this.#pick(this.#profiles);
      subject.profileId = profile.id;
      await this.#putMapRow(subject);
    } else if (happening === 'leave or come back') {
      if (subject.profileId === null) {
        subject.profileId = String(mapRow[profileLookup]);
        await this.#putMapRow(subject);
      } else {
        subject.profileId = null;
        await loadRows(this.#url, mapTable, [{ $delete: String(mapRow[mapId]) }]);
      }
    } else if (happening === 'delete or restore') {
      const primaryKey = this.#primaryKeys.get(table) ?? '';
      await loadRows(this.#url, table, [subject.exists ? { $delete: id } : { [primaryKey]: id }]);
      subject.exists = !subject.exists;
    } else if (subject.exists) {
      const stranger = happening === 'edit' ? this.#pick(this.#profiles).id : null;
      await loadRows(this.#url, table, [{ [this.#primaryKeys.get(table) ?? '']: id, [linkColumn]: stranger }]);
    }
    return `${happening} ${table} ${id}`;
  }

  async #putMapRow({ mapRow, profileId }: Subject): Promise<void> {
    const profile = this.#profiles.find(({ id }) => id === profileId);
    const row = { ...mapRow, [profileLookup]: profileId, msdynci_customerid: profile?.customerId ?? '' };
    await loadRows(this.#url, mapTable, [row]);
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }
}
