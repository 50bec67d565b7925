import type { Explanation, RecordState, RingRecord } from '../contracts/explanation.ts';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { guidAt, normaliseGuid } from '../customer-insights/guid.ts';
import { isOfSource, type MapEntry, readRing } from '../customer-insights/map-row.ts';
import { linkValue, mapColumns } from '../customer-insights/names.ts';
import type { NamingRow } from '../customer-insights/place-in-map.ts';
import type { Row } from '../dataverse/dataverse.ts';
import { type InsightTables, isLinkableSource } from '../insight/insight-tables.ts';
import { foundOrNot, type ProfileKnown } from './profiles-read.ts';
import { type Answered, oneOf, type Reads } from './reads.ts';

/** Source rows of a customer that are told: what a person can look through, and one request can ask. */
const mostRecords = 200;

type Unread = Omit<RingRecord, 'state'>;

/** A customer's source rows as its key ring lists them, and how each stands once they are read. */
export class CustomerRing {
  readonly entry: MapEntry;
  readonly #records: readonly Unread[];
  readonly #tables: InsightTables;
  readonly #isWhole: boolean;
  readonly #links = new Map<string, Answered>();

  /** Asks for the links of the ring's rows, with the batch. */
  constructor(
    reads: Reads,
    naming: NamingRow,
    source: SourceTable,
    sources: readonly SourceTable[],
    tables: InsightTables,
  ) {
    this.entry = naming.entry;
    const { records, isReadable } = ringRecords(naming, source, sources);
    this.#records = records.slice(0, mostRecords);
    this.#isWhole = isReadable && records.length <= mostRecords;
    this.#tables = tables;
    for (const [table, some] of Map.groupBy(this.#records, (record) => record.table)) {
      const metadata = table === null ? undefined : tables.sources.get(table);
      if (table === null || metadata === undefined || !isLinkableSource(tables, table)) continue;
      const { entitySetName, primaryId } = metadata;
      const filter = oneOf(
        primaryId,
        some.map(({ key }) => key),
      );
      this.#links.set(table, reads.add({ entitySetName, select: [primaryId, linkValue], filter }));
    }
  }

  /**
   * The customer of the map row, with these rows; nobody where whoever asks may not read the profile.
   * @param isKeptApart rows that whoever asks may not read are left out
   */
  told(profile: ProfileKnown, isKeptApart: boolean): Pick<Explanation, 'customer'> {
    if (profile === 'hidden') return {};
    const profileId = foundOrNot(profile)?.id;
    const rows = new Map<string, Map<string, Row>>();
    for (const [table, answered] of this.#links) {
      const primaryId = this.#tables.sources.get(table)?.primaryId ?? '';
      const answer = answered();
      const found = answer.kind === 'rows' ? answer.rows : [];
      rows.set(table, new Map(found.map((row) => [guidAt(row, primaryId) ?? '', row])));
    }
    const stateOf = ({ table, key }: Unread): RecordState => {
      if (table === null) return 'otherSource';
      if (!this.#links.has(table)) return 'notLinkable';
      const row = rows.get(table)?.get(key);
      if (row === undefined) return 'notFound';
      const link = guidAt(row, linkValue);
      if (link === undefined) return 'notLinked';
      return link === profileId ? 'linked' : 'linkedElsewhere';
    };
    const records = this.#records.map((record): RingRecord => ({ ...record, state: stateOf(record) }));
    const told = isKeptApart ? records.filter(({ state }) => state !== 'notFound') : records;
    return {
      customer: {
        customerId: this.entry.customerId,
        profileId: profileId ?? this.entry.profileId ?? null,
        records: told,
        isWhole: this.#isWhole && told.length === records.length,
      },
    };
  }
}

/** The rows that a map row's ring lists; where it lists none, the row that the map row itself names. */
function ringRecords(
  { entry, row }: NamingRow,
  source: SourceTable,
  sources: readonly SourceTable[],
): { readonly records: Unread[]; readonly isReadable: boolean } {
  const own: Unread = {
    dataSource: source.dataSource,
    entity: source.entity,
    table: source.table,
    key: entry.sourceId,
  };
  const ring = readRing(String(row[mapColumns.keyRing] ?? ''));
  const records = (ring ?? []).flatMap(({ dataSource, entity, keys }): Unread[] => {
    const table = sources.find((candidate) => isOfSource({ dataSource, entity }, candidate))?.table ?? null;
    return keys.map((key) => {
      const id = table === null ? undefined : normaliseGuid(key);
      // A key that is no id names no row of Dataverse, whatever its table.
      return { dataSource, entity, table: id === undefined ? null : table, key: id ?? key };
    });
  });
  const isListed = records.some(({ table, key }) => table === own.table && key === own.key);
  return { records: isListed ? records : [own, ...records], isReadable: ring !== undefined };
}
