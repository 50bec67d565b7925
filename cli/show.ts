import type { RowList, RunList } from '../shared/api/schemas.ts';
import type { DoctorReport } from '../shared/contracts/doctor-report.ts';
import type { ProfileAnswer, SingleValue } from '../shared/contracts/profile.ts';
import type { RunWithTasks, StatusAnswer } from '../shared/contracts/run.ts';
import type { Discovery } from '../shared/inspect/discover.ts';
import { numberText, secondsText, textTable, timeText } from './text.ts';

/** Answers as people read them. */

export const statusText = ({ lastUpdated, groups }: StatusAnswer): string =>
  groups
    .map(({ name, count, tasks }) =>
      [
        `${name} (${count})  last updated ${timeText(lastUpdated)}\n`,
        tasks.length === 0
          ? 'No run yet.\n'
          : textTable(
              ['table', 'status', 'read', 'linked', 'relinked', 'cleared', 'waiting', 'failed', 'updated'],
              tasks.map(({ table, status, counters: c, updatedAt }) => [
                ...[table, status, c.read, c.linked, c.relinked, c.cleared, c.waiting, c.failed],
                timeText(updatedAt),
              ]),
            ),
      ].join(''),
    )
    .join('\n');

export const runsText = (runs: RunList['runs'], now: number): string =>
  runs.length === 0
    ? 'No run yet.\n'
    : textTable(
        ['run', 'begun', 'mode', 'status', 'took', 'read', 'changed', 'source'],
        runs.map((run) => [
          run.runId,
          timeText(run.receivedAt),
          run.mode,
          run.status,
          secondsText(run.receivedAt, run.endedAt, now),
          run.tasks.reduce((sum, { counters }) => sum + counters.read, 0),
          run.tasks.reduce((sum, { counters: c }) => sum + c.linked + c.relinked + c.cleared + (c.assigned ?? 0), 0),
          run.source,
        ]),
      );

export function runText(run: RunWithTasks, now: number): string {
  const head = `Run ${run.runId}  ${run.mode}  ${run.status}  begun ${timeText(run.receivedAt)}, ${secondsText(run.receivedAt, run.endedAt, now)}\n`;
  const seesToOwners = run.tasks.some(({ counters }) => counters.assigned !== undefined);
  const names = [
    ...(['linked', 'relinked', 'cleared', 'unchanged', 'waiting', 'failed', 'gone'] as const),
    ...(seesToOwners ? (['assigned'] as const) : []),
  ];
  const tables = textTable(
    ['table', 'status', 'read', ...names],
    run.tasks.map(({ table, status, counters }) => [
      table,
      status,
      counters.read,
      ...names.map((name) => counters[name] ?? 0),
    ]),
  );
  const reasons = run.tasks
    .filter(({ details, findings }) => details.length + findings.length > 0)
    .map(({ table, details }) => `\n${table}\n${details.map((line) => `  ${line}\n`).join('')}`)
    .join('');
  return `${head}${tables}${reasons}`;
}

export const rowsText = (rows: RowList['rows'], hasMore: boolean): string =>
  rows.length === 0
    ? 'No such rows.\n'
    : textTable(
        ['row', 'outcome', 'customer before', 'customer now', 'reason'],
        rows.map((row) => [
          row.id,
          row.outcome,
          row.previousCustomerId ?? row.previousProfileId ?? '',
          row.customerId ?? row.profileId ?? '',
          row.reason ?? '',
        ]),
      ) +
      (hasMore ? `There are more than these ${numberText(rows.length)}: raise --limit, or take --csv for all.\n` : '');

const section = (title: string, rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length), 0);
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`.trimEnd());
  return rows.length === 0 ? '' : `${title}\n${lines.map((line) => `${line}\n`).join('')}`;
};
const valueText = (value: SingleValue): string => (value === null ? '–' : String(value));

export function profileText(answer: ProfileAnswer): string {
  if (!answer.linked)
    return `${answer.table} ${answer.id} has no profile to show (${answer.reason}).\n${answer.explanation}\n`;
  const { customerId, attributes, measures, segments, predictions, activities, withheld, incomplete } = answer.profile;
  return [
    `Customer ${customerId}\n`,
    section(
      'attributes',
      Object.entries(attributes).map(([name, value]) => [name, valueText(value)]),
    ),
    section(
      'measures',
      measures.map(({ name, value }) => [name, valueText(value)]),
    ),
    section(
      'segments',
      segments.map(({ name, provider }) => [name, provider ?? '']),
    ),
    section(
      'predictions',
      predictions.flatMap(({ model, values }) =>
        Object.entries(values).map(([name, value]): [string, string] => [`${model} ${name}`, valueText(value)]),
      ),
    ),
    section(
      'latest activities',
      activities.map(({ time, type, title }) => [timeText(time), [type, title].filter(Boolean).join(': ')]),
    ),
    withheld.length === 0 ? '' : `You may not read: ${withheld.join(', ')}.\n`,
    incomplete.length === 0 ? '' : `Not all that is stored is shown: ${incomplete.join(', ')}.\n`,
  ].join('');
}

export const doctorText = ({ checks }: DoctorReport): string =>
  checks
    .map(({ level, subject, finding, remedy }) => {
      const remedyLine = remedy === undefined ? '' : `\n          → ${remedy}`;
      return `${level.padEnd(8)}  ${subject}: ${finding}${remedyLine}\n`;
    })
    .join('');

export const discoveryText = ({ setup, sources, assumptions }: Discovery): string =>
  [
    textTable(
      ['data source', 'table there', 'table here', 'certainty', 'why'],
      sources.map(({ dataSource, entity, table = '', certainty, reason }) => [
        dataSource,
        entity,
        table,
        certainty,
        reason,
      ]),
    ),
    `\nAssumed:\n${assumptions.map((line) => `  ${line}\n`).join('')}`,
    setup === undefined ? '\nNo source table was found.\n' : `\nBACKSTAMP_UNIFICATION=${JSON.stringify(setup)}\n`,
  ].join('');
