import { type GeneratedOrganisation, linksOfPerson } from './generator.ts';
import type { LinkTruth, Row, RowChange, TableDefinition, TrueLink } from './organisation.ts';
import { customerIdOf, type Person, recordIdOf, recordsOf, type SourceRecord } from './population.ts';
import { Random } from './random.ts';
import { sourceTableNames } from './source-tables.ts';

/** What linking has to do after the second unification, in source rows of one table. */
export interface ExpectedChanges {
  /** Had no link (or were not there) and get one. */
  readonly linked: number;
  /** Lead to another profile than before. */
  readonly relinked: number;
  /** Stay without a profile: their link must go. */
  readonly cleared: number;
  /** Deleted in Dataverse, link and all. */
  readonly gone: number;
}

/** A further unification run, as changes to an organisation. */
export interface SecondUnification extends LinkTruth {
  /** By table, in the order in which they are to be applied; tables without changes are absent. */
  readonly changes: ReadonlyMap<string, readonly RowChange[]>;
  readonly expected: ReadonlyMap<string, ExpectedChanges>;
}

/** Some people before and after. */
interface Event {
  readonly before: readonly Person[];
  readonly after: readonly Person[];
}

/** Keys of people who were not there before: beyond those of any population. */
const firstNewKey = 0x3fff_0000;

/** Nobody else's row points to it, so it can go without leaving a reference behind. */
const isReferred = (record: SourceRecord, { records }: Person): boolean =>
  records.some((other) => other !== record && (other.contactId === record.id || other.accountId === record.id));

const without = (person: Person, record: SourceRecord): Person[] => {
  const rest = { ...person, records: person.records.filter((other) => other !== record) };
  return rest.records.length + rest.shopNumbers.length > 0 ? [rest] : [];
};

/** Every person once, spread evenly over the population, whatever is taken of them. */
function* peopleSpread({ population }: GeneratedOrganisation, wanted: number): Generator<Person> {
  const stride = Math.max(1, Math.floor(population.blockCount / wanted));
  for (let start = 0; start < stride; start++)
    for (let block = start; block < population.blockCount; block += stride) yield* population.block(block);
}

/** What can happen to people between two runs; each takes a person it suits and tells what becomes of it. */
function createHappenings(
  organisation: GeneratedOrganisation,
): readonly ((person: Person) => Event | 'waiting' | undefined)[] {
  const { population } = organisation;
  const random = new Random(population.seed, 6);
  const added = { contact: 0, lead: 0, opportunity: 0, account: 0 };
  let newPeople = 0;
  const newKey = () => firstNewKey + newPeople++;
  const newRow = () => {
    const table = random.pick(sourceTableNames);
    return { table, id: recordIdOf(population.seed, table, population.rowCount(table) + added[table]++) };
  };
  let waitingToMerge: Person | undefined;

  return [
    // Rows that matched nobody do now.
    (person) =>
      person.customerId === undefined
        ? { before: [person], after: [{ ...person, customerId: customerIdOf(population.seed, person.key) }] }
        : undefined,
    // One customer turns out to be two: the row split off gets a new profile.
    (person) => {
      const last = person.records.at(-1);
      if (person.customerId === undefined || last === undefined || person.records.length < 2) return undefined;
      const key = newKey();
      const splitOff: Person = {
        key,
        customerId: customerIdOf(population.seed, key),
        previousCustomerIds: [person.customerId],
        records: [last],
        shopNumbers: [],
      };
      return { before: [person], after: [...without(person, last), splitOff] };
    },
    // Two customers turn out to be one, who keeps the id of the first.
    (person) => {
      if (person.customerId === undefined) return undefined;
      const first = waitingToMerge;
      if (first === undefined) {
        waitingToMerge = person;
        return 'waiting';
      }
      waitingToMerge = undefined;
      const merged: Person = {
        ...first,
        previousCustomerIds: [person.customerId],
        records: [...first.records, ...person.records],
        shopNumbers: [...first.shopNumbers, ...person.shopNumbers],
      };
      return { before: [first, person], after: [merged] };
    },
    // A row is deleted in Dataverse, and with it its key.
    (person) => {
      const last = person.records.findLast((record) => !isReferred(record, person));
      if (person.customerId === undefined || last === undefined) return undefined;
      return { before: [person], after: without(person, last) };
    },
    // A row is filtered out of unification but stays in Dataverse.
    (person) => {
      const last = person.records.at(-1);
      if (person.customerId === undefined || last === undefined) return undefined;
      const leftOut: Person = { ...person, customerId: undefined, records: [last], shopNumbers: [] };
      return { before: [person], after: [...without(person, last), leftOut] };
    },
    // A known customer gets a further row.
    (person) => {
      const [first] = person.records;
      if (person.customerId === undefined || first === undefined) return undefined;
      const row: SourceRecord = { ...first, ...newRow(), copy: person.records.length };
      return { before: [person], after: [{ ...person, records: [...person.records, row] }] };
    },
    // Somebody new arrives; the person met on the way is not concerned.
    () => {
      const key = newKey();
      const rows = Array.from({ length: random.whole(1, 4) }, newRow);
      const customerId = customerIdOf(population.seed, key);
      return {
        before: [],
        after: [{ key, customerId, previousCustomerIds: [], records: recordsOf(key, rows), shopNumbers: [] }],
      };
    },
  ];
}

/** As many of each happening as `quota` says, or as there are people for; nobody has a part in two. */
function eventsOf(organisation: GeneratedOrganisation, quota: number): Event[] {
  const open = createHappenings(organisation).map((happen) => ({ happen, left: quota }));
  const events: Event[] = [];
  for (const person of peopleSpread(organisation, quota * open.length)) {
    for (const kind of open) {
      const event = kind.left > 0 ? kind.happen(person) : undefined;
      if (event === undefined) continue;
      if (event !== 'waiting') {
        events.push(event);
        kind.left--;
      }
      break;
    }
    if (open.every(({ left }) => left === 0)) break;
  }
  return events;
}

/** What turns the rows of one table before the events into those after them. */
function rowChangesOf(
  organisation: GeneratedOrganisation,
  table: TableDefinition,
  events: readonly Event[],
): RowChange[] {
  const idOf = (row: Row) => String(row[table.primaryId]);
  return events.flatMap(({ before, after }) => {
    const rowsOf = (people: readonly Person[]) =>
      new Map(
        people.flatMap((person) => organisation.rowsOfPerson(table.logicalName, person)).map((row) => [idOf(row), row]),
      );
    const old = rowsOf(before);
    const next = rowsOf(after);
    return [
      ...[...next].filter(([id, row]) => JSON.stringify(row) !== JSON.stringify(old.get(id))).map(([, row]) => row),
      ...[...old.keys()].filter((id) => !next.has(id)).map(($delete) => ({ $delete })),
    ];
  });
}

/** The links of one table before and after the events. */
function linkChangesOf(table: string, events: readonly Event[]) {
  const linksOf = (people: readonly Person[]) =>
    new Map(people.flatMap((person) => linksOfPerson(table, person)).map(({ id, profileId }) => [id, profileId]));
  const old = linksOf(events.flatMap(({ before }) => before));
  const next = linksOf(events.flatMap(({ after }) => after));
  const counts = { linked: 0, relinked: 0, cleared: 0, gone: 0 };
  for (const [id, profileId] of next) {
    const previous = old.get(id) ?? null;
    if (previous === profileId) continue;
    if (previous === null) counts.linked++;
    else if (profileId === null) counts.cleared++;
    else counts.relinked++;
  }
  for (const id of old.keys()) if (!next.has(id)) counts.gone++;
  return { old, next, counts };
}

/**
 * A small second unification run: about one source row in 200 is concerned, by seven kinds of happenings, each at
 * least once where there are people enough (a hundred rows have them). Everything else stays as it was, so that
 * linking has these rows to write and no others.
 */
export function secondUnification(organisation: GeneratedOrganisation): SecondUnification {
  const { population, sourceTables, tables } = organisation;
  const rows = sourceTableNames.reduce((sum, table) => sum + population.rowCount(table), 0);
  const events = eventsOf(organisation, Math.max(1, Math.round((rows * 0.005) / 10)));
  const links = new Map(sourceTables.map(({ table }) => [table, linkChangesOf(table, events)]));

  function* truth(table: string): Generator<TrueLink> {
    const changed = links.get(table);
    if (changed === undefined) return;
    for (const link of organisation.truth(table)) if (!changed.old.has(link.id)) yield link;
    for (const [id, profileId] of changed.next) yield { id, profileId };
  }

  return {
    sourceTables,
    changes: new Map(
      tables
        .map((table) => [table.logicalName, rowChangesOf(organisation, table, events)] as const)
        .filter(([, changes]) => changes.length > 0),
    ),
    expected: new Map([...links].map(([table, { counts }]) => [table, counts])),
    truth,
  };
}
