import type { ComponentChildren } from 'preact';
import type { Status } from '../shared/contracts/status.ts';
import { distanceText, timeText } from './format.ts';
import { hashOf, type Place } from './place.ts';
import { rowUrl } from './row-address.ts';
import type { Actions } from './state.ts';
import { toneOf } from './words.ts';

/** Small parts that several views share. */

export const StatusBadge = ({ status }: { readonly status: Status }) => (
  <span class={`badge ${toneOf(status)}`}>{status}</span>
);

/** A time, with how long ago that is. */
export const Time = ({ at, now }: { readonly at: string | undefined; readonly now: number }) =>
  at === undefined ? (
    '–'
  ) : (
    <time dateTime={at} title={at}>
      {timeText(at)} <span class="quiet">({distanceText(at, now)})</span>
    </time>
  );

/** A way to another place of the page. */
export const To = ({
  place,
  children,
  ...attributes
}: {
  readonly place: Place;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly 'aria-label'?: string;
  readonly 'aria-current'?: 'page' | 'true' | undefined;
}) => (
  <a href={hashOf(place)} {...attributes}>
    {children}
  </a>
);

/** An id that can be copied. */
export const Id = ({
  value,
  what,
  actions,
}: {
  readonly value: string;
  readonly what: string;
  readonly actions: Actions;
}) => (
  <span class="id">
    {value}{' '}
    <button type="button" class="small" aria-label={`Copy ${what} ${value}`} onClick={() => actions.copy(value, what)}>
      Copy
    </button>
  </span>
);

/** Opens a row in Dynamics, beside this page. */
export const InDynamics = ({
  organisation,
  table,
  id,
  text = 'Open in Dynamics',
}: {
  readonly organisation: string;
  readonly table: string;
  readonly id: string;
  readonly text?: string;
}) => (
  <a href={rowUrl(organisation, table, id)} target="_blank" rel="noreferrer" aria-label={`${text}: ${table} ${id}`}>
    {text}
  </a>
);

/** Ways between the parts of one thing. */
export const Tabs = ({
  label,
  tabs,
}: {
  readonly label: string;
  readonly tabs: readonly (readonly [name: string, place: Place, isHere: boolean])[];
}) => (
  <nav class="tabs" aria-label={label}>
    {tabs.map(([name, place, isHere]) => (
      <To key={name} place={place} aria-current={isHere ? 'page' : undefined}>
        {name}
      </To>
    ))}
  </nav>
);

/** The head of a view: where it belongs, and what it shows. */
export const Head = ({
  above,
  title,
  children,
}: {
  readonly above?: readonly (readonly [name: string, place: Place])[];
  readonly title: string;
  readonly children?: ComponentChildren;
}) => (
  <div class="head">
    {above === undefined ? undefined : (
      <nav class="above" aria-label="Above">
        {above.map(([name, place]) => (
          <To key={name} place={place}>
            {name}
          </To>
        ))}
      </nav>
    )}
    <h2 id="view-title" tabIndex={-1}>
      {title}
    </h2>
    {children}
  </div>
);

export const Problem = ({ text }: { readonly text: string | undefined }) =>
  text === undefined ? undefined : (
    <p class="problem" role="alert">
      {text}
    </p>
  );

export const Facts = ({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}) => (
  <dl class="facts">
    {facts
      .filter(([, value]) => value !== undefined && value !== false)
      .map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);
