import type { RecordOutcomes } from '../shared/api/schemas.ts';
import type { CustomerProfile, ProfileAnswer, SingleValue, UnlinkedReason } from '../shared/contracts/profile.ts';
import { counted } from '../shared/counted.ts';
import { type Column, DataTable } from './data-table.tsx';
import { ExplanationView } from './explanation-view.tsx';
import { timeText } from './format.ts';
import { CustomerIds, customerBefore, customerNow, profileTable } from './outcome-parts.tsx';
import { Facts, Head, Id, InDynamics, Problem, Time, To } from './parts.tsx';
import { type Place, tablePlace } from './place.ts';
import type { Actions, LookUpState } from './state.ts';
import type { ViewProps } from './view-props.ts';
import { modeNames, outcomeNames } from './words.ts';

type RowPlace = Extract<Place, { view: 'row' }>;

/** One row by its id or address: whether it is linked and to whom, why not, and what runs did to it. */
export const LookUpView = (props: ViewProps & { readonly place: RowPlace }) => {
  const { state, actions, place } = props;
  const { lookUp } = state;
  return (
    <section aria-labelledby="view-title">
      <Head title="Look up a row" />
      <LookUpForm {...props} />
      <Problem text={state.lookUpProblem} />
      {place.id === undefined || lookUp === undefined || lookUp.id !== place.id ? undefined : (
        <div class="looked-up" aria-live="polite" aria-busy={lookUp.isLoading}>
          <h3>
            {lookUp.table ?? 'Row'} <Id value={lookUp.id} what="row id" actions={actions} />
          </h3>
          <Problem text={lookUp.problem} />
          <Found {...props} lookUp={lookUp} />
        </div>
      )}
    </section>
  );
};

const LookUpForm = ({ state, actions, place }: ViewProps & { readonly place: RowPlace }) => (
  <search>
    <form
      class="tools"
      // Another row in the address is another field, with its own text.
      key={`${place.table} ${place.id}`}
      onSubmit={(event) => {
        event.preventDefault();
        const { elements } = event.currentTarget;
        const table = (elements.namedItem('table') as HTMLSelectElement).value;
        actions.lookUp((elements.namedItem('row') as HTMLInputElement).value, table === '' ? undefined : table);
      }}
    >
      <label class="wide">
        <span>Id of a row, or the address of its form in Dynamics</span>
        <input name="row" type="search" required maxLength={2000} spellcheck={false} defaultValue={place.id ?? ''} />
      </label>
      <label>
        <span>Table</span>
        <select name="table">
          <option value="">as the address says, or any</option>
          {sourceTables(state.status).map((table) => (
            <option key={table} value={table}>
              {table}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="main">
        Look up
      </button>
    </form>
  </search>
);

/** Tables whose rows are linked. */
export const sourceTables = (status: ViewProps['state']['status']): string[] =>
  (status?.tables ?? []).filter(({ kind }) => kind === 'linking').map(({ table }) => table);

const Found = (props: ViewProps & { readonly lookUp: LookUpState }) => {
  const { about, lookUp } = props;
  const { table, id, answer, isLoading } = lookUp;
  if (isLoading && answer === undefined) return <p class="quiet">Asking Dataverse …</p>;
  if (table === undefined)
    return lookUp.problem === undefined ? (
      <p>No source table has a row with this id that you may read. It may have been deleted, or be of another table.</p>
    ) : undefined;
  return (
    <>
      {answer === undefined ? (
        lookUp.problem === undefined ? (
          <p>
            {table} has no row with this id that you may read: it was deleted, or {table} is no source table.
          </p>
        ) : undefined
      ) : (
        <>
          <p>
            <InDynamics organisation={about.organisation} table={table} id={id} />
          </p>
          <Linked answer={answer} {...props} />
        </>
      )}
      {lookUp.explanation === undefined ? undefined : <ExplanationView {...props} explanation={lookUp.explanation} />}
      {about.you.maySee ? <History {...props} /> : undefined}
    </>
  );
};

/** Reasons in a word or two; the app's own sentence stands beside them. */
const reasonNames: Readonly<Record<UnlinkedReason, string>> = {
  noColumn: 'not linked: nothing of its table was yet',
  notUnified: 'not linked: no customer',
  waiting: 'not linked: waits for its profile',
  noProfile: 'not linked: its customer has no profile',
  notLinkedYet: 'not linked yet',
  failed: 'not linked: the write failed',
  acrossUnits: 'not linked: another business unit',
  orphan: 'its link leads nowhere',
  notVisible: 'its profile is not yours to read',
};

const Linked = ({ answer, about, actions }: ViewProps & { readonly answer: ProfileAnswer }) =>
  answer.linked ? (
    <>
      <p>
        <span class="badge good">linked</span>
      </p>
      <ProfileView profile={answer.profile} organisation={about.organisation} actions={actions} />
    </>
  ) : (
    <>
      <p>
        <span class="badge warn">{reasonNames[answer.reason]}</span>
      </p>
      <p>{answer.explanation}</p>
    </>
  );

const ProfileView = ({
  profile,
  organisation,
  actions,
}: {
  readonly profile: CustomerProfile;
  readonly organisation: string;
  readonly actions: Actions;
}) => (
  <>
    <Facts
      facts={[
        ['Customer', <Id key="customer" value={profile.customerId} what="customer id" actions={actions} />],
        [
          'Profile',
          <span key="profile">
            <Id value={profile.id} what="profile id" actions={actions} />{' '}
            <InDynamics organisation={organisation} table={profileTable} id={profile.id} />
          </span>,
        ],
        ['Segments', profile.segments.length > 0 && profile.segments.map(({ name }) => name).join(', ')],
        [
          'Kept from you',
          profile.withheld.length > 0 && `${profile.withheld.join(', ')}: you may not read all tables of theirs`,
        ],
      ]}
    />
    <Values name="Attributes" values={Object.entries(profile.attributes)} />
    <Values name="Measures" values={profile.measures.map(({ name, value }) => [name, value])} />
    {profile.predictions.map(({ model, values }) => (
      <Values key={model} name={`Prediction ${model}`} values={Object.entries(values)} />
    ))}
    <Values
      name="Latest activities"
      values={profile.activities.map(({ type, title, time }) => [
        time === null ? 'at an unknown time' : timeText(time),
        [type, title].filter(Boolean).join(': '),
      ])}
    />
  </>
);

const Values = ({
  name,
  values,
}: {
  readonly name: string;
  readonly values: readonly (readonly [name: string, value: SingleValue])[];
}) => {
  const told = values.filter(([, value]) => value !== null && value !== '');
  return told.length === 0 ? undefined : (
    <details>
      <summary>{`${name} (${told.length})`}</summary>
      <Facts facts={told.map(([key, value]) => [key, String(value)])} />
    </details>
  );
};

type Outcome = RecordOutcomes['outcomes'][number];

/** What runs did to the row, as far back as was looked. */
const History = ({ lookUp, about, actions, now }: ViewProps & { readonly lookUp: LookUpState }) => {
  const { outcomes, examined, older, isLoading, table = '' } = lookUp;
  const columns: Column<Outcome>[] = [
    { name: 'When', cell: ({ at }) => <Time at={at} now={now} /> },
    {
      name: 'Run',
      cell: ({ runId, mode }) => <To place={tablePlace(runId, table, { tab: 'rows' })}>{modeNames[mode]}</To>,
    },
    {
      name: 'What happened',
      cell: ({ outcome, mode }) => (mode === 'rehearsal' ? 'would be: ' : '') + outcomeNames[outcome],
    },
    { name: 'Reason', isLong: true, cell: ({ reason }) => reason ?? '–' },
    {
      name: 'Before',
      cell: (row) => <CustomerIds {...customerBefore(row)} organisation={about.organisation} actions={actions} />,
    },
    {
      name: 'Now',
      cell: (row) => <CustomerIds {...customerNow(row)} organisation={about.organisation} actions={actions} />,
    },
  ];
  return (
    <>
      <h3>What runs did to it</h3>
      {outcomes.length === 0 ? (
        <p>{`Nothing that was listed by the ${older === undefined ? '' : 'newest '}${counted(examined, 'run')} kept.`}</p>
      ) : (
        <DataTable
          caption="What runs did to this row, newest first"
          columns={columns}
          rows={outcomes}
          keyOf={({ runId, outcome }) => `${runId} ${outcome}`}
        />
      )}
      <p class="quiet">
        Runs list rows that moved, lost their link, wait, failed or are gone; a first link and a link that was right are
        counted only.
      </p>
      {older === undefined ? undefined : (
        <p>
          <button type="button" disabled={isLoading} onClick={() => actions.loadOlderOutcomes()}>
            {isLoading ? 'Loading …' : `Look further back (${counted(examined, 'run')} looked at)`}
          </button>
        </p>
      )}
    </>
  );
};
