import type { EntityTable } from './entity-table.ts';

/** One change among several that are made together; each says how its row must stand for all of them to be made. */
export type AtomicChange =
  /** The row must not be there yet. */
  | { readonly kind: 'insert'; readonly rowKey: string; readonly document: unknown }
  /** The row must be as it was read under this ETag. */
  | { readonly kind: 'replace'; readonly rowKey: string; readonly document: unknown; readonly etag: string }
  /** However the row stands. */
  | { readonly kind: 'upsert'; readonly rowKey: string; readonly document: unknown }
  /** The row must be there. */
  | { readonly kind: 'delete'; readonly rowKey: string };

/** Changes that can be made together. */
export const mostAtomicChanges = 100;

/** A table that changes several rows of one partition all at once, or none of them. */
export interface AtomicTable extends EntityTable {
  /**
   * @param changes at most `mostAtomicChanges`, each of another row
   * @returns false where a row is not as it must be: then nothing was changed
   */
  changeTogether(partitionKey: string, changes: readonly AtomicChange[]): Promise<boolean>;
}
