import type { Actor } from '../shared/contracts/audit.ts';
import { isFinal } from '../shared/contracts/is-final.ts';
import type { RunDetail } from '../shared/contracts/run-summary.ts';
import { durationText, timeText } from './format.ts';
import { Facts, Head, Id, StatusBadge, Tabs, Time } from './parts.tsx';
import { type Place, runsPlace } from './place.ts';
import { runProgress } from './progress.ts';
import { ProgressLine } from './progress-view.tsx';
import type { Actions } from './state.ts';
import { TaskTable } from './task-table.tsx';
import type { ViewProps } from './view-props.ts';
import { modeNames } from './words.ts';

type RunPlace = Extract<Place, { view: 'run' }>;

/** One run: how far it is, its tables, and what is known of it. */
export const RunView = ({ state, about, actions, now, place }: ViewProps & { readonly place: RunPlace }) => {
  const run = state.run?.runId === place.runId ? state.run : undefined;
  return (
    <section aria-labelledby="view-title">
      <Head
        above={[['Runs', runsPlace]]}
        title={run === undefined ? 'Run' : `${modeNames[run.mode]}, ${timeText(run.receivedAt)}`}
      >
        {run === undefined || !about.you.mayOperate ? undefined : <CancelButton run={run} actions={actions} />}
      </Head>
      {run === undefined ? (
        <NoRun isMissing={state.missingRun === place.runId} />
      ) : (
        <>
          <p class="progress">
            <StatusBadge status={run.status} />
            <ProgressLine progress={runProgress(run, now)} isGoing={!isFinal(run.status)} name="The run" />
          </p>
          <Tabs
            label="Of this run"
            tabs={[
              ['Tables', { ...place, tab: 'tables' }, place.tab === 'tables'],
              ['About this run', { ...place, tab: 'about' }, place.tab === 'about'],
            ]}
          />
          {place.tab === 'about' ? (
            <RunFacts run={run} actions={actions} now={now} />
          ) : (
            <TaskTable
              caption="Tables of this run"
              tasks={run.tasks}
              choice={place.list}
              placeWith={(list) => ({ ...place, list })}
              actions={actions}
              now={now}
            />
          )}
        </>
      )}
    </section>
  );
};

/** Where a run is not there (yet). */
export const NoRun = ({ isMissing }: { readonly isMissing: boolean }) =>
  isMissing ? (
    <p>There is no such run. Runs are removed after the retention time; the address may be an old one.</p>
  ) : (
    <p class="quiet">Loading …</p>
  );

/** Who did something, by name and id. */
export const Who = ({ who, actions }: { readonly who: Actor; readonly actions: Actions }) =>
  who.kind === 'key' ? (
    'a holder of a function key'
  ) : (
    <>
      {who.name ?? who.kind}{' '}
      {who.id === undefined ? undefined : <Id value={who.id} what="object id" actions={actions} />}
    </>
  );

const RunFacts = ({
  run,
  actions,
  now,
}: {
  readonly run: RunDetail;
  readonly actions: Actions;
  readonly now: number;
}) => (
  <Facts
    facts={[
      ['Kind', modeNames[run.mode]],
      ['Begun', <Time key="begun" at={run.receivedAt} now={now} />],
      ['Ended', run.endedAt === undefined ? undefined : <Time key="ended" at={run.endedAt} now={now} />],
      [
        'In all',
        run.endedAt === undefined
          ? undefined
          : `${durationText(Date.parse(run.endedAt) - Date.parse(run.receivedAt))}, waits for profiles included`,
      ],
      ['Started by', run.startedBy === undefined ? undefined : <Who key="by" who={run.startedBy} actions={actions} />],
      [
        'Permitted',
        [
          run.beyondLimits && 'more than the safety limits',
          run.giveOwners && 'giving owners',
          run.holds && `what was held as ${run.holds.join(', ')}`,
        ]
          .filter(Boolean)
          .join(', ') || undefined,
      ],
      ['Cancel asked for', run.cancelRequestedAt && <Time key="cancel" at={run.cancelRequestedAt} now={now} />],
      ['Canceled by', run.canceledBy && <Who key="canceled" who={run.canceledBy} actions={actions} />],
      ['Unification completed', <Time key="occurred" at={run.occurredAt} now={now} />],
      ['Source of the event', run.source],
      ['Event', <Id key="event" value={run.eventId} what="event id" actions={actions} />],
      ['Run', <Id key="run" value={run.runId} what="run id" actions={actions} />],
    ]}
  />
);

export const CancelButton = ({ run, actions }: { readonly run: RunDetail; readonly actions: Actions }) =>
  isFinal(run.status) ? undefined : (
    <button
      type="button"
      class="danger"
      disabled={run.cancelRequestedAt !== undefined}
      onClick={() => actions.askToCancel(run.runId)}
    >
      {run.cancelRequestedAt === undefined ? 'Cancel this run' : 'Being canceled …'}
    </button>
  );
