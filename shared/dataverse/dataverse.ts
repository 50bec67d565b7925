/**
 * What the rest of the program may ask of Dataverse. The client behind it retries, waits and splits;
 * callers see rows, reports and, where repeating cannot help, a TerminalError (else a RetryableError).
 * It knows nothing of linking: tables, columns and values come from the caller.
 */

import type { TerminalError } from '../errors.ts';

export type TableType = 'Standard' | 'Elastic' | 'Virtual';

/** A many-to-one relationship of a table: one lookup column towards one table. */
export interface LookupMetadata {
  /** Logical name of the lookup column on the referencing table. */
  readonly column: string;
  /** Case-sensitive name used to bind a value; read from metadata, never derived. */
  readonly navigationProperty: string;
  readonly referencedTable: string;
  readonly relationship: string;
  /** Tells the relationship from one that is made anew under the same name; absent where it was not told. */
  readonly metadataId?: string | undefined;
}

export interface TableMetadata {
  readonly logicalName: string;
  readonly schemaName: string;
  readonly displayName: string;
  /** Code of the language that the display name is in; undefined where it has none. */
  readonly language?: number | undefined;
  readonly entitySetName: string;
  readonly primaryId: string;
  readonly primaryName: string | undefined;
  readonly tableType: TableType;
  readonly changeTracking: boolean;
  /** Whose its rows are, in metadata's words: `UserOwned`, `OrganizationOwned`; the platform's own have others. */
  readonly ownership: string;
  /** Whether its publisher and the platform let columns be added. */
  readonly takesColumns: boolean;
  /** Every lookup, by column and target; one column with several targets appears several times. */
  readonly lookups: readonly LookupMetadata[];
  /** Logical name to type of every column; only where `withColumns` asked for this table, else empty. */
  readonly columns: ReadonlyMap<string, string>;
  /** Logical name to metadata id of the columns that only those may use to whom a column security profile gives them; told with `columns`. */
  readonly securedColumns: ReadonlyMap<string, string>;
}

export interface NewLookup {
  readonly table: TableMetadata;
  readonly referencedTable: TableMetadata;
  readonly schemaName: string;
  readonly displayName: string;
  readonly description: string;
  readonly relationshipSchemaName: string;
}

/** A row as the Web API gives it: `_x_value` for lookups, `@odata.etag` and the primary id always there. */
export type Row = Readonly<Record<string, unknown>>;

export interface ChangePage {
  readonly rows: readonly Row[];
  /** Primary ids of deleted rows; only a delta has them. */
  readonly deleted: readonly string[];
  /** Where the next page is; absent on the last page. */
  readonly nextLink: string | undefined;
  /** What the next reading starts from; only on the last page. */
  readonly deltaLink: string | undefined;
  /** When this was answered, by the service's clock, in milliseconds since 1970, whole seconds; absent where it does not say. */
  readonly answeredAt?: number | undefined;
  /** The time that the delta link stands for, by the same clock; absent where it does not say. */
  readonly deltaAt?: number | undefined;
}

export interface RowPage {
  readonly rows: readonly Row[];
  readonly nextLink: string | undefined;
}

export interface PageRequest {
  readonly entitySetName: string;
  readonly select: readonly string[];
  readonly filter?: string | undefined;
  readonly orderBy?: string | undefined;
  readonly pageSize: number;
  /** The previous page's link; then all else but the page size is ignored. */
  readonly nextLink?: string | undefined;
}

/** Rows whose `column` has one of `values`, however many; sent in the fewest requests that URL limits allow. */
export interface ListRequest {
  readonly entitySetName: string;
  readonly select: readonly string[];
  readonly column: string;
  readonly values: readonly string[];
  /** A further condition, joined with `and`. */
  readonly filter?: string | undefined;
}

/** New values for one existing row, in the Web API's payload form (`nav@odata.bind`, or `nav: null` to clear). */
export interface RowUpdate {
  readonly id: string;
  /** The partition of an elastic row, where it is another than the one that it has by its id; the client looks it up. */
  readonly partition?: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface RowFailure {
  readonly id: string;
  /** The service's code, such as `0x80040265`; empty where it gave none. */
  readonly code: string;
  readonly message: string;
}

/** What became of each row of an update; every id of the request is in exactly one list. */
export interface UpdateReport {
  readonly written: readonly string[];
  /** Rows that no longer exist. */
  readonly gone: readonly string[];
  readonly failed: readonly RowFailure[];
  /** Rows not sent because `signal` was aborted first, or because of `stopped`. */
  readonly unsent: readonly string[];
  /**
   * Why no more rows were sent, where it was not the signal: a TerminalError where none can be written (a missing
   * privilege, say, or a plug-in that refuses everything), with the remedy; else a RetryableError. What was written
   * before is told all the same.
   */
  readonly stopped?: Error | undefined;
}

export interface UpdateRequest {
  readonly table: TableMetadata;
  /** Unique by id. */
  readonly rows: readonly RowUpdate[];
  /** True right after a schema change of this table: one request goes first, the others when it is through. */
  readonly warmUp?: boolean;
  /** No further request begins once it is aborted; those under way are awaited and reported. */
  readonly signal?: AbortSignal | undefined;
}

export interface MetadataRequest {
  readonly tables: readonly string[];
  /** Tables whose columns are wanted too. */
  readonly withColumns?: readonly string[];
  /** Past the server's caches (up to 30 s behind); costs a little, so only after a change of ours. */
  readonly strong?: boolean;
}

/** Any call may be given a signal; an aborted call throws the signal's reason before it sends anything more. */
export interface Dataverse {
  /** Tables that do not exist are absent from the answer. One request for each few dozen. */
  readTables(request: MetadataRequest, signal?: AbortSignal): Promise<ReadonlyMap<string, TableMetadata>>;
  /** Adds a lookup column with its relationship, every cascade none. `exists` where the column is there already. */
  createLookup(lookup: NewLookup, signal?: AbortSignal): Promise<'created' | 'exists'>;
  /**
   * One page of a table's changes. Without `link` a full reading begins (every row as new, no deletions);
   * with a delta link the changes since; with a next link the reading goes on.
   * @throws ExpiredChangesError where the service no longer knows the link's starting point: read in full.
   */
  readChanges(
    request: {
      readonly entitySetName: string;
      readonly select: readonly string[];
      readonly pageSize: number;
      readonly link?: string | undefined;
    },
    signal?: AbortSignal,
  ): Promise<ChangePage>;
  readPage(request: PageRequest, signal?: AbortSignal): Promise<RowPage>;
  /** One answer per list, in order; several lists travel in one `$batch`. */
  readLists(requests: readonly ListRequest[], signal?: AbortSignal): Promise<readonly (readonly Row[])[]>;
  /** Number of rows, from a snapshot up to 24 hours old; undefined where the service has none. */
  countRows(table: string, signal?: AbortSignal): Promise<number | undefined>;
  /**
   * Updates existing rows, never creates one. Bulk messages where the table has them, else `$batch`; a bad row is
   * isolated and never stops the others. A row counts as gone only where reading does not find it.
   */
  update(request: UpdateRequest): Promise<UpdateReport>;
}

/** One read among several that travel together: a row by its id, or rows of a table. */
export interface Read {
  readonly entitySetName: string;
  readonly select: readonly string[];
  /** The one row that is wanted; the rest is for lists. */
  readonly id?: string | undefined;
  readonly filter?: string | undefined;
  readonly orderBy?: string | undefined;
  /** The first rows only; without it as many as one page holds. */
  readonly top?: number | undefined;
}

/** What one read gave: its rows (none where a row is missing), or that whoever reads may not see them. */
export type ReadAnswer = { readonly kind: 'rows'; readonly rows: readonly Row[] } | { readonly kind: 'denied' };

/** Reading for somebody who waits, with the rights of that person. */
export interface PersonalDataverse extends Dataverse {
  /**
   * Several reads in one `$batch`, in order.
   * @param caller Entra object id of the person in whose name is read, so that roles and business units hold;
   *   without one the application reads with its own rights
   * @throws UnknownCallerError where the environment does not know that person, or has disabled the account
   */
  readTogether(
    reads: readonly Read[],
    caller: string | undefined,
    signal?: AbortSignal,
  ): Promise<readonly ReadAnswer[]>;
  /** Logical names of the tables that have a lookup towards `table`. One request. */
  findReferencing(table: string, signal?: AbortSignal): Promise<readonly string[]>;
}

/** Reading what the organisation says of itself and of the identities, for checks. */
export interface DefinitionReader {
  /**
   * What a function answers, or definitions, at a path below the API's root.
   * @param what is read, in words, for error messages: "read the privileges of the application user"
   * @throws TerminalError where it may not be read
   */
  readObject(path: string, what: string, signal?: AbortSignal): Promise<Row>;
}

/** All that may be asked. */
export interface InspectableDataverse extends PersonalDataverse, DefinitionReader {
  /** What `readObject` reads, several in one `$batch`, in order; where one may not be read, why. */
  readObjects(paths: readonly string[], what: string, signal?: AbortSignal): Promise<readonly (Row | TerminalError)[]>;
}
