import type { Status } from '../shared/contracts/status.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';
import { everyRun, isEveryRun, type RunFilter, runFilterOf, runFilterQuery } from './run-filter.ts';
import { outcomes, statuses } from './words.ts';

/** What the page shows. It stands in the address after the #, so that it can be linked to, reloaded and gone back to. */
export type Place =
  | { readonly view: 'status'; readonly list: ListChoice }
  | { readonly view: 'runs'; readonly filter: RunFilter }
  | { readonly view: 'run'; readonly runId: string; readonly tab: 'tables' | 'about'; readonly list: ListChoice }
  | ({ readonly view: 'table'; readonly runId: string; readonly table: string } & TableChoice)
  /** The look-up of a row: `id` alone is looked for in every table. */
  | { readonly view: 'row'; readonly table: string | undefined; readonly id: string | undefined }
  | { readonly view: 'doctor' | 'discover' | 'segments' | 'audit' };

/** How a list of tables is chosen and ordered. */
export interface ListChoice {
  readonly status: Status | undefined;
  readonly search: string;
  readonly sort: SortKey;
  readonly isReversed: boolean;
  /** All of them, however many. */
  readonly isUnfolded: boolean;
}

export const sortKeys = ['attention', 'table', 'read', 'changed', 'waiting', 'failed', 'updated'] as const;
export type SortKey = (typeof sortKeys)[number];

export const plainList: ListChoice = {
  status: undefined,
  search: '',
  sort: 'attention',
  isReversed: false,
  isUnfolded: false,
};

/** What is shown of one table in one run. */
export interface TableChoice {
  readonly tab: 'progress' | 'rows';
  readonly outcome: RowOutcome['outcome'] | undefined;
  readonly search: string;
}

export const statusPlace: Place = { view: 'status', list: plainList };
export const runsPlace: Place = { view: 'runs', filter: everyRun };

const pathWords = {
  runs: 'runs',
  row: 'rows',
  doctor: 'set-up',
  discover: 'tables-of-the-map',
  segments: 'segments',
  audit: 'audit',
} as const;
const runIdPattern = /^[0-9a-f]{32}$/;
const tablePattern = /^[a-z_][a-z0-9_]{0,127}$/;
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The place that an address asks for; the status where it asks for nothing that there is. */
export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const given = new URLSearchParams(query);
  const [word, first, second, ...surplus] = path.split('/').map(decoded);
  if (surplus.length > 0) return statusPlace;
  if (word === '' && first === undefined) return { view: 'status', list: listOf(given) };
  if (word === pathWords.runs) return placeOfRuns(first, second, given);
  if (word === pathWords.row) return placeOfRow(first, second, given);
  if (first !== undefined) return statusPlace;
  for (const view of ['doctor', 'discover', 'segments', 'audit'] as const)
    if (word === pathWords[view]) return { view };
  return statusPlace;
}

function placeOfRuns(runId: string | undefined, table: string | undefined, given: URLSearchParams): Place {
  if (runId === undefined) return { view: 'runs', filter: runFilterOf((name) => given.get(name)) };
  if (!runIdPattern.test(runId)) return statusPlace;
  if (table === undefined)
    return { view: 'run', runId, tab: given.get('tab') === 'about' ? 'about' : 'tables', list: listOf(given) };
  if (!tablePattern.test(table)) return statusPlace;
  const outcome = outcomes.find((one) => one === given.get('outcome'));
  const tab = given.get('tab') === 'rows' ? 'rows' : 'progress';
  return { view: 'table', runId, table, tab, outcome, search: given.get('search') ?? '' };
}

function placeOfRow(table: string | undefined, id: string | undefined, given: URLSearchParams): Place {
  const wanted = (id ?? given.get('id') ?? '').toLowerCase();
  return {
    view: 'row',
    table: table !== undefined && tablePattern.test(table) ? table : undefined,
    id: idPattern.test(wanted) ? wanted : undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '?';
  }
}

function listOf(given: URLSearchParams): ListChoice {
  const sort = given.get('sort') ?? '';
  return {
    status: statuses.find((status) => status === given.get('status')),
    search: given.get('search') ?? '',
    sort: sortKeys.find((key) => key === sort.replace(/^-/, '')) ?? plainList.sort,
    isReversed: sort.startsWith('-'),
    isUnfolded: given.has('all'),
  };
}

/** The address of a place; what is as usual is left out of it. */
export function hashOf(place: Place): string {
  switch (place.view) {
    case 'status':
      return withQuery('#/', listQuery(place.list));
    case 'runs':
      return withQuery(`#/${pathWords.runs}`, runFilterQuery(place.filter));
    case 'run':
      return withQuery(`#/runs/${place.runId}`, {
        tab: place.tab === 'tables' ? '' : place.tab,
        ...listQuery(place.list),
      });
    case 'table':
      return withQuery(`#/runs/${place.runId}/${place.table}`, {
        tab: place.tab === 'progress' ? '' : place.tab,
        outcome: place.outcome ?? '',
        search: place.search,
      });
    case 'row': {
      const { table, id = '' } = place;
      if (table === undefined) return withQuery(`#/${pathWords.row}`, { id });
      return `#/${pathWords.row}/${table}${id === '' ? '' : `/${id}`}`;
    }
    default:
      return `#/${pathWords[place.view]}`;
  }
}

const listQuery = ({ status, search, sort, isReversed, isUnfolded }: ListChoice): Record<string, string> => ({
  status: status ?? '',
  search,
  sort: sort === plainList.sort && !isReversed ? '' : `${isReversed ? '-' : ''}${sort}`,
  all: isUnfolded ? 'yes' : '',
});

function withQuery(path: string, values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')).toString();
  return query === '' ? path : `${path}?${query}`;
}

/** Where Escape leads: from a part to the whole that it is of. */
export function placeAbove(place: Place): Place {
  if (place.view === 'table') return runPlace(place.runId);
  if (place.view === 'run') return runsPlace;
  if (place.view === 'runs' && !isEveryRun(place.filter)) return runsPlace;
  if (place.view === 'row' && place.id !== undefined) return { view: 'row', table: undefined, id: undefined };
  return statusPlace;
}

/** Whether two places show the same thing, however it is filtered and ordered: then focus stays where it is. */
export const isSameThing = (a: Place, b: Place): boolean => pathOf(a) === pathOf(b);
const pathOf = (place: Place): string => hashOf(place).replace(/\?.*/s, '') + ('tab' in place ? place.tab : '');

export const runPlace = (runId: string): Place => ({ view: 'run', runId, tab: 'tables', list: plainList });
export const tablePlace = (runId: string, table: string, choice: Partial<TableChoice> = {}): Place => ({
  view: 'table',
  runId,
  table,
  tab: 'progress',
  outcome: undefined,
  search: '',
  ...choice,
});
