import { RestError, TableClient, type TransactionAction } from '@azure/data-tables';
import { ManagedIdentityCredential } from '@azure/identity';
import { isProgramError, messageOf, RetryableError } from '../errors.ts';
import { odataText } from '../odata-text.ts';
import type { Settings } from '../settings.ts';
import type { AtomicChange, AtomicTable } from './atomic-table.ts';
import type { StoredEntity } from './entity-table.ts';

/** Operations that the service takes in one transaction. */
const transactionSize = 100;
/** Bytes of one transaction: the service takes 4 MiB, headers of its parts included. */
const transactionBytes = 3.5 * 1024 * 1024;
/** Bytes of a transaction's part besides its entity. */
const partBytes = 1_000;
/** Rows that are deleted by themselves side by side. */
const deletesAtOnce = 16;
/** Text that one property holds: 64 KiB of UTF-16. Longer documents are spread over several. */
const propertyLength = 32_000;
/** Documents of an entity stay well below the service's 1 MiB; Azurite would accept more. */
const maxDocumentLength = 15 * propertyLength;

const statusOf = (error: unknown): number | undefined => (error instanceof RestError ? error.statusCode : undefined);

const escapeCharacter = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function toEntity(
  partitionKey: string,
  rowKey: string,
  document: unknown,
): { partitionKey: string; rowKey: string; [part: string]: string } {
  // ASCII alone: no character is cut in two, neither between properties nor, as Azurite does, between packets.
  const text = JSON.stringify(document).replaceAll(/[\u0080-\uffff]/g, escapeCharacter);
  if (text.length > maxDocumentLength)
    throw new RangeError(`${partitionKey}/${rowKey}: document of ${text.length} characters is too long to store`);
  const entity: { partitionKey: string; rowKey: string; [part: string]: string } = { partitionKey, rowKey };
  for (let part = 0; part * propertyLength < text.length; part++) {
    entity[`json${part}`] = text.slice(part * propertyLength, (part + 1) * propertyLength);
  }
  return entity;
}

function fromEntity(entity: Record<string, unknown>): StoredEntity {
  let text = '';
  for (let part = 0; typeof entity[`json${part}`] === 'string'; part++) text += entity[`json${part}`];
  return {
    partitionKey: String(entity.partitionKey),
    rowKey: String(entity.rowKey),
    etag: String(entity.etag),
    document: fromJson(text),
  };
}

/** Undefined where the text is no JSON: whoever reads the entity finds that it is no document. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Cuts changes into transactions that the service takes, by their number and their bytes. */
function transactionsOf(actions: readonly TransactionAction[]): TransactionAction[][] {
  const transactions: TransactionAction[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const action of actions) {
    // All text is ASCII: a character is a byte.
    const size = JSON.stringify(action[1]).length + partBytes;
    const last = transactions.at(-1);
    if (last === undefined || last.length === transactionSize || bytes + size > transactionBytes) {
      transactions.push([action]);
      bytes = size;
    } else {
      last.push(action);
      bytes += size;
    }
  }
  return transactions;
}

/** One table of Azure Table Storage (or Azurite); made where it is missing. */
export class TableStorage implements AtomicTable {
  readonly #client: TableClient;

  constructor(client: TableClient) {
    this.#client = client;
  }

  async get(partitionKey: string, rowKey: string): Promise<StoredEntity | undefined> {
    try {
      return fromEntity(await this.#run(() => this.#client.getEntity(partitionKey, rowKey)));
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async insert(partitionKey: string, rowKey: string, document: unknown): Promise<boolean> {
    try {
      await this.#run(() => this.#client.createEntity(toEntity(partitionKey, rowKey, document)));
      return true;
    } catch (error) {
      if (statusOf(error) === 409) return false;
      throw error;
    }
  }

  async replace(partitionKey: string, rowKey: string, document: unknown, etag: string): Promise<string | undefined> {
    try {
      // The ETag must be given: the client's default is `*`, which lets the last writer win.
      const answer = await this.#run(() =>
        this.#client.updateEntity(toEntity(partitionKey, rowKey, document), 'Replace', { etag }),
      );
      return answer.etag;
    } catch (error) {
      if (statusOf(error) === 412 || statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async applyAll(
    partitionKey: string,
    {
      upserts = [],
      deletes = [],
    }: { upserts?: readonly { rowKey: string; document: unknown }[]; deletes?: readonly string[] },
  ): Promise<void> {
    // One row may occur once in a transaction: the last word on it counts.
    const actions = new Map<string, TransactionAction>();
    for (const { rowKey, document } of upserts)
      actions.set(rowKey, ['upsert', toEntity(partitionKey, rowKey, document), 'Replace']);
    for (const some of transactionsOf([...actions.values()])) {
      await this.#run(() => this.#client.submitTransaction(some));
    }
    const gone = [...new Set(deletes)].filter((rowKey) => !actions.has(rowKey));
    for (let start = 0; start < gone.length; start += transactionSize) {
      await this.#deleteAll(partitionKey, gone.slice(start, start + transactionSize));
    }
  }

  async changeTogether(partitionKey: string, changes: readonly AtomicChange[]): Promise<boolean> {
    const actions = changes.map((change): TransactionAction => {
      if (change.kind === 'delete') return ['delete', { partitionKey, rowKey: change.rowKey }];
      const entity = toEntity(partitionKey, change.rowKey, change.document);
      if (change.kind === 'insert') return ['create', entity];
      if (change.kind === 'upsert') return ['upsert', entity, 'Replace'];
      return ['update', entity, 'Replace', { etag: change.etag }];
    });
    try {
      await this.#run(() => this.#client.submitTransaction(actions));
      return true;
    } catch (error) {
      if ([404, 409, 412].includes(statusOf(error) ?? 0)) return false;
      throw error;
    }
  }

  async list(
    partitionKey: string,
    {
      from,
      before,
      pageSize,
      continuation,
    }: {
      from?: string | undefined;
      before?: string | undefined;
      pageSize?: number | undefined;
      continuation?: string | undefined;
    } = {},
  ): Promise<{ entities: StoredEntity[]; continuation: string | undefined }> {
    const filter = [
      `PartitionKey eq ${odataText(partitionKey)}`,
      ...(from === undefined ? [] : [`RowKey ge ${odataText(from)}`]),
      ...(before === undefined ? [] : [`RowKey lt ${odataText(before)}`]),
    ].join(' and ');
    let next = continuation;
    for (;;) {
      const page = await this.#run(async () => {
        const pages = this.#client.listEntities({ queryOptions: { filter } }).byPage({
          maxPageSize: pageSize ?? 1000,
          ...(next === undefined ? {} : { continuationToken: next }),
        });
        return (await pages.next()).value;
      });
      next = page?.continuationToken || undefined;
      // The service may end a page where one of its partitions ends: an empty one with a continuation is not the end.
      if (next === undefined || (page ?? []).length > 0) {
        return { entities: (page ?? []).map(fromEntity), continuation: next };
      }
    }
  }

  /** Deleting what is not there fails a whole transaction; then its rows go by themselves, a few at a time. */
  async #deleteAll(partitionKey: string, rowKeys: readonly string[]): Promise<void> {
    if (rowKeys.length > 1) {
      const actions = rowKeys.map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }]);
      try {
        await this.#run(() => this.#client.submitTransaction(actions));
        return;
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
      }
    }
    for (let start = 0; start < rowKeys.length; start += deletesAtOnce) {
      const some = rowKeys.slice(start, start + deletesAtOnce);
      await Promise.all(some.map((rowKey) => this.#delete(partitionKey, rowKey)));
    }
  }

  async #delete(partitionKey: string, rowKey: string): Promise<void> {
    try {
      await this.#run(() => this.#client.deleteEntity(partitionKey, rowKey));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  }

  /**
   * Does something to the table, which is made where it is missing: on first use, or after somebody deleted it.
   * @throws RetryableError for whatever is not proven to be final: a role that takes minutes, a credential that is not
   * there yet, a service out of reach. What the caller asked about an entity (404, 409, 412) is the caller's to judge.
   */
  async #run<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (codeOf(error) !== 'TableNotFound') throw retryableUnlessFinal(error);
    }
    try {
      await this.#client.createTable();
    } catch (error) {
      // Whatever keeps the table from being made: it says nothing of the entity that was asked for.
      throw isProgramError(error) ? error : outOfReach(error);
    }
    try {
      return await operation();
    } catch (error) {
      throw codeOf(error) === 'TableNotFound' ? outOfReach(error) : retryableUnlessFinal(error);
    }
  }
}

/** The service's own code for what went wrong, such as `TableNotFound`. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof RestError)) return undefined;
  const details = error.details as { readonly odataError?: { readonly code?: unknown } } | undefined;
  const code = details?.odataError?.code ?? error.code;
  return typeof code === 'string' ? code : undefined;
}

/** Answers of 400 to 499 that a later attempt may not get. */
const passingStatuses: ReadonlySet<number> = new Set([401, 403, 408, 429]);

function retryableUnlessFinal(error: unknown): unknown {
  const status = statusOf(error);
  const isAnswer = status !== undefined && status >= 400 && status < 500 && !passingStatuses.has(status);
  if ((isAnswer && codeOf(error) !== 'TableBeingDeleted') || isProgramError(error)) return error;
  return outOfReach(error);
}

const outOfReach = (error: unknown): RetryableError =>
  new RetryableError(`Table Storage did not answer (${codeOf(error) ?? statusOf(error) ?? messageOf(error)})`, {
    cause: error,
  });

/** Opens a table by its name, with the connection string or the managed identity that the settings give. */
export function openTable(settings: Settings, name: string): TableStorage {
  if (settings.StateStorage !== undefined) {
    return new TableStorage(
      TableClient.fromConnectionString(settings.StateStorage, name, { allowInsecureConnection: true }),
    );
  }
  const clientId = settings.StateStorage__clientId ?? settings.AZURE_CLIENT_ID;
  const credential =
    clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
  return new TableStorage(new TableClient(settings.StateStorage__tableServiceUri ?? '', name, credential));
}
