import { coverageText } from '../shared/contracts/coverage-text.ts';
import { isFinal } from '../shared/contracts/is-final.ts';
import type { Task } from '../shared/contracts/run.ts';
import { numberText, timeText } from './format.ts';
import { Facts, Head, StatusBadge, Tabs, Time } from './parts.tsx';
import { type Place, runPlace, runsPlace } from './place.ts';
import { taskProgress } from './progress.ts';
import { ProgressLine } from './progress-view.tsx';
import { RowsView } from './rows-view.tsx';
import { CancelButton, NoRun } from './run-view.tsx';
import type { ViewProps } from './view-props.ts';
import { counterNames, modeNames } from './words.ts';

type TablePlace = Extract<Place, { view: 'table' }>;

/** One table in one run: how far it is, its counters, why it is as it is, and what became of its rows. */
export const TableView = (props: ViewProps & { readonly place: TablePlace }) => {
  const { state, about, actions, now, place } = props;
  const run = state.run?.runId === place.runId ? state.run : undefined;
  const task = run?.tasks.find(({ table }) => table === place.table);
  return (
    <section aria-labelledby="view-title">
      <Head
        above={[
          ['Runs', runsPlace],
          [run === undefined ? 'Run' : `${modeNames[run.mode]}, ${timeText(run.receivedAt)}`, runPlace(place.runId)],
        ]}
        title={place.table}
      >
        {run === undefined || !about.you.mayOperate ? undefined : <CancelButton run={run} actions={actions} />}
      </Head>
      {task === undefined ? (
        run === undefined ? (
          <NoRun isMissing={state.missingRun === place.runId} />
        ) : (
          <p>This run has no such table.</p>
        )
      ) : (
        <>
          <p class="progress">
            <StatusBadge status={task.status} />
            <ProgressLine progress={taskProgress(task, now)} isGoing={task.status === 'Refreshing'} name={task.table} />
            {task.status === 'Queued' ? <span>not begun</span> : undefined}
          </p>
          <Tabs
            label="Of this table"
            tabs={[
              ['Progress', { ...place, tab: 'progress' }, place.tab === 'progress'],
              ['Rows', { ...place, tab: 'rows' }, place.tab === 'rows'],
            ]}
          />
          {place.tab === 'rows' ? (
            <RowsView state={state} task={task} place={place} about={about} actions={actions} />
          ) : (
            <TaskDetails task={task} now={now} />
          )}
        </>
      )}
    </section>
  );
};

const TaskDetails = ({ task, now }: { readonly task: Task; readonly now: number }) => (
  <>
    {task.coverage === undefined ? undefined : <p class="coverage">{coverageText(task.coverage)}</p>}
    <Reasons task={task} />
    {task.status === 'Skipped' ? undefined : <CountersView task={task} />}
    <Facts
      facts={[
        ['Begun', task.startedAt && <Time key="begun" at={task.startedAt} now={now} />],
        ['Looked at', task.passes > 0 && `${numberText(task.passes)} ${task.passes === 1 ? 'time' : 'times'}`],
        [
          isFinal(task.status) ? 'Ended' : 'Last updated',
          <Time key="updated" at={task.endedAt ?? task.updatedAt} now={now} />,
        ],
      ]}
    />
  </>
);

const CountersView = ({ task }: { readonly task: Task }) => (
  <dl class="counters">
    {Object.entries(counterNames[task.kind === 'ownership' ? 'ownership' : 'linking']).map(([name, words]) => (
      <div key={name} data-counter={name} class={name === 'failed' && task.counters.failed > 0 ? 'bad' : undefined}>
        <dt>{words}</dt>
        <dd>{numberText(task.counters[name as keyof Task['counters']] ?? 0)}</dd>
      </div>
    ))}
  </dl>
);

const Reasons = ({ task: { findings, details } }: { readonly task: Task }) => {
  if (findings.length === 0 && details.length === 0) return undefined;
  // A finding is told below with its remedy: its line among the details would say the same again.
  const told = new Set(findings.map(({ finding, remedy }) => `${finding} ${remedy}`));
  return (
    <div class="reasons">
      <h3>Details</h3>
      <ul>
        {details
          .filter((line) => !told.has(line))
          .map((line) => (
            <li key={line}>{line}</li>
          ))}
      </ul>
      {findings.map(({ code, finding, remedy }) => (
        <div key={`${code} ${finding}`} class="finding">
          <p>
            <strong>{finding}</strong>
          </p>
          <p>What to do: {remedy}</p>
        </div>
      ))}
    </div>
  );
};
