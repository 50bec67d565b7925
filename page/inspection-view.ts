import { h, type JSX } from 'preact';
import type { DoctorReport, Level } from '../shared/contracts/doctor-report.ts';
import type { DiscoveredSource, Discovery } from '../shared/inspect/discover.ts';
import { numberText, timeText } from './format.ts';
import type { InspectionKind } from './inspector.ts';
import { detailsHead, scrollingTable } from './parts-view.ts';
import { segmentsView } from './segments-view.ts';
import type { Actions, InspectionState } from './state.ts';

const titles: Readonly<Record<InspectionKind, string>> = {
  doctor: 'Set-up check',
  discover: 'Tables of the map',
  segments: 'Segments',
};

/** The pane on what was looked into: each finding with its remedy, or the set-up that the map tells. */
export const inspectionView = (inspection: InspectionState, actions: Actions): JSX.Element =>
  h(
    'aside',
    { class: 'details', 'aria-labelledby': 'details-title', key: 'inspection' },
    detailsHead(titles[inspection.kind], 'Close', () => actions.closeInspection()),
    inspection.isLoading
      ? h('p', { class: 'quiet' }, 'Asking Dataverse …  This may take a minute.')
      : h('p', {}, h('button', { type: 'button', onclick: () => actions.inspect(inspection.kind) }, 'Look again')),
    inspection.problem === undefined ? undefined : h('p', { class: 'problem', role: 'alert' }, inspection.problem),
    inspection.report === undefined ? undefined : reportView(inspection.report),
    inspection.segments === undefined ? undefined : segmentsView(inspection.segments),
    inspection.discovery === undefined ? undefined : discoveryView(inspection.discovery, inspection.isCopied, actions),
  );

/** Levels with their words for one and for several, and what they look like. */
const levels: readonly (readonly [level: Level, one: string, many: string, tone: string])[] = [
  ['fault', 'fault', 'faults', 'bad'],
  ['warning', 'warning', 'warnings', 'warn'],
  ['note', 'note', 'notes', 'calm'],
  ['good', 'good', 'good', 'good'],
];

function reportView({ checkedAt, checks }: DoctorReport): JSX.Element {
  const groups = levels
    .map(([level, one, many, tone]) => ({ one, many, tone, found: checks.filter((check) => check.level === level) }))
    .filter(({ found }) => found.length > 0);
  const summary = groups.map(
    ({ one, many, found }) => `${numberText(found.length)} ${found.length === 1 ? one : many}`,
  );
  return h(
    'div',
    {},
    h('p', {}, `${summary.join(', ')}. `, h('span', { class: 'quiet' }, 'Checked ', timeText(checkedAt))),
    groups.map(({ one, tone, found }) =>
      h(
        'ul',
        { class: 'checks', 'aria-label': one, key: one },
        found.map((check) => checkView(check, one, tone)),
      ),
    ),
  );
}

const checkView = (
  { code, subject, finding, remedy }: DoctorReport['checks'][number],
  word: string,
  tone: string,
): JSX.Element =>
  h(
    'li',
    { class: `check ${tone}`, key: `${code} ${subject} ${finding}` },
    h('p', {}, h('span', { class: `badge ${tone}` }, word), ' ', h('strong', {}, subject)),
    h('p', {}, finding),
    remedy === undefined ? undefined : h('p', {}, 'What to do: ', remedy),
  );

const sourceColumns = [{ name: 'Data source' }, { name: 'Its table' }, { name: 'Is' }, { name: 'Why' }];

const certainties: Readonly<Record<DiscoveredSource['certainty'], (table: string) => string>> = {
  certain: (table) => table,
  guessed: (table) => `${table}, a guess`,
  skipped: () => 'left out',
};

function discoveryView({ setup, sources, assumptions }: Discovery, isCopied: boolean, actions: Actions): JSX.Element {
  const text = setup === undefined ? undefined : JSON.stringify(setup, undefined, 2);
  return h(
    'div',
    {},
    sources.length === 0
      ? h('p', {}, 'The map is empty: let a unification complete first.')
      : scrollingTable(
          'Data sources and tables of the map',
          sourceColumns,
          sources.map(({ dataSource, entity, table, certainty, reason }) =>
            h(
              'tr',
              { key: `${dataSource}|${entity}` },
              h('th', { scope: 'row' }, dataSource),
              h('td', {}, entity),
              h('td', {}, certainties[certainty](table ?? entity)),
              h('td', { class: 'reason' }, reason),
            ),
          ),
        ),
    text === undefined
      ? undefined
      : [
          h('h3', {}, 'Set-up'),
          h('p', { id: 'setup-hint' }, 'The value of the app setting BACKSTAMP_UNIFICATION. It takes for granted:'),
          h(
            'ul',
            {},
            assumptions.map((assumption) => h('li', {}, assumption)),
          ),
          h('label', { for: 'setup' }, 'BACKSTAMP_UNIFICATION'),
          h(
            'textarea',
            {
              id: 'setup',
              class: 'id',
              readonly: true,
              rows: 12,
              spellcheck: 'false',
              'aria-describedby': 'setup-hint',
            },
            text,
          ),
          h(
            'p',
            { class: 'buttons' },
            h('button', { type: 'button', class: 'main', onclick: () => actions.copySetup(text) }, 'Copy'),
            h('span', { role: 'status' }, isCopied && 'Copied.'),
          ),
        ],
  );
}
