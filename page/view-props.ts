import type { About } from '../shared/api/schemas.ts';
import type { Actions, State } from './state.ts';

/** What every view of an app that answers is drawn from. */
export interface ViewProps {
  readonly state: State;
  readonly about: About;
  readonly actions: Actions;
  /** Milliseconds since 1970. */
  readonly now: number;
}
