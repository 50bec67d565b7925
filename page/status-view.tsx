import { isFinal } from '../shared/contracts/is-final.ts';
import { distanceText, timeText } from './format.ts';
import { HoldsView } from './holds-view.tsx';
import { Head, To } from './parts.tsx';
import { type ListChoice, runPlace } from './place.ts';
import { StartButtons } from './start-buttons.tsx';
import { TaskTable } from './task-table.tsx';
import type { ViewProps } from './view-props.ts';
import { modeNames } from './words.ts';

/** Each table's task: what Settings > System > Status shows, and the run at work. */
export const StatusView = ({ state, about, actions, now, list }: ViewProps & { readonly list: ListChoice }) => {
  const { status, runs = [] } = state;
  const going = runs.filter((run) => !isFinal(run.status));
  return (
    <section aria-labelledby="view-title">
      <Head title="Status">
        <StartButtons about={about} actions={actions} />
      </Head>
      {going.map((run) => (
        <p key={run.runId} class="going">
          At work: <To place={runPlace(run.runId)}>{`the run of ${timeText(run.receivedAt)}`}</To>{' '}
          <span class="quiet">{`(${modeNames[run.mode]}, begun ${distanceText(run.receivedAt, now)})`}</span>
        </p>
      ))}
      <HoldsView state={state} about={about} actions={actions} now={now} />
      {(status?.unlisted ?? []).map(({ table, dataSource, entity }) => (
        <p key={table}>
          <strong>{table}</strong> is not linked: the map names its rows (table “{entity}” of data source “{dataSource}
          ”), and it is not in the set-up. Discover tables shows how to add it.
        </p>
      ))}
      {status === undefined ? (
        <p class="quiet">Loading …</p>
      ) : (
        status.groups.map(({ name, tasks }) => (
          <div key={name}>
            <h3>{name}</h3>
            {tasks.length === 0 ? (
              <p>
                No run yet. One begins when a unification completes, or when you start it; rehearse first to see what it
                would do.
              </p>
            ) : (
              <TaskTable
                caption={name}
                tasks={tasks}
                choice={list}
                placeWith={(choice) => ({ view: 'status', list: choice })}
                actions={actions}
                now={now}
              />
            )}
          </div>
        ))
      )}
    </section>
  );
};
