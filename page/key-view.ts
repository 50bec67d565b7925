import { h, type JSX } from 'preact';
import type { Actions, State } from './state.ts';

/** Asks for the key, once a session. */
export const keyView = ({ keyProblem, isChecking }: State, actions: Actions): JSX.Element =>
  h(
    'form',
    {
      class: 'key',
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        const field = (event.currentTarget as HTMLFormElement).elements.namedItem('key') as HTMLInputElement;
        if (field.value.trim() !== '') actions.giveKey(field.value.trim());
      },
    },
    h('h2', {}, 'Sign in with a key'),
    h(
      'p',
      { id: 'key-hint' },
      'A function key of this app: in the Azure portal under App keys. It is kept until this tab is closed, and sent to this app only.',
    ),
    h('label', { for: 'key' }, 'Key'),
    h('input', {
      id: 'key',
      name: 'key',
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      required: true,
      'aria-describedby': keyProblem === undefined ? 'key-hint' : 'key-problem key-hint',
      'aria-invalid': keyProblem === undefined ? 'false' : 'true',
    }),
    keyProblem === undefined ? undefined : h('p', { id: 'key-problem', class: 'problem', role: 'alert' }, keyProblem),
    h('button', { type: 'submit', class: 'main', disabled: isChecking }, isChecking ? 'Checking …' : 'Continue'),
  );
