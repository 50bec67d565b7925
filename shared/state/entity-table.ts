/**
 * What the stores need of Table Storage. Entities are one JSON document each, under a partition and a row key;
 * compare-and-set on the ETag is the only lock there is.
 */
export interface StoredEntity {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly etag: string;
  readonly document: unknown;
}

export interface EntityPage {
  readonly entities: readonly StoredEntity[];
  /** Where the next page begins; absent on the last. */
  readonly continuation: string | undefined;
}

export interface ListRange {
  /** Rows from this key on, itself included. */
  readonly from?: string | undefined;
  /** Rows before this key. */
  readonly before?: string | undefined;
  /** At most 1,000, which is also what the service gives at once. */
  readonly pageSize?: number | undefined;
  readonly continuation?: string | undefined;
}

export interface EntityTable {
  get(partitionKey: string, rowKey: string): Promise<StoredEntity | undefined>;
  /** False where the entity is there already; it is left as it was. */
  insert(partitionKey: string, rowKey: string, document: unknown): Promise<boolean>;
  /** The new ETag; undefined where somebody else changed or removed the entity since it was read. */
  replace(partitionKey: string, rowKey: string, document: unknown, etag: string): Promise<string | undefined>;
  /** Writes and removes many rows of one partition; in pieces, so each row is done or not, and doing it again is harmless. */
  applyAll(
    partitionKey: string,
    changes: {
      readonly upserts?: readonly { rowKey: string; document: unknown }[];
      readonly deletes?: readonly string[];
    },
  ): Promise<void>;
  /** A page of a partition in the order of its keys; an empty one is the end. */
  list(partitionKey: string, range?: ListRange): Promise<EntityPage>;
}

/** Every entity of a range, page by page. */
export async function* listAll(
  table: EntityTable,
  partitionKey: string,
  range: ListRange = {},
): AsyncGenerator<StoredEntity> {
  let continuation = range.continuation;
  do {
    const page = await table.list(partitionKey, { ...range, continuation });
    yield* page.entities;
    continuation = page.continuation;
  } while (continuation !== undefined);
}
