import type { Actions, Session } from './state.ts';

/** Asks for the key, once a session. */
export const KeyView = ({
  session: { problem, isChecking },
  actions,
}: {
  readonly session: Extract<Session, { kind: 'key' }>;
  readonly actions: Actions;
}) => (
  <form
    class="key"
    onSubmit={(event) => {
      event.preventDefault();
      const field = event.currentTarget.elements.namedItem('key') as HTMLInputElement;
      if (field.value.trim() !== '') actions.giveKey(field.value.trim());
    }}
  >
    <h2 id="view-title" tabIndex={-1}>
      Sign in with a key
    </h2>
    <p id="key-hint">
      A function key of this app: in the Azure portal under App keys. It is kept until this tab is closed, and sent to
      this app only.
    </p>
    <label for="key">Key</label>
    <input
      id="key"
      name="key"
      type="password"
      autocomplete="off"
      spellcheck={false}
      required
      aria-describedby={problem === undefined ? 'key-hint' : 'key-problem key-hint'}
      aria-invalid={problem !== undefined}
    />
    {problem === undefined ? undefined : (
      <p id="key-problem" class="problem" role="alert">
        {problem}
      </p>
    )}
    <button type="submit" class="main" disabled={isChecking}>
      {isChecking ? 'Checking …' : 'Continue'}
    </button>
  </form>
);

/** Where people sign in: nobody has yet, or not for a long time. */
export const PersonView = ({ hasExpired, actions }: { readonly hasExpired: boolean; readonly actions: Actions }) => (
  <div class="key">
    <h2 id="view-title" tabIndex={-1}>
      {hasExpired ? 'Your sign-in has expired' : 'Sign in'}
    </h2>
    <p>
      {hasExpired
        ? 'Sign in again, and you come back to where you are.'
        : 'People see and run this app with an account of their organisation.'}
    </p>
    <button type="button" class="main" onClick={() => actions.signIn()}>
      {hasExpired ? 'Sign in again' : 'Sign in with Microsoft Entra'}
    </button>
  </div>
);
