import { type IdentityLease, identityLeaseSchema } from '../contracts/identity-lease.ts';
import type { EntityTable } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A partition of its own, beside the tables' states. */
const partition = 'identity-leases';
const form = new DocumentForm('identity-lease', 1, identityLeaseSchema);

/** Which process sends in which identity's name, changed by compare-and-set only. */
export class IdentityLeases {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** Undefined before the first lease. One that cannot be read is nobody's. */
  async read(clientId: string): Promise<{ readonly lease: IdentityLease; readonly etag: string } | undefined> {
    const entity = await this.#table.get(partition, clientId);
    if (entity === undefined) return undefined;
    const lease = form.read(entity, this.#tell) ?? { isTaken: false, queue: [], at: new Date(0).toISOString() };
    return { lease, etag: entity.etag };
  }

  /**
   * @param etag of what was read before; undefined where nothing was
   * @returns the new ETag; undefined where another process was first
   */
  async write(clientId: string, lease: IdentityLease, etag: string | undefined): Promise<string | undefined> {
    const document = form.mark(lease);
    if (etag !== undefined) return this.#table.replace(partition, clientId, document, etag);
    if (!(await this.#table.insert(partition, clientId, document))) return undefined;
    return (await this.#table.get(partition, clientId))?.etag;
  }
}
