import type { EarlierCustomer, Explanation, NamingMapRow, RingRecord } from '../shared/contracts/explanation.ts';
import { changeKindNames, lastChangeText, recordStateNames } from '../shared/contracts/explanation-words.ts';
import { type Column, DataTable } from './data-table.tsx';
import { CustomerIds } from './outcome-parts.tsx';
import { Facts, Id, InDynamics, Time, To } from './parts.tsx';
import { statusPlace, tablePlace } from './place.ts';
import type { ViewProps } from './view-props.ts';

type Props = ViewProps & { readonly explanation: Explanation };

/** Why a row is linked as it is, or not: what decides over it, and what is next. */
export const ExplanationView = (props: Props) => {
  const { explanation, now, about } = props;
  const { next, hold, pending, requirements, changed, notKnown, table } = explanation;
  return (
    <>
      <h3>Why</h3>
      <Facts
        facts={[
          ['The next run', next.explanation],
          [
            'Held since',
            hold !== undefined && (
              <>
                <Time at={hold.since} now={now} />
                {about.you.maySee ? (
                  <>
                    {' '}
                    <To place={statusPlace}>See what is held</To>
                  </>
                ) : undefined}
              </>
            ),
          ],
          [
            pending?.cause === 'failed' ? 'Failed since' : 'Waits since',
            pending !== undefined && (
              <>
                <Time at={pending.since} now={now} />: {pending.reason}
                {about.you.maySee && pending.runId !== '' ? (
                  <>
                    {' '}
                    <To place={tablePlace(pending.runId, table)}>The run that tried last</To>
                  </>
                ) : undefined}
              </>
            ),
          ],
          [
            'Its table',
            requirements.length > 0 &&
              requirements.map(({ code, finding, remedy }) => <div key={code}>{`${finding} ${remedy}`}</div>),
          ],
          [
            'Last changed',
            changed !== undefined && (
              <>
                <Time at={changed.at} now={now} /> {lastChangeText(changed)}
              </>
            ),
          ],
        ]}
      />
      <MapRows {...props} />
      <OtherRows {...props} />
      <EarlierCustomers {...props} />
      <details>
        <summary>What nobody can tell from Dataverse</summary>
        {notKnown.map((text) => (
          <p key={text}>{text}</p>
        ))}
      </details>
    </>
  );
};

const MapRows = ({ explanation: { mapRows }, about, actions, now }: Props) => {
  const columns: Column<NamingMapRow>[] = [
    { name: 'Key, as it is spelt', isLong: true, cell: ({ key }) => <code>{key}</code> },
    { name: 'Counts', cell: ({ counts }) => (counts ? <span class="badge good">yes</span> : 'no') },
    { name: 'Why', isLong: true, cell: ({ why }) => why },
    { name: 'Source', isLong: true, cell: ({ dataSource, entity }) => `${dataSource} / ${entity}` },
    {
      name: 'Customer',
      cell: ({ customerId, profileId }) => (
        <CustomerIds
          customerId={customerId ?? undefined}
          profileId={profileId ?? undefined}
          organisation={about.organisation}
          actions={actions}
        />
      ),
    },
    { name: 'Changed', cell: ({ modifiedOn }) => <Time at={modifiedOn ?? undefined} now={now} /> },
  ];
  return (
    <>
      <h3>Map rows that name it</h3>
      {mapRows.length === 0 ? (
        <p>None.</p>
      ) : (
        <DataTable
          caption="Map rows that name this row, newest first"
          columns={columns}
          rows={mapRows}
          keyOf={({ id }) => id}
        />
      )}
    </>
  );
};

const OtherRows = ({ explanation, about, actions }: Props) => {
  const { customer, id } = explanation;
  if (customer === undefined) return undefined;
  const columns: Column<RingRecord>[] = [
    {
      name: 'Row',
      cell: ({ table, key }) => (
        <>
          <Id value={key} what="row id" actions={actions} />
          {table === null ? undefined : key === id ? (
            <span class="ways quiet">this row</span>
          ) : (
            <span class="ways">
              <To place={{ view: 'row', table, id: key }} aria-label={`Look up ${key}`}>
                Look up
              </To>
              <InDynamics organisation={about.organisation} table={table} id={key} />
            </span>
          )}
        </>
      ),
    },
    { name: 'Table', cell: ({ table, entity }) => table ?? entity },
    { name: 'Data source', isLong: true, cell: ({ dataSource }) => dataSource },
    {
      name: 'How it stands',
      cell: ({ state }) => (state === 'linked' ? <span class="badge good">linked</span> : recordStateNames[state]),
    },
  ];
  return (
    <>
      <h3>All rows of its customer</h3>
      <p>
        Customer <Id value={customer.customerId} what="customer id" actions={actions} />
      </p>
      <DataTable
        caption="Source rows that unification counts to the same customer"
        columns={columns}
        rows={customer.records}
        keyOf={({ dataSource, entity, key }) => `${dataSource} ${entity} ${key}`}
      />
      {customer.isWhole ? undefined : <p class="quiet">There may be more of them.</p>}
    </>
  );
};

const EarlierCustomers = ({ explanation: { earlier, table }, about, actions, now }: Props) => {
  if (earlier.length === 0) return undefined;
  const ids = (customerId: string | null, profileId: string | null) => (
    <CustomerIds
      customerId={customerId ?? undefined}
      profileId={profileId ?? undefined}
      organisation={about.organisation}
      actions={actions}
    />
  );
  const columns: Column<EarlierCustomer>[] = [
    { name: 'Until', cell: ({ until }) => <Time at={until} now={now} /> },
    { name: 'Customer then', cell: ({ customerId, profileId }) => ids(customerId, profileId) },
    { name: 'What became of it', isLong: true, cell: ({ kind }) => changeKindNames[kind] },
    { name: 'Next customer', cell: ({ nextCustomerId, nextProfileId }) => ids(nextCustomerId, nextProfileId) },
    {
      name: 'Run',
      cell: ({ runId }) =>
        about.you.maySee ? <To place={tablePlace(runId, table)}>{runId.slice(0, 8)}</To> : runId.slice(0, 8),
    },
  ];
  return (
    <>
      <h3>Customers it had before</h3>
      <DataTable
        caption="Customers that this row belonged to before, the latest first"
        columns={columns}
        rows={earlier}
        keyOf={({ runId, kind }) => `${runId} ${kind}`}
      />
    </>
  );
};
