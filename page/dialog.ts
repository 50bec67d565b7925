import { h, type JSX, render } from 'preact';

export interface Question {
  readonly title: string;
  readonly body: readonly JSX.Element[];
  readonly confirm: string;
  readonly isDangerous?: boolean;
}

/**
 * Asks before something is done, and does it only on a yes. Escape and "Not now" close without an effect; focus goes
 * back to where it came from, which the browser's own dialog sees to.
 */
export function ask(
  dialog: HTMLDialogElement,
  { title, body, confirm, isDangerous = false }: Question,
): Promise<FormData | undefined> {
  const { promise, resolve } = Promise.withResolvers<FormData | undefined>();
  const form = h(
    'form',
    {
      method: 'dialog',
      onsubmit: (event: SubmitEvent) => {
        const isYes = (event.submitter as HTMLButtonElement | null)?.value === 'yes';
        resolve(isYes ? new FormData(event.currentTarget as HTMLFormElement) : undefined);
      },
    },
    h('h2', { id: 'dialog-title' }, title),
    ...body,
    h(
      'p',
      { class: 'buttons' },
      h('button', { type: 'submit', value: 'no' }, 'Not now'),
      h('button', { type: 'submit', value: 'yes', class: isDangerous ? 'danger' : 'main' }, confirm),
    ),
  );
  // A question asked before must leave nothing behind, ticked boxes least of all.
  render(null, dialog);
  render(form, dialog);
  dialog.addEventListener('close', () => resolve(undefined), { once: true });
  dialog.showModal();
  return promise;
}
