import type { StartRun } from '../shared/api/schemas.ts';
import type { Mode } from '../shared/contracts/status.ts';

/**
 * What was chosen; undefined where tables were to be chosen and none was: nothing is started then. All tables are asked
 * for by naming none, so that new ones are not left out.
 */
export function startRequest(mode: Mode, tables: readonly string[], chosen: FormData): StartRun | undefined {
  const picked = chosen.getAll('table').map(String);
  if (tables.length > 1 && picked.length === 0) return undefined;
  return {
    mode,
    ...(picked.length > 0 && picked.length < tables.length ? { tables: picked } : {}),
    ...(chosen.has('beyondLimits') ? { beyondLimits: true } : {}),
    ...(chosen.has('giveOwners') ? { giveOwners: true } : {}),
  };
}
