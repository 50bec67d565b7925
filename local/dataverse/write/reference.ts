import type { RequestContext } from '../context.ts';
import { badRequest, rowDoesNotExist, unknownSegment } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import { findRow, parseRowKey } from './row-key.ts';

/** A row that a lookup is bound to. */
export interface Reference {
  readonly target: Table;
  readonly id: string;
  readonly partition: string | undefined;
}

const REFERENCE = /^(?:https?:\/\/[^/]+)?(?:\/?api\/data\/v\d+\.\d+)?\/?([A-Za-z0-9_]+)\((.*)\)$/s;

/**
 * Reads the value of an `@odata.bind` or `@odata.id`: relative, with a slash in front, or absolute; inside a change set also
 * `$1`. The row must be there, unless its table is one that knows no referential integrity.
 */
export function parseReference(context: RequestContext, text: string): Reference {
  const resolved = text.startsWith('$') ? contentReference(context, text) : text;
  const match = REFERENCE.exec(resolved);
  if (!match) throw badRequest(`Invalid reference '${text}'.`, '0x80048d19');
  const [, setName = '', keyText = ''] = match;
  const target = context.organisation.tableOfSet(setName);
  if (!target) throw unknownSegment(setName);
  const key = parseRowKey(target, keyText);
  const slot = findRow(target, key);
  if (slot !== undefined) {
    // The id as the target keeps it: a million links then share their profiles' texts instead of holding copies.
    return { target, id: target.rows.ids[slot] as string, partition: key.kind === 'id' ? key.partition : undefined };
  }
  const { checksElasticReferences, missingRowCode } = context.organisation.settings;
  const isChecked = target.identity.tableType === 'Standard' || (target.isElastic && checksElasticReferences);
  if (key.kind === 'alternate' || isChecked) {
    throw rowDoesNotExist(target.name, key.kind === 'id' ? key.id : keyText, missingRowCode);
  }
  // Cut out of a longer text: copied, or the whole payload would stay in memory for its sake.
  return { target, id: Buffer.from(key.id, 'latin1').toString('latin1'), partition: key.partition };
}

/** `$1` in a change set: what its part 1 created. */
function contentReference(context: RequestContext, text: string): string {
  const [id = '', ...rest] = text.split('/');
  const created = context.batch?.references?.get(id);
  if (created === undefined || rest.length > 0) {
    throw badRequest(`Content-ID Reference: '${text}' does not exist in the batch context.`, '0x80048d19');
  }
  return created;
}
