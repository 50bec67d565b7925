import type { AuditList, RowList, RunList } from '../shared/api/schemas.ts';
import { actorText } from '../shared/contracts/audit.ts';
import { coverageShare, coverageText } from '../shared/contracts/coverage-text.ts';
import type { Discovery } from '../shared/contracts/discovery.ts';
import type { DoctorReport } from '../shared/contracts/doctor-report.ts';
import type { HoldKind, TableHold } from '../shared/contracts/hold.ts';
import type { ProfileAnswer, SingleValue } from '../shared/contracts/profile.ts';
import type { RunWithTasks, StatusAnswer, Task } from '../shared/contracts/run.ts';
import { indented, numberText, painted, secondsText, textTable, timeText } from './text.ts';
import type { Terminal } from './world.ts';

/** Answers as people read them. */

export const statusText = ({ lastUpdated, groups, unlisted = [] }: StatusAnswer, terminal?: Terminal): string =>
  [
    ...groups.map(({ name, count, tasks }) =>
      [
        `${name} (${count})  last updated ${timeText(lastUpdated)}\n`,
        tasks.length === 0
          ? 'No run yet.\n'
          : textTable(
              ['table', 'status', 'coverage', 'read', 'linked', 'relinked', 'cleared', 'waiting', 'failed', 'updated'],
              tasks.map(({ table, status, coverage, counters: c, updatedAt }) => [
                ...[table, status, coverage === undefined ? '–' : coverageShare(coverage)],
                ...[c.read, c.linked, c.relinked, c.cleared, c.waiting, c.failed],
                timeText(updatedAt),
              ]),
              terminal,
            ),
        ...tasks.filter(isPartlyLinked).map((task) => indented(coverageLine(task), '', terminal)),
      ].join(''),
    ),
    ...unlisted.map((one) => indented(unlistedLine(one), '', terminal)),
  ].join('\n');

const unlistedLine = ({ table, dataSource, entity }: NonNullable<StatusAnswer['unlisted']>[number]): string =>
  `${table} is not linked: the map names its rows (table "${entity}" of data source "${dataSource}"), and it is not in the set-up; see "backstamp discover".`;

const isPartlyLinked = ({ coverage }: Task): boolean => coverage !== undefined && coverage.linked < coverage.rows;

const coverageLine = ({ table, coverage }: Task): string =>
  coverage === undefined ? '' : `${table}: ${coverageText(coverage)}`;

export const runsText = (runs: RunList['runs'], now: number, terminal?: Terminal): string =>
  runs.length === 0
    ? 'No such run.\n'
    : textTable(
        ['run', 'begun', 'mode', 'status', 'took', 'read', 'changed', 'source', 'by'],
        runs.map((run) => [
          run.runId,
          timeText(run.receivedAt),
          run.mode,
          run.status,
          secondsText(run.receivedAt, run.endedAt, now),
          run.tasks.reduce((sum, { counters }) => sum + counters.read, 0),
          run.tasks.reduce((sum, { counters: c }) => sum + c.linked + c.relinked + c.cleared + (c.assigned ?? 0), 0),
          run.source,
          run.startedBy === undefined ? '' : actorText(run.startedBy),
        ]),
        terminal,
      );

export function runText(run: RunWithTasks, now: number, terminal?: Terminal): string {
  const head = `Run ${run.runId}  ${run.mode}  ${painted(run.status, terminal)}  begun ${timeText(run.receivedAt)}, ${secondsText(run.receivedAt, run.endedAt, now)}\n${whoText(run)}`;
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
    terminal,
  );
  const reasons = run.tasks
    .map(({ table, details, coverage }) => ({
      table,
      lines: coverage === undefined ? details : [coverageText(coverage), ...details],
    }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ table, lines }) => `\n${table}\n${lines.map((line) => indented(line, '  ', terminal)).join('')}`)
    .join('');
  return `${head}${tables}${reasons}`;
}

/** Who asked for a run, and who put an end to it. */
function whoText({ startedBy, canceledBy, cancelRequestedAt }: RunWithTasks): string {
  const parts = [
    startedBy === undefined ? [] : [`started by ${actorText(startedBy)}`],
    canceledBy === undefined ? [] : [`cancelled by ${actorText(canceledBy)} ${timeText(cancelRequestedAt)}`],
  ].flat();
  return parts.length === 0 ? '' : `${parts.join(', ')}\n`;
}

export const auditText = (entries: AuditList['entries'], terminal?: Terminal): string =>
  entries.length === 0
    ? 'Nothing is on record.\n'
    : textTable(
        ['at', 'who', 'did', 'what', 'tables', 'run'],
        entries.map(({ at, by, action, detail = '', tables, runId = '' }) => [
          ...[timeText(at), actorText(by), action, detail],
          ...[tables?.join(', ') ?? '', runId],
        ]),
        terminal,
      );

const held: Readonly<Record<HoldKind, string>> = {
  move: 'links moved to other profiles',
  clear: 'links cleared',
  oneProfile: 'links moved to one and the same profile',
};

export const holdsText = (holds: readonly TableHold[], terminal?: Terminal): string =>
  holds.length === 0
    ? 'Nothing is held back.\n'
    : [
        textTable(
          ['hold', 'table', 'rows', 'of linked rows', 'what', 'limit', 'since'],
          holds.map(({ id, table, count, linkedRows, kind, limitPercent, since }) => [
            ...[id, table, count, linkedRows, held[kind], `${limitPercent} %`, timeText(since)],
          ]),
          terminal,
        ),
        ...holds.map(({ id, sample }) =>
          sample.length === 0
            ? ''
            : `\n${id}, for example:\n${textTable(
                ['row', 'profile now', 'profile then'],
                sample.map((row) => [row.id, row.from ?? '', row.to ?? 'none']),
                terminal,
              )}`,
        ),
        '\nHave looked? Then let a run make them: backstamp confirm <hold>\n',
      ].join('');

export const rowsText = (rows: RowList['rows'], hasMore: boolean, terminal?: Terminal): string =>
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
        terminal,
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

export const doctorText = ({ checks }: DoctorReport, terminal?: Terminal): string =>
  checks
    .map(({ level, subject, finding, remedy }) => {
      const body = indented(`${subject}: ${finding}`, '          ', terminal).slice(10);
      const remedyLine = remedy === undefined ? '' : indented(`→ ${remedy}`, '          ', terminal);
      return `${painted(level.padEnd(8), terminal)}  ${body}${remedyLine}`;
    })
    .join('');

export const discoveryText = (
  { setup, sources, changes, leftOut, assumptions }: Discovery,
  terminal?: Terminal,
): string =>
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
      terminal,
    ),
    ...(leftOut.length === 0
      ? []
      : [`\nNot among them:\n${leftOut.map((line) => indented(line, '  ', terminal)).join('')}`]),
    ...(changes.length === 0
      ? []
      : [
          '\nAgainst the set-up that runs:\n',
          ...changes.map(({ table, kind, finding }) => indented(`${table} (${kind}): ${finding}`, '  ', terminal)),
        ]),
    `\nAssumed:\n${assumptions.map((line) => indented(line, '  ', terminal)).join('')}`,
    setup === undefined ? '\nNo source table was found.\n' : `\nBACKSTAMP_UNIFICATION=${JSON.stringify(setup)}\n`,
  ].join('');
