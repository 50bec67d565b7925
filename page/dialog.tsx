import { type ComponentChildren, render } from 'preact';

export interface Question {
  readonly title: string;
  readonly body: ComponentChildren;
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
  // A question asked before must leave nothing behind, ticked boxes least of all.
  render(null, dialog);
  render(
    <form
      method="dialog"
      onSubmit={(event) => {
        const isYes = (event.submitter as HTMLButtonElement | null)?.value === 'yes';
        resolve(isYes ? new FormData(event.currentTarget) : undefined);
      }}
    >
      <h2 id="dialog-title">{title}</h2>
      {body}
      <p class="buttons">
        <button type="submit" value="no" formNoValidate>
          Not now
        </button>
        <button type="submit" value="yes" class={isDangerous ? 'danger' : 'main'}>
          {confirm}
        </button>
      </p>
    </form>,
    dialog,
  );
  dialog.addEventListener('close', () => resolve(undefined), { once: true });
  dialog.showModal();
  return promise;
}
