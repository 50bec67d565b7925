import type { Mode, Status } from '../shared/contracts/status.ts';
import { modeNames, statuses } from './words.ts';

/** Which runs a list shows. */
export interface RunFilter {
  readonly status: Status | undefined;
  readonly mode: Mode | undefined;
  /** Only runs over this table. */
  readonly table: string;
  /** Only runs since this day, such as `2026-03-01`, in the browser's zone. */
  readonly since: string;
}

export const everyRun: RunFilter = { status: undefined, mode: undefined, table: '', since: '' };

export const modes = Object.keys(modeNames) as Mode[];

export const isEveryRun = ({ status, mode, table, since }: RunFilter): boolean =>
  status === undefined && mode === undefined && table === '' && since === '';

const tablePattern = /^[a-z_][a-z0-9_]{0,127}$/;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

/** The filter that an address or a form asks for; what is none is left out. */
export function runFilterOf(given: (name: keyof RunFilter) => string | null): RunFilter {
  const [table, since] = [given('table') ?? '', given('since') ?? ''];
  return {
    status: statuses.find((status) => status === given('status')),
    mode: modes.find((mode) => mode === given('mode')),
    table: tablePattern.test(table) ? table : '',
    since: dayPattern.test(since) && startOf(since) !== undefined ? since : '',
  };
}

/** A filter by name, as it stands in an address. */
export const runFilterQuery = ({ status, mode, table, since }: RunFilter): Record<string, string> => ({
  status: status ?? '',
  mode: mode ?? '',
  table,
  since,
});

/** What the API is asked for: a day begins when it begins where the browser is. */
export const apiFilterOf = ({ status, mode, table, since }: RunFilter): Record<string, string | undefined> => ({
  status,
  mode,
  table,
  since: since === '' ? undefined : startOf(since),
});

/** When a day begins; undefined where there is no such day. */
function startOf(day: string): string | undefined {
  const time = new Date(`${day}T00:00:00`);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
