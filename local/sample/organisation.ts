/** What every sample organisation offers, be it generated or read from files. */

import type { SourceTable, UnificationSetup } from '../../shared/contracts/unification-setup.ts';

export type ColumnType =
  | 'String'
  | 'Memo'
  | 'Integer'
  | 'BigInt'
  | 'Decimal'
  | 'Double'
  | 'Money'
  | 'Boolean'
  | 'DateTime'
  | 'Uniqueidentifier'
  | 'Picklist'
  | 'Lookup'
  | 'Owner';

export interface ColumnDefinition {
  readonly logicalName: string;
  readonly schemaName?: string;
  /** Lookups: the name a value is bound by, where it is not the schema name. */
  readonly navigationProperty?: string;
  /** Lookups: schema name of the relationship. */
  readonly relationshipName?: string;
  readonly type: ColumnType;
  /** Lookups: logical names of the tables it may point to. */
  readonly targets?: readonly string[];
  readonly maxLength?: number;
}

/** A table as `POST /__control/tables` of the Dataverse stand-in takes it; columns every table has are not listed. */
export interface TableDefinition {
  readonly logicalName: string;
  readonly schemaName: string;
  /** Where absent: the plural that Dataverse forms. */
  readonly entitySetName?: string;
  readonly displayName: string;
  readonly primaryId: string;
  readonly primaryName?: string;
  readonly tableType: 'Standard' | 'Elastic' | 'Virtual';
  readonly changeTracking: boolean;
  readonly bulk: boolean;
  readonly columns: readonly ColumnDefinition[];
}

/** Plain values by logical column name; a lookup's value is the other row's id. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;
/** One line of a bulk load: a row to insert or replace, or the id of one to delete. */
export type RowChange = Row | { readonly $delete: string };

/** Where a source row's link must lead; null: the row has no profile, its link must be empty. */
export interface TrueLink {
  readonly id: string;
  readonly profileId: string | null;
}

/** The links that must be found in Dataverse once everything is linked. */
export interface LinkTruth {
  readonly sourceTables: readonly SourceTable[];
  /** Every row of a source table that must exist, once each. */
  truth(table: string): Iterable<TrueLink>;
}

export interface Organisation extends LinkTruth {
  /** In the order in which they are to be loaded. */
  readonly tables: readonly TableDefinition[];
  /** Made while they are read, so that any number of rows takes the same memory; the same rows each time. */
  rowsOf(table: string): Iterable<Row>;
}

/** The value of the app setting `BACKSTAMP_UNIFICATION` that goes with an organisation. */
export const unificationSetup = ({ sourceTables }: Pick<LinkTruth, 'sourceTables'>): UnificationSetup => ({
  environmentKind: 'individual',
  output: 'dataverse',
  tables: [...sourceTables],
});

/** Thrown when sample data cannot be used; `message` is one line that names the thing and the remedy. */
export class SampleDataError extends Error {
  override name = 'SampleDataError';
}
