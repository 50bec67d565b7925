import { guidOf, hexDigitsOf, Random } from './random.ts';
import { type SourceTableName, sourceTableNames } from './source-tables.ts';

/** A source row: where it is, whom it is about, and what it points to. */
export interface SourceRecord {
  readonly table: SourceTableName;
  readonly id: string;
  /** Key of the person it is about, whichever customer unification makes of it. */
  readonly about: number;
  /** 0: written with care. The further copies of a person's data have typos, each its own. */
  readonly copy: number;
  readonly contactId: string | null;
  readonly accountId: string | null;
}

/** What unification took for one person. */
export interface Person {
  /** Unlike that of any other person. */
  readonly key: number;
  /** Absent where the rows never took part in unification. */
  readonly customerId: string | undefined;
  readonly previousCustomerIds: readonly string[];
  readonly records: readonly SourceRecord[];
  /** Keys in the web shop, a source that is not in Dataverse. */
  readonly shopNumbers: readonly string[];
}

/** Who there is, and which rows tell of them; made block by block, so that it can be any size. */
export interface Population {
  readonly seed: number;
  readonly blockCount: number;
  rowCount(table: SourceTableName): number;
  /** The people of a block; nobody has rows in two blocks. */
  block(index: number): Person[];
}

/** Percent of all source rows. */
const shares: Readonly<Record<SourceTableName, number>> = { contact: 40, lead: 30, opportunity: 20, account: 10 };
const rowsPerBlock = 40;
/** More than the people a block can have: the next block's keys begin there. */
const keysPerBlock = 64;
/** Ten people in this order have 20 rows: four have one, three two, two three, one four. */
const recordsPerPerson = [1, 2, 3, 1, 2, 4, 1, 3, 2, 1] as const;

export const recordIdOf = (seed: number, table: SourceTableName, index: number): string =>
  guidOf(`${seed}|${table}|${index}`);
export const customerIdOf = (seed: number, key: number): string => hexDigitsOf(`${seed}|customer|${key}`);

/**
 * One person's rows, in the order of the source tables. Rows of one person point to each other as they would in
 * Dynamics 365: a contact to its account, an opportunity to both.
 */
export function recordsOf(
  person: number,
  rows: readonly { readonly table: SourceTableName; readonly id: string }[],
): SourceRecord[] {
  const contactId = rows.find(({ table }) => table === 'contact')?.id ?? null;
  const accountId = rows.find(({ table }) => table === 'account')?.id ?? null;
  return sourceTableNames
    .flatMap((name) => rows.filter(({ table }) => table === name))
    .map(({ table, id }, copy) => ({ table, id, about: person, copy, contactId, accountId }));
}

/** Rows of each table, nearest to their shares, together `rows`. */
function rowCounts(rows: number): Record<SourceTableName, number> {
  const counts = { contact: 0, lead: 0, opportunity: 0, account: 0 };
  let share = 0;
  for (const table of sourceTableNames) {
    const before = Math.round((rows * share) / 100);
    share += shares[table];
    counts[table] = Math.round((rows * share) / 100) - before;
  }
  return counts;
}

/** @param rows number of source rows over the four tables. */
export function createPopulation({ rows, seed }: { readonly rows: number; readonly seed: number }): Population {
  const counts = rowCounts(rows);
  const blockCount = Math.ceil(rows / rowsPerBlock);

  const block = (index: number): Person[] => {
    const random = new Random(seed, 2, index);
    const slots = random.shuffle(
      sourceTableNames.flatMap((table) => {
        const from = Math.floor((counts[table] * index) / blockCount);
        const to = Math.floor((counts[table] * (index + 1)) / blockCount);
        return Array.from({ length: to - from }, (_, offset) => ({ table, index: from + offset }));
      }),
    );
    const people: Person[] = [];
    for (let taken = 0; taken < slots.length; ) {
      const key = index * keysPerBlock + people.length;
      const size = recordsPerPerson[people.length % recordsPerPerson.length] ?? 1;
      const rowsOfPerson = slots
        .slice(taken, taken + size)
        .map((slot) => ({ table: slot.table, id: recordIdOf(seed, slot.table, slot.index) }));
      taken += size;
      // A lone row is what unification may drop: the fourth person of each block has one, and matched nobody.
      const isUnified = people.length !== 3;
      people.push({
        key,
        customerId: isUnified ? customerIdOf(seed, key) : undefined,
        previousCustomerIds: [],
        records: recordsOf(key, rowsOfPerson),
        shopNumbers: isUnified && random.chance(0.1) ? [`WS-${100_000 + key}`] : [],
      });
    }
    return people;
  };

  return { seed, blockCount, rowCount: (table) => counts[table], block };
}
