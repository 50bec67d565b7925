import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import type { Simulation } from './simulation.ts';
import { addProfile, customerOf, guidOf, smallOrganisation, smallSetup } from './small-organisation.ts';

/** Contacts of a crowd: more than a brake lets pass in any case. */
export const crowd = 13;
/** The tables of the wide world, with the letter of their rows' ids and how many rows each has. */
export const wideTables = { contact: { letter: 'c', rows: 4 }, lead: { letter: 'l', rows: 3 } } as const;
export type WideTable = keyof typeof wideTables;
export const mostProfiles = 4;
/** Map rows that may name one source row. */
export const mapRowsPerSource = 3;

/** What a map row says of its key. */
interface Spelt {
  readonly msdynci_alternatevalue: string | null;
  readonly msdynci_identifier?: string;
  readonly msdynci_keyring?: string;
}

const entities = { contact: 'contact1', lead: 'lead' } as const;
const ringOf = (table: WideTable, keys: readonly string[]): string =>
  JSON.stringify([{ dataSourceName: ' CRM ', tableName: entities[table], preferredKey: keys[0], keys }]);

/** Every way in which a map row may name its source row. The last one names none. */
export const spellings: readonly ((id: string, table: WideTable) => Spelt)[] = [
  (id) => ({ msdynci_alternatevalue: id }),
  (id) => ({ msdynci_alternatevalue: id.toUpperCase() }),
  (id) => ({ msdynci_alternatevalue: `{${id}}` }),
  (id) => ({ msdynci_alternatevalue: id.replaceAll('-', '') }),
  (id) => ({ msdynci_alternatevalue: ` ${id}` }),
  (id) => ({ msdynci_alternatevalue: `{${id.toUpperCase()}} ` }),
  (id) => ({ msdynci_alternatevalue: `\t{ ${id.replaceAll('-', '')} }  ` }),
  (id, table) => ({ msdynci_alternatevalue: null, msdynci_identifier: `CRM|${entities[table]}|${id}` }),
  (id, table) => ({ msdynci_alternatevalue: 'ann@contoso.com', msdynci_keyring: ringOf(table, [` ${id}`]) }),
  () => ({ msdynci_alternatevalue: 'ann@contoso.com' }),
];
export const unusable = spellings.length - 1;

/** A map row as the world knows it, whatever its spelling. */
interface KnownMapRow {
  readonly table: WideTable;
  readonly source: number;
  readonly profile: number;
  readonly isUsable: boolean;
  /** It names the customer alone. */
  readonly withoutLookup: boolean;
}

export interface MapPlace {
  readonly table: WideTable;
  readonly source: number;
  /** Which of the source row's map rows. */
  readonly place: number;
}

export const sourceId = (table: WideTable, source: number): string => guidOf(wideTables[table].letter, source);
const mapRowId = ({ table, source, place }: MapPlace): string =>
  guidOf('m', source + 100 * place + (table === 'contact' ? 0 : 1_000));
/** A second profile row of the same customer. */
const twinOf = (profile: number): string => guidOf('p', profile + 50);

const mapTable = 'msdynci_alternatekey';
const linkColumn = 'msdynci_lookupfield_customerprofile';

/** An organisation to which everything may happen, and what is known of it without asking the app. */
export class WideWorld {
  readonly simulation: Simulation;
  readonly #mapRows = new Map<string, KnownMapRow>();
  readonly #rows: Readonly<Record<WideTable, number>>;
  /** When anything but the app changed something. */
  changedAt = 0;
  /** Tables that the set-up names by a name that the map does not know. */
  misnamed: readonly WideTable[] = [];
  /** Something changed how many rows have a link that no pass counts before it walks them. */
  miscounted = false;
  /** Until when storage refuses whatever is asked of it. */
  storageRefusesUntil = 0;

  constructor(options: Parameters<typeof smallOrganisation>[1], contacts: number = wideTables.contact.rows) {
    this.#rows = { contact: contacts, lead: wideTables.lead.rows };
    this.simulation = smallOrganisation({ contacts: 0, leads: 0 }, options);
    for (const table of Object.keys(wideTables) as WideTable[]) {
      for (const source of this.#sources(table)) this.putRow(table, source);
    }
  }

  #sources(table: WideTable): number[] {
    return Array.from({ length: this.#rows[table] }, (_, at) => at + 1);
  }

  get #organisation() {
    return this.simulation.organisation;
  }

  changed(): void {
    this.changedAt = this.simulation.clock.now();
  }

  map(at: MapPlace, profile: number, spelling: number, withoutLookup: boolean): void {
    this.changed();
    const { table, source } = at;
    const spelt = spellings[spelling] ?? spellings[0];
    const key = spelt?.(sourceId(table, source), table);
    this.#organisation.put(mapTable, mapRowId(at), {
      msdynci_datasourcename: spelling % 2 === 0 ? 'CRM' : ' crm ',
      msdynci_entityname: entities[table],
      msdynci_keyring: null,
      msdynci_identifier: `CRM|${entities[table]}|${key?.msdynci_alternatevalue}`,
      ...key,
      msdynci_customerid: customerOf(profile),
      _msdynci_lookupfield_customer_value: withoutLookup ? null : guidOf('p', profile),
    });
    this.#mapRows.set(mapRowId(at), { table, source, profile, isUsable: spelling !== unusable, withoutLookup });
  }

  /** Every row of a table is given to a profile by its number: by a rule gone wrong, all of them to one. */
  mapAll(table: WideTable, profileOf: (source: number) => number): void {
    for (const source of this.#sources(table)) this.map({ table, source, place: 0 }, profileOf(source), 0, false);
  }

  unmapAll(table: WideTable): void {
    for (const source of this.#sources(table)) {
      for (let place = 0; place < mapRowsPerSource; place++) this.unmap({ table, source, place });
    }
  }

  unmap(at: MapPlace): void {
    this.changed();
    this.#organisation.remove(mapTable, mapRowId(at));
  }

  /** The map row goes, and comes back as it was after so many minutes. */
  leaveAndReturn(at: MapPlace, minutes: number): void {
    const before = this.#organisation.row(mapTable, mapRowId(at));
    if (before === undefined) return;
    const values = { ...before };
    const known = this.#mapRows.get(mapRowId(at));
    this.unmap(at);
    this.simulation.clock.after(minutes * 60_000, () => {
      if (this.#organisation.row(mapTable, mapRowId(at)) !== undefined) return;
      this.changed();
      this.#organisation.put(mapTable, mapRowId(at), values);
      // It may have said something else meanwhile.
      if (known !== undefined) this.#mapRows.set(mapRowId(at), known);
    });
  }

  profile(profile: number, isThere: boolean): void {
    this.changed();
    if (isThere) addProfile(this.simulation, profile);
    else this.#organisation.remove('msdynci_customerprofile', guidOf('p', profile));
  }

  /** A profile row comes once more under another id, or that one goes. */
  twin(profile: number, isThere: boolean): void {
    this.changed();
    const values = { msdynci_customerid: customerOf(profile) };
    if (isThere) this.#organisation.put('msdynci_customerprofile', twinOf(profile), values);
    else this.#organisation.remove('msdynci_customerprofile', twinOf(profile));
  }

  /** Somebody else sets a link, or empties it. */
  editLink(table: WideTable, source: number, profile: number | undefined): void {
    this.miscounted = true;
    const id = sourceId(table, source);
    if (!this.#organisation.hasTable(table)) return;
    if (this.#organisation.row(table, id) === undefined || !this.#organisation.hasColumn(table, linkColumn)) return;
    this.changed();
    this.#organisation.put(table, id, {
      [`_${linkColumn}_value`]: profile === undefined ? null : guidOf('p', profile),
    });
  }

  /** A source row, as it was made or restored: without a link. */
  putRow(table: WideTable, source: number): void {
    this.changed();
    if (this.#organisation.hasTable(table)) this.#organisation.put(table, sourceId(table, source), {});
  }

  removeRow(table: WideTable, source: number): void {
    this.miscounted = true;
    this.changed();
    if (this.#organisation.hasTable(table)) this.#organisation.remove(table, sourceId(table, source));
  }

  removeColumn(table: WideTable): void {
    this.miscounted = true;
    this.changed();
    if (this.#organisation.hasTable(table)) this.#organisation.removeColumn(table, linkColumn);
  }

  makeColumn(table: WideTable): void {
    this.miscounted = true;
    if (!this.#organisation.hasTable(table)) return;
    this.changed();
    this.#organisation.removeColumn(table, linkColumn);
    this.#organisation.makeLookup(table);
  }

  /** A source table is deleted, or made anew with its rows. */
  table(table: WideTable, isThere: boolean): void {
    if (!isThere) this.miscounted = true;
    this.changed();
    if (isThere) this.#organisation.restoreTable(table);
    else this.#organisation.dropTable(table);
  }

  /** Dataverse refuses a row, or takes it again. */
  refuse(table: WideTable, source: number, isRefused: boolean): void {
    this.changed();
    if (isRefused) this.#organisation.badRows.set(sourceId(table, source), 'A plug-in refused it.');
    else this.#organisation.badRows.delete(sourceId(table, source));
  }

  /** Which tables the set-up names, and which of them by a wrong name. */
  setUp(listed: readonly WideTable[], misnamed: readonly WideTable[]): void {
    this.changed();
    this.misnamed = misnamed;
    const setup: UnificationSetup = {
      ...smallSetup,
      tables: smallSetup.tables
        .filter(({ table }) => listed.includes(table as WideTable))
        .map((source) => ({
          ...source,
          entity: misnamed.includes(source.table as WideTable) ? `${source.entity}s of old` : source.entity,
        })),
    };
    Object.assign(this.simulation.options, { setup });
  }

  /** The environment gets another address: what was noted under the old one leads nowhere. */
  rename(number: number): void {
    this.changed();
    const origin = number === 0 ? 'https://contoso.crm.dynamics.com' : `https://contoso${number}.crm.dynamics.com`;
    this.#organisation.origin = origin;
    Object.assign(this.simulation.options, { dataverseUrl: origin });
  }

  /** Whether the map's feed tells of map rows that are gone, or all of them are read by each pass. */
  tellsDeletions = true;

  feed(feed: 'changeTracking' | 'modified' | 'scan'): void {
    this.changed();
    this.tellsDeletions = feed !== 'modified';
    this.#organisation.alterTable(mapTable, {
      changeTracking: feed === 'changeTracking',
      tableType: feed === 'scan' ? 'Virtual' : 'Elastic',
    });
  }

  /**
   * What every row's link may be: that of the newest usable map row whose profile exists; none where no map row names it.
   * Rows that are named, and of whose profiles none exists, are left out: they wait, with whatever link they have; so are
   * rows that Dataverse refuses.
   */
  truth(table: WideTable): Map<string, readonly string[]> {
    const truth = new Map<string, readonly string[]>();
    if (!this.#organisation.hasTable(table)) return truth;
    const rows = this.#organisation
      .ids(mapTable)
      .map((id) => ({ id, version: Number(this.#organisation.row(mapTable, id)?.versionnumber) }))
      .sort((a, b) => b.version - a.version)
      .map(({ id }) => this.#mapRows.get(id))
      .filter((row) => row?.isUsable && row.table === table);
    for (const source of this.#sources(table)) {
      const id = sourceId(table, source);
      if (this.#organisation.row(table, id) === undefined || this.#organisation.badRows.has(id)) continue;
      const ofRow = rows.filter((row) => row?.source === source);
      const existing = ofRow.map((row) => this.#profilesOf(row)).find((profiles) => profiles.length > 0);
      if (existing !== undefined || ofRow.length === 0) truth.set(id, existing ?? []);
    }
    return truth;
  }

  /** The profile rows that a map row may lead to, as far as they exist. */
  #profilesOf(row: KnownMapRow | undefined): string[] {
    if (row === undefined) return [];
    const { profile, withoutLookup } = row;
    return [guidOf('p', profile), ...(withoutLookup ? [twinOf(profile)] : [])].filter(
      (id) => this.#organisation.row('msdynci_customerprofile', id) !== undefined,
    );
  }

  /** Rows whose link differs from the truth. */
  wrongRows(
    table: WideTable,
  ): { readonly id: string; readonly is: string | undefined; readonly must: string | undefined }[] {
    if (!this.#organisation.hasTable(table)) return [];
    const links = this.#organisation.links(table);
    return [...this.truth(table)].flatMap(([id, may]) => {
      const is = links.get(id);
      const isRight = is === undefined ? may.length === 0 : may.includes(is);
      return isRight ? [] : [{ id, is, must: may[0] }];
    });
  }

  /** What differs from the truth, as text; empty where every link is right. */
  wrongLinks(table: WideTable): string[] {
    return this.wrongRows(table).map(
      ({ id, is, must }) => `${table} ${id}: is ${is ?? 'empty'}, must be ${must ?? 'empty'}`,
    );
  }
}
