import type { CustomLogic } from './custom-logic.ts';
import type { Faults } from './faults.ts';
import type { Column } from './metadata/column.ts';
import type { Table } from './metadata/table.ts';
import type { Organisation } from './organisation.ts';
import type { Preferences } from './query/preferences.ts';
import type { QueryOptions } from './query/query-options.ts';
import type { Caller } from './security/caller.ts';
import type { Users } from './security/users.ts';
import type { Stats } from './stats.ts';

/** What a request costs the organisation, gathered while it is answered. */
export interface Cost {
  /** Operations: a batch has one for each part, which runs as a request of its own; every other request is one. */
  operations: number;
  rowsRead: number;
  rowsWritten: number;
  /** Synchronous steps fired, over all rows. */
  pluginRuns: number;
  /** Further time of the real service, e.g. for building table types. */
  extraMs: number;
}

/** The parts of an organisation that answer requests. */
export interface Services {
  readonly organisation: Organisation;
  readonly users: Users;
  readonly stats: Stats;
  readonly faults: Faults;
  readonly customLogic: CustomLogic;
}

/** One request, or one part of a batch, on its way to an answer. */
export interface RequestContext extends Services {
  readonly method: string;
  /** The URL as the client wrote it. */
  readonly url: string;
  /** `{org}/api/data/v9.2` in the version that the client chose. */
  readonly apiRoot: string;
  /** What stands between the API's root and the query, decoded, e.g. `contacts(…)/fullname`. */
  readonly path: string;
  readonly options: QueryOptions;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly preferences: Preferences;
  readonly body: string;
  readonly caller: Caller;
  readonly cost: Cost;
  /** What is done when the request ends, however it ends. */
  readonly atEnd: (() => void)[];
  /** Set on parts of a batch; `references` resolves `$1` inside a change set. */
  readonly batch?: { readonly references?: ReadonlyMap<string, string> | undefined } | undefined;
}

/** Whether the request goes past the caches that learn of schema changes late. */
export const isStrong = (context: RequestContext): boolean => context.headers.consistency?.toLowerCase() === 'strong';

/** Whether the request can know the column yet. */
export const seesColumn = (context: RequestContext, column: Column): boolean =>
  column.visibleAt === 0 || column.visibleAt <= context.organisation.now() || isStrong(context);

/** A column by the name that answers and filters use. */
export function visibleColumn(context: RequestContext, table: Table, property: string): Column | undefined {
  const column = table.columnOf(property);
  return column && seesColumn(context, column) ? column : undefined;
}
