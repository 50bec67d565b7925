import { splitIdentifier } from '../customer-insights/map-row.ts';
import { mapColumns } from '../customer-insights/names.ts';
import type { Dataverse, Row, TableMetadata } from '../dataverse/dataverse.ts';
import { odataText } from '../odata-text.ts';

/** A pair of data source and table that the map names, as it is written there but for white space around it. */
export interface MapSource {
  readonly dataSource: string;
  readonly entity: string;
  /** A fair sample of its keys, as the map has them. */
  readonly keys: readonly string[];
}

/** What the map names. */
export interface MapSources {
  readonly sources: readonly MapSource[];
  /** What could not be read to its end, or names nothing; in words. */
  readonly leftOut: readonly string[];
}

type Reader = Pick<Dataverse, 'readPage'>;

/** Rows of one request: those of several small sources, or a sample of one large one. */
export const pageSize = 200;
const sampleSize = 24;
/** A unification has some dozens of sources, a few have hundreds; a map that seems to have more is not read to its end. */
const mostRequests = 2_000;

export const select = [mapColumns.id, mapColumns.dataSource, mapColumns.entity, mapColumns.key, mapColumns.identifier];
const { dataSource: sourceColumn, entity: entityColumn, identifier: identifierColumn } = mapColumns;
export const textOf = (row: Row, column: string): string => (typeof row[column] === 'string' ? row[column] : '');

/**
 * The distinct sources of the map, in about one request for each however many rows it has: the first row beyond the pair
 * found last is the next pair's first. Names that differ in case or white space alone are one source, as linking takes
 * them.
 */
export async function readMapSources(dataverse: Reader, map: TableMetadata, signal: AbortSignal): Promise<MapSources> {
  const found = new Found();
  const leftOut = [
    await readNamed(dataverse, map, found, signal),
    await readByIdentifier(dataverse, map, found, signal),
  ].filter((one) => one !== undefined);
  if (found.nameless > 0) {
    leftOut.push(
      `Rows of the map name no data source or table, neither in columns nor in their identifier, so that nobody can tell whose they are; ${found.nameless} were seen.`,
    );
  }
  return { sources: found.sources(), leftOut };
}

/** Sources with the keys seen of each, put together by name. */
export class Found {
  nameless = 0;
  readonly #keys = new Map<
    string,
    { readonly dataSource: string; readonly entity: string; readonly keys: Set<string> }
  >();

  add(dataSource: string, entity: string, key: string): void {
    const names = { dataSource: dataSource.trim(), entity: entity.trim() };
    if (names.dataSource === '' || names.entity === '') {
      this.nameless++;
      return;
    }
    const id = JSON.stringify([names.dataSource.toLowerCase(), names.entity.toLowerCase()]);
    const known = this.#keys.get(id) ?? { ...names, keys: new Set<string>() };
    known.keys.add(key);
    this.#keys.set(id, known);
  }

  sources(): MapSource[] {
    return [...this.#keys.values()].map(({ dataSource, entity, keys }) => ({
      dataSource,
      entity,
      keys: sampleOf([...keys]),
    }));
  }
}

/** Some of the keys from all over the list, so that no corner of the source speaks for the whole. */
function sampleOf(keys: readonly string[]): string[] {
  if (keys.length <= sampleSize) return [...keys];
  return Array.from({ length: sampleSize }, (_, at) => keys[Math.floor((at * keys.length) / sampleSize)] ?? '');
}

/** Rows that name their source in columns; resolves to what was left out. */
async function readNamed(
  dataverse: Reader,
  { entitySetName }: TableMetadata,
  found: Found,
  signal: AbortSignal,
): Promise<string | undefined> {
  const orderBy = `${sourceColumn} asc,${entityColumn} asc`;
  const otherEnds: Promise<void>[] = [];
  let filter: string | undefined = `${sourceColumn} ne null and ${entityColumn} ne null`;
  for (let requests = 0; filter !== undefined && requests < mostRequests; requests++) {
    const asked: string = filter;
    const page = await dataverse.readPage({ entitySetName, select, filter: asked, orderBy, pageSize }, signal);
    for (const row of page.rows) {
      const parts = splitIdentifier(textOf(row, identifierColumn));
      // What is blank in a column may stand in the identifier.
      const dataSource = textOf(row, sourceColumn).trim() || (parts?.dataSource ?? '');
      const entity = textOf(row, entityColumn).trim() || (parts?.entity ?? '');
      found.add(dataSource, entity, keyOf(row));
    }
    const [first, end] = [page.rows[0], page.rows.at(-1)];
    filter = undefined;
    if (page.nextLink === undefined || end === undefined) continue;
    const [dataSource, entity] = [textOf(end, sourceColumn), textOf(end, entityColumn)];
    const isAlone = first?.[sourceColumn] === dataSource && first[entityColumn] === entity;
    if (isAlone) {
      const end = readOtherEnd(dataverse, entitySetName, dataSource, entity, found, signal);
      // Whoever waits for it below is told; until then it must not end the process.
      end.catch(() => undefined);
      otherEnds.push(end);
    }
    // The last of several may have more rows than the page could hold: the next page begins with it.
    const within = `${sourceColumn} eq ${odataText(dataSource)} and ${entityColumn} ${isAlone ? 'gt' : 'ge'} ${odataText(entity)}`;
    const beyond = `${entityColumn} ne null and ((${within}) or ${sourceColumn} gt ${odataText(dataSource)})`;
    // Where the service and this loop disagree on what comes after: better to end than to go round.
    if (beyond !== asked) filter = beyond;
    else {
      await Promise.all(otherEnds);
      return `The map was not read to its end: what comes after "${dataSource}" "${entity}" is not among the sources.`;
    }
  }
  await Promise.all(otherEnds);
  return filter === undefined ? undefined : 'The map has too many sources to be read to its end.';
}

/** Of a source that fills a page by itself, rows from the other end too: the first ones may be of a kind. */
async function readOtherEnd(
  dataverse: Reader,
  entitySetName: string,
  dataSource: string,
  entity: string,
  found: Found,
  signal: AbortSignal,
): Promise<void> {
  const filter = `${sourceColumn} eq ${odataText(dataSource)} and ${entityColumn} eq ${odataText(entity)}`;
  const orderBy = `${mapColumns.id} desc`;
  const { rows } = await dataverse.readPage({ entitySetName, select, filter, orderBy, pageSize }, signal);
  for (const row of rows) found.add(dataSource, entity, keyOf(row));
}

/** Rows whose names stand in the identifier alone; resolves to what was left out. */
async function readByIdentifier(
  dataverse: Reader,
  { entitySetName }: TableMetadata,
  found: Found,
  signal: AbortSignal,
): Promise<string | undefined> {
  const empty = [sourceColumn, entityColumn].flatMap((column) => [`${column} eq null`, `${column} eq ''`]);
  const isNameless = `(${empty.join(' or ')})`;
  let filter: string | undefined = isNameless;
  const orderBy = `${identifierColumn} asc`;
  for (let requests = 0; filter !== undefined && requests < mostRequests; requests++) {
    const asked: string = filter;
    const page = await dataverse.readPage({ entitySetName, select, filter: asked, orderBy, pageSize }, signal);
    for (const row of page.rows) {
      const parts = splitIdentifier(textOf(row, identifierColumn));
      const dataSource = textOf(row, sourceColumn).trim() || (parts?.dataSource ?? '');
      const entity = textOf(row, entityColumn).trim() || (parts?.entity ?? '');
      found.add(dataSource, entity, keyOf(row));
    }
    const [first, end] = [page.rows[0], page.rows.at(-1)];
    filter = undefined;
    if (page.nextLink === undefined || first === undefined || end === undefined) continue;
    const identifier = textOf(end, identifierColumn);
    const pair = pairOf(identifier);
    const isAlone = pair !== undefined && pairOf(textOf(first, identifierColumn)) === pair;
    // No key begins with a tilde, so what is beyond it belongs to the next source. Where the service sorts it otherwise,
    // the next page is of the same source once more.
    const beyond = `${isNameless} and ${identifierColumn} gt ${odataText(isAlone ? `${pair}|~` : identifier)}`;
    if (beyond === asked) return unfinished;
    filter = beyond;
  }
  return filter === undefined ? undefined : unfinished;
}

const unfinished = 'Rows of the map that name their source in the identifier alone were not read to their end.';

/** The beginning of an identifier up to its key, as it is written. */
const pairOf = (identifier: string): string | undefined => {
  const [first, second] = [identifier.indexOf('|'), identifier.indexOf('|', identifier.indexOf('|') + 1)];
  return first < 0 || second < 0 ? undefined : identifier.slice(0, second);
};

export const keyOf = (row: Row): string =>
  textOf(row, mapColumns.key).trim() || (splitIdentifier(textOf(row, identifierColumn))?.key ?? '');
