import type { DiscoveredSource, Discovery } from '../shared/contracts/discovery.ts';
import type { DoctorReport, Level } from '../shared/contracts/doctor-report.ts';
import { AuditView } from './audit-view.tsx';
import { type Column, DataTable } from './data-table.tsx';
import { numberText } from './format.ts';
import type { InspectionKind } from './inspector.ts';
import { Head, Problem, Time } from './parts.tsx';
import { SegmentsView } from './segments-view.tsx';
import type { Actions } from './state.ts';
import type { ViewProps } from './view-props.ts';

const titles: Readonly<Record<InspectionKind, string>> = {
  doctor: 'Set-up check',
  discover: 'Tables of the map',
  segments: 'Segments',
  audit: 'Who did what',
};

/** What was looked into: each finding with its remedy, the set-up that the map tells, segments, or who did what. */
export const InspectionView = ({ state: { inspection }, actions, now }: ViewProps) => {
  if (inspection === undefined) return undefined;
  const { kind, isLoading, problem, report, segments, discovery, audit } = inspection;
  return (
    <section aria-labelledby="view-title">
      <Head title={titles[kind]}>
        {isLoading ? undefined : (
          <div class="buttons">
            <button type="button" onClick={() => actions.lookAgain()}>
              Look again
            </button>
          </div>
        )}
      </Head>
      {isLoading ? (
        <p class="quiet">{kind === 'audit' ? 'Loading …' : 'Asking Dataverse … This may take a minute.'}</p>
      ) : undefined}
      <Problem text={problem} />
      {report === undefined ? undefined : <ReportView report={report} now={now} />}
      {segments === undefined ? undefined : <SegmentsView list={segments} actions={actions} now={now} />}
      {discovery === undefined ? undefined : <DiscoveryView discovery={discovery} actions={actions} />}
      {audit === undefined ? undefined : <AuditView audit={audit} actions={actions} now={now} />}
    </section>
  );
};

/** Levels with their words for one and for several, and what they look like. */
const levels: readonly (readonly [level: Level, one: string, many: string, tone: string])[] = [
  ['fault', 'fault', 'faults', 'bad'],
  ['warning', 'warning', 'warnings', 'warn'],
  ['note', 'note', 'notes', 'calm'],
  ['good', 'good', 'good', 'good'],
];

const ReportView = ({
  report: { checkedAt, checks },
  now,
}: {
  readonly report: DoctorReport;
  readonly now: number;
}) => {
  const groups = levels
    .map(([level, one, many, tone]) => ({ one, many, tone, found: checks.filter((check) => check.level === level) }))
    .filter(({ found }) => found.length > 0);
  const summary = groups.map(
    ({ one, many, found }) => `${numberText(found.length)} ${found.length === 1 ? one : many}`,
  );
  return (
    <>
      <p>
        {`${summary.join(', ')}. `}
        <span class="quiet">
          Checked <Time at={checkedAt} now={now} />
        </span>
      </p>
      {groups.map(({ one, tone, found }) => (
        <ul key={one} class="checks" aria-label={one}>
          {found.map(({ code, subject, finding, remedy }) => (
            <li key={`${code} ${subject} ${finding}`} class={`check ${tone}`}>
              <p>
                <span class={`badge ${tone}`}>{one}</span> <strong>{subject}</strong>
              </p>
              <p>{finding}</p>
              {remedy === undefined ? undefined : <p>What to do: {remedy}</p>}
            </li>
          ))}
        </ul>
      ))}
    </>
  );
};

const certainties: Readonly<Record<DiscoveredSource['certainty'], (table: string) => string>> = {
  certain: (table) => table,
  guessed: (table) => `${table}, a guess`,
  skipped: () => 'left out',
};

const sourceColumns: Column<DiscoveredSource>[] = [
  { name: 'Data source', cell: ({ dataSource }) => dataSource },
  { name: 'Its table', isLong: true, cell: ({ entity }) => entity },
  { name: 'Is', isLong: true, cell: ({ table, entity, certainty }) => certainties[certainty](table ?? entity) },
  { name: 'Why', isLong: true, cell: ({ reason }) => reason },
];

const DiscoveryView = ({
  discovery: { setup, sources, changes, leftOut, assumptions },
  actions,
}: {
  readonly discovery: Discovery;
  readonly actions: Actions;
}) => {
  const text = setup === undefined ? undefined : JSON.stringify(setup, undefined, 2);
  return (
    <>
      {sources.length === 0 ? (
        <p>The map is empty: let a unification complete first.</p>
      ) : (
        <DataTable
          caption="Data sources and tables of the map"
          columns={sourceColumns}
          rows={sources}
          keyOf={({ dataSource, entity }) => `${dataSource}|${entity}`}
        />
      )}
      {leftOut.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {changes.length === 0 ? undefined : (
        <>
          <h3>Against the set-up that runs</h3>
          <ul>
            {changes.map(({ table, kind, finding }) => (
              <li key={table}>
                {table} ({kind}): {finding}
              </li>
            ))}
          </ul>
        </>
      )}
      {text === undefined ? undefined : (
        <>
          <h3>Set-up</h3>
          <p id="setup-hint">The value of the app setting BACKSTAMP_UNIFICATION. It takes for granted:</p>
          <ul>
            {assumptions.map((assumption) => (
              <li key={assumption}>{assumption}</li>
            ))}
          </ul>
          <label for="setup">BACKSTAMP_UNIFICATION</label>
          <textarea
            id="setup"
            class="id"
            readOnly
            rows={12}
            spellcheck={false}
            aria-describedby="setup-hint"
            value={text}
          />
          <p class="buttons">
            <button type="button" class="main" onClick={() => actions.copy(text, 'the set-up')}>
              Copy
            </button>
          </p>
        </>
      )}
    </>
  );
};
