import type { TableHold } from '../shared/contracts/hold.ts';
import { counted } from '../shared/counted.ts';
import { type Column, DataTable } from './data-table.tsx';
import { profileTable } from './outcome-parts.tsx';
import { Id, InDynamics, Time, To } from './parts.tsx';
import type { ViewProps } from './view-props.ts';

/** What a hold holds back, as the end of a sentence about links. */
export function heldText({ kind, profileId }: TableHold): string {
  if (kind === 'clear') return 'they have no place in the map any more and would be taken away';
  if (kind === 'move') return 'they would be moved to another profile';
  return `they would all end on one profile, ${profileId}`;
}

type Sample = TableHold['sample'][number];

/** Changes that wait for somebody's word: what, how many of how many, since when, some of the rows. */
export const HoldsView = ({ state: { holds }, about, actions, now }: ViewProps) =>
  holds.length === 0 ? undefined : (
    <section class="holds" aria-labelledby="holds-title">
      <h3 id="holds-title">Held until you decide</h3>
      {holds.map((hold) => (
        <article key={hold.id} class="hold" aria-label={`Hold in ${hold.table}`}>
          <p>
            <strong>{hold.table}</strong>: {counted(hold.count, 'link')} of {counted(hold.linkedRows, 'linked row')};{' '}
            {heldText(hold)}. That is more than the limit of {hold.limitPercent} %, so none of it was done.
          </p>
          <p class="quiet">
            Held since <Time at={hold.since} now={now} />. First links go on meanwhile. If the unification is at fault,
            mend it and let this be: it goes by itself once the map comes back to reason.
          </p>
          <details>
            <summary>{`Some of the rows (${hold.sample.length})`}</summary>
            <DataTable
              caption={`Some of the rows held in ${hold.table}`}
              rows={hold.sample}
              keyOf={({ id }) => id}
              columns={sampleColumns(hold.table, about.organisation, actions)}
            />
          </details>
          {about.you.mayOperate && !about.readOnly ? (
            <p>
              <button type="button" class="danger" onClick={() => actions.askToConfirm(hold)}>
                Let it be done …
              </button>
            </p>
          ) : undefined}
        </article>
      ))}
    </section>
  );

function sampleColumns(table: string, organisation: string, actions: ViewProps['actions']): Column<Sample>[] {
  const profile = (id: string | undefined) =>
    id === undefined ? (
      'none'
    ) : (
      <>
        <Id value={id} what="profile id" actions={actions} />{' '}
        <InDynamics organisation={organisation} table={profileTable} id={id} text="Open" />
      </>
    );
  return [
    {
      name: 'Row',
      cell: ({ id }) => (
        <>
          <Id value={id} what="row id" actions={actions} />
          <span class="ways">
            <To place={{ view: 'row', table, id }} aria-label={`Look up ${id}`}>
              Look up
            </To>
            <InDynamics organisation={organisation} table={table} id={id} />
          </span>
        </>
      ),
    },
    { name: 'Profile now', cell: ({ from }) => profile(from) },
    { name: 'Profile then', cell: ({ to }) => profile(to) },
  ];
}
