import type { About } from '../shared/api/schemas.ts';
import { distanceText, hostOf, timeText } from './format.ts';
import { InspectionView } from './inspection-view.tsx';
import { LookUpView } from './look-up-view.tsx';
import { To } from './parts.tsx';
import { type Place, runsPlace, statusPlace } from './place.ts';
import { RunView } from './run-view.tsx';
import { RunsView } from './runs-view.tsx';
import { KeyView, PersonView } from './sign-in-view.tsx';
import type { Actions, State } from './state.ts';
import { StatusView } from './status-view.tsx';
import { TableView } from './table-view.tsx';
import type { ViewProps } from './view-props.ts';

/** The whole page. */
export const AppView = ({ state, actions, now }: Omit<ViewProps, 'about'>) => {
  const { session } = state;
  return (
    <>
      {session.kind === 'in' ? <Header place={state.place} about={session.about} actions={actions} /> : <Brand />}
      <div class="problems" role="alert">
        {state.problem === undefined ? undefined : (
          <p class="problem">
            {state.problem}
            {state.heardAt === undefined
              ? undefined
              : ` What you see is from ${timeText(new Date(state.heardAt).toISOString())}, ${distanceText(new Date(state.heardAt).toISOString(), now)}.`}
          </p>
        )}
      </div>
      <main id="content" tabIndex={-1}>
        <Content state={state} actions={actions} now={now} />
      </main>
    </>
  );
};

const Brand = () => (
  <header>
    <h1>Backstamp</h1>
  </header>
);

const views: readonly (readonly [name: string, place: Place, among: readonly Place['view'][]])[] = [
  ['Status', statusPlace, ['status']],
  ['Runs', runsPlace, ['runs', 'run', 'table']],
  ['Look up a row', { view: 'row', table: undefined, id: undefined }, ['row']],
  ['Check set-up', { view: 'doctor' }, ['doctor']],
  ['Discover tables', { view: 'discover' }, ['discover']],
  ['Segments', { view: 'segments' }, ['segments']],
  ['Who did what', { view: 'audit' }, ['audit']],
];

const Header = ({
  place,
  about,
  actions,
}: {
  readonly place: Place;
  readonly about: About;
  readonly actions: Actions;
}) => (
  <header>
    <div class="brand">
      <h1>Backstamp</h1>
      <p class="organisation">
        <span class="quiet">Organisation</span> <strong>{hostOf(about.organisation)}</strong>{' '}
        <span class="quiet">
          · app {location.host} · version {about.version}
          {about.readOnly ? ' · rehearses only' : ''}
        </span>
      </p>
    </div>
    <p class="who">
      {about.you.kind === 'key' ? undefined : (
        <span>
          {about.you.name ?? about.you.id} <span class="quiet">({about.you.mayOperate ? 'operator' : 'reader'})</span>
        </span>
      )}
      {about.signIn ? (
        <a href="/.auth/logout">Sign out</a>
      ) : (
        <button type="button" class="link" onClick={() => actions.forgetKey()}>
          Forget key
        </button>
      )}
    </p>
    <nav class="views" aria-label="Views">
      {views.map(([name, to, among]) => (
        <To key={name} place={to} aria-current={among.includes(place.view) ? 'page' : undefined}>
          {name}
        </To>
      ))}
    </nav>
  </header>
);

const Content = (props: Omit<ViewProps, 'about'>) => {
  const { state, actions } = props;
  const { session, place } = state;
  if (session.kind === 'asking') return <p class="quiet">Loading …</p>;
  if (session.kind === 'key') return <KeyView session={session} actions={actions} />;
  if (session.kind === 'person') return <PersonView hasExpired={session.hasExpired} actions={actions} />;
  const all: ViewProps = { ...props, about: session.about };
  if (!session.about.you.maySee && place.view !== 'row') return <MayNotSee {...all} />;
  switch (place.view) {
    case 'status':
      return <StatusView {...all} list={place.list} />;
    case 'runs':
      return <RunsView {...all} filter={place.filter} />;
    case 'run':
      return <RunView {...all} place={place} />;
    case 'table':
      return <TableView {...all} place={place} />;
    case 'row':
      return <LookUpView {...all} place={place} />;
    default:
      return <InspectionView {...all} />;
  }
};

const MayNotSee = ({ about }: ViewProps) => (
  <div class="key">
    <h2 id="view-title" tabIndex={-1}>
      You may not see this
    </h2>
    <p>
      You are signed in as {about.you.name ?? about.you.id}, without a role of this app. Ask an administrator for the
      app role Backstamp.Reader: Microsoft Entra admin center, Enterprise applications, the app, Users and groups.
    </p>
    <p>
      You can still <To place={{ view: 'row', table: undefined, id: undefined }}>look up a row</To> that you may read.
    </p>
  </div>
);

/** What the tab of the browser says. */
export function titleOf({ session, place }: State): string {
  if (session.kind !== 'in') return 'Backstamp';
  const name = views.find(([, , among]) => among.includes(place.view))?.[0];
  const thing = place.view === 'table' ? `${place.table} – Run` : place.view === 'run' ? 'Run' : (name ?? 'Status');
  return `${thing} – ${hostOf(session.about.organisation)} – Backstamp`;
}
