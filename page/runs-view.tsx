import { changedRows } from '../shared/contracts/changed-rows.ts';
import type { RunSummary } from '../shared/contracts/run-summary.ts';
import { RunsChart } from './chart-view.tsx';
import { type Column, DataTable } from './data-table.tsx';
import { durationText, numberText, timeText } from './format.ts';
import { Head, StatusBadge, Time, To } from './parts.tsx';
import { runPlace, runsPlace } from './place.ts';
import { runProgress } from './progress.ts';
import { isEveryRun, modes, type RunFilter, runFilterOf } from './run-filter.ts';
import { StartButtons } from './start-buttons.tsx';
import type { ViewProps } from './view-props.ts';
import { modeNames, statuses, statusPhrases } from './words.ts';

/** Runs, newest first, chosen by a filter or all, with a chart of what they changed and how fast. */
export const RunsView = ({ state, about, actions, now, filter }: ViewProps & { readonly filter: RunFilter }) => {
  const isAll = isEveryRun(filter);
  const shown = isAll
    ? { runs: state.runs, older: state.olderRuns, isLoading: state.isLoadingOlder }
    : (state.found ?? { runs: undefined, older: undefined, isLoading: true });
  const { runs, older, isLoading } = shown;
  return (
    <section aria-labelledby="view-title">
      <Head title="Runs">
        <StartButtons about={about} actions={actions} />
      </Head>
      {isAll && runs?.length === 0 ? undefined : <FilterForm state={state} actions={actions} filter={filter} />}
      {runs === undefined ? (
        <p class="quiet">Loading …</p>
      ) : runs.length === 0 ? (
        <p>{isAll ? 'None yet.' : older === undefined ? 'No such run.' : 'No such run among the newest.'}</p>
      ) : (
        <>
          <RunsChart runs={runs} pointedRun={state.pointedRun} actions={actions} />
          <DataTable caption="Runs, newest first" columns={columnsAt(now)} rows={runs} keyOf={({ runId }) => runId} />
        </>
      )}
      {older === undefined ? undefined : (
        <p>
          <button type="button" disabled={isLoading} onClick={() => actions.loadOlderRuns()}>
            {isLoading ? 'Loading …' : `Older runs (${numberText(runs?.length ?? 0)} shown)`}
          </button>
        </p>
      )}
    </section>
  );
};

/** What is chosen stands in the address at once, and the list follows it. */
const FilterForm = ({
  state: { status: known },
  actions,
  filter,
}: Pick<ViewProps, 'state' | 'actions'> & { readonly filter: RunFilter }) => {
  const { status, mode, table, since } = filter;
  // A table that is no source any more may have runs still.
  const tables = new Set([...(known?.tables ?? []).map((one) => one.table), ...(table === '' ? [] : [table])]);
  return (
    <search>
      <form
        class="tools"
        aria-label="Which runs"
        onSubmit={(event) => event.preventDefault()}
        onChange={(event) => {
          const chosen = new FormData(event.currentTarget);
          const given = (name: keyof RunFilter) => String(chosen.get(name) ?? '');
          actions.show({ view: 'runs', filter: runFilterOf(given) }, { isStep: true });
        }}
      >
        <Choice name="status" label="Status" chosen={status} choices={statuses.map((one) => [one, one])} />
        <Choice name="mode" label="Kind" chosen={mode} choices={modes.map((one) => [one, modeNames[one]])} />
        <Choice name="table" label="Table" chosen={table} choices={[...tables].map((one) => [one, one])} />
        <label>
          <span>Since</span>
          <input type="date" name="since" value={since} />
        </label>
        {isEveryRun(filter) ? undefined : <To place={runsPlace}>All runs</To>}
      </form>
    </search>
  );
};

const Choice = ({
  name,
  label,
  chosen,
  choices,
}: {
  readonly name: keyof RunFilter;
  readonly label: string;
  readonly chosen: string | undefined;
  readonly choices: readonly (readonly [value: string, text: string])[];
}) => (
  <label>
    <span>{label}</span>
    <select name={name} value={chosen ?? ''}>
      <option value="">any</option>
      {choices.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  </label>
);

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
