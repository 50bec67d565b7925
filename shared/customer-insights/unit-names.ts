import type { Dataverse } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import { guidAt } from './guid.ts';

/** Names as this process has read them; undefined where there is none to be read. */
const known = new WeakMap<Dataverse, Map<string, string | undefined>>();

/**
 * What business units are called, by id; their ids where the app may not read them. Asks once for each unit.
 */
export async function unitNames(
  dataverse: Dataverse,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<(id: string) => string> {
  const names = known.get(dataverse) ?? new Map<string, string | undefined>();
  known.set(dataverse, names);
  const values = [...new Set(ids)].filter((id) => !names.has(id));
  if (values.length > 0) {
    for (const id of values) names.set(id, undefined);
    try {
      const list = { entitySetName: 'businessunits', select: ['name'], column: 'businessunitid', values };
      const [rows = []] = await dataverse.readLists([list], signal);
      for (const row of rows) {
        const id = guidAt(row, 'businessunitid');
        if (id !== undefined && typeof row.name === 'string') names.set(id, row.name);
      }
    } catch (error) {
      if (isTerminalError(error)) return (id) => names.get(id) ?? id;
      for (const id of values) names.delete(id);
      throw error;
    }
  }
  return (id) => names.get(id) ?? id;
}
