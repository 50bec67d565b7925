import { changedRows } from '../shared/contracts/changed-rows.ts';
import type { RunSummary } from '../shared/contracts/run-summary.ts';
import { RunsChart } from './chart-view.tsx';
import { type Column, DataTable } from './data-table.tsx';
import { durationText, numberText, timeText } from './format.ts';
import { Head, StatusBadge, Time, To } from './parts.tsx';
import { runPlace } from './place.ts';
import { runProgress } from './progress.ts';
import { StartButtons } from './start-buttons.tsx';
import type { ViewProps } from './view-props.ts';
import { modeNames, statuses, statusPhrases } from './words.ts';

/** Runs, newest first, with a chart of what they changed and how fast. */
export const RunsView = ({ state, about, actions, now }: ViewProps) => {
  const { runs, olderRuns, isLoadingOlder } = state;
  return (
    <section aria-labelledby="view-title">
      <Head title="Runs">
        <StartButtons about={about} actions={actions} />
      </Head>
      {runs === undefined ? (
        <p class="quiet">Loading …</p>
      ) : runs.length === 0 ? (
        <p>None yet.</p>
      ) : (
        <>
          <RunsChart runs={runs} pointedRun={state.pointedRun} actions={actions} />
          <DataTable caption="Runs, newest first" columns={columnsAt(now)} rows={runs} keyOf={({ runId }) => runId} />
        </>
      )}
      {olderRuns === undefined ? undefined : (
        <p>
          <button type="button" disabled={isLoadingOlder} onClick={() => actions.loadOlderRuns()}>
            {isLoadingOlder ? 'Loading …' : `Older runs (${numberText(runs?.length ?? 0)} shown)`}
          </button>
        </p>
      )}
    </section>
  );
};

const columnsAt = (now: number): Column<RunSummary>[] => [
  {
    name: 'Begun',
    cell: ({ runId, receivedAt }) => (
      <To place={runPlace(runId)} aria-label={`Details of the run of ${timeText(receivedAt)}`}>
        <Time at={receivedAt} now={now} />
      </To>
    ),
  },
  { name: 'Kind', cell: ({ mode }) => modeNames[mode] },
  { name: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
  { name: 'Tables', cell: tablesText },
  {
    name: 'Time at work',
    isNumber: true,
    cell: (run) => {
      const progress = runProgress(run, now);
      return progress === undefined ? '–' : durationText(progress.workedMs);
    },
  },
  { name: 'Rows read', isNumber: true, cell: ({ summary }) => numberText(summary.counters.read) },
  {
    name: 'Rows/s',
    isNumber: true,
    cell: (run) => {
      const progress = runProgress(run, now);
      return progress === undefined ? '–' : numberText(progress.perSecond);
    },
  },
  {
    name: 'Rows changed',
    isNumber: true,
    cell: ({ mode, summary }) => {
      const changed = numberText(changedRows(summary.counters));
      return mode === 'rehearsal' ? `would: ${changed}` : changed;
    },
  },
];

/** `30: 3 failed, 2 with warnings`: what went well goes without saying. */
function tablesText({ tables, summary }: RunSummary): string {
  const told = statuses
    .filter((status) => status !== 'Successful')
    .flatMap((status) => {
      const count = summary.statuses[status];
      return count === undefined ? [] : [`${numberText(count)} ${statusPhrases[status]}`];
    });
  return [numberText(tables.length), told.join(', ')].filter(Boolean).join(': ');
}
