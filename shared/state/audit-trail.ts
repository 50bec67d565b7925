import { createHash, randomUUID } from 'node:crypto';
import { type AuditEntry, auditEntrySchema } from '../contracts/audit.ts';
import { type EntityTable, listAll } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

const partition = 'audit';
/** What is on record already of things that come in many requests. */
const marks = 'audit-marks';
const form = new DocumentForm('audit-entry', 1, auditEntrySchema);
/** Row keys count down with time, so that the newest entry comes first. */
const keyOf = (time: string, ending: string): string =>
  `${String(Number.MAX_SAFE_INTEGER - Date.parse(time)).padStart(16, '0')}|${ending}`;
/** Further pages of one export within this time are one entry, in milliseconds. */
const hourMs = 3_600_000;

/** Who did what, and when; nothing in it is ever changed. */
export class AuditTrail {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  async record(entry: AuditEntry): Promise<void> {
    await this.#table.insert(partition, keyOf(entry.at, randomUUID()), form.mark(entry));
  }

  /**
   * Records that something which comes in many requests went on: once an hour for the same actor and matter.
   * @param matter what tells one from another, such as the search of an export
   * @returns false where it is on record already
   */
  async recordOnce(entry: AuditEntry, matter: string): Promise<boolean> {
    const hour = new Date(Math.floor(Date.parse(entry.at) / hourMs) * hourMs).toISOString();
    const { action, by, runId, tables } = entry;
    const digest = createHash('sha256')
      .update(JSON.stringify([action, by, runId, tables, matter]))
      .digest('hex');
    const mark = keyOf(hour, digest.slice(0, 32));
    if ((await this.#table.get(marks, mark)) !== undefined) return false;
    await this.record(entry);
    // After the entry: who dies in between records it twice, and never not at all.
    await this.#table.insert(marks, mark, { at: entry.at });
    return true;
  }

  /** Newest first, a page at a time. */
  async list(
    pageSize: number,
    continuation?: string,
  ): Promise<{ entries: AuditEntry[]; continuation: string | undefined }> {
    const page = await this.#table.list(partition, { pageSize, continuation });
    return {
      entries: page.entities.map((entity) => form.read(entity, this.#tell)).filter((entry) => entry !== undefined),
      continuation: page.continuation,
    };
  }

  /** Removes what is older than a time. */
  async removeBefore(time: string): Promise<void> {
    for (const part of [partition, marks]) {
      const keys: string[] = [];
      for await (const { rowKey } of listAll(this.#table, part, { from: keyOf(time, '') })) keys.push(rowKey);
      if (keys.length > 0) await this.#table.applyAll(part, { deletes: keys });
    }
  }
}
