import type { Mode } from '../shared/contracts/status.ts';
import type { ViewProps } from './view-props.ts';

const buttons: readonly (readonly [mode: Mode, label: string, isMain: boolean])[] = [
  ['incremental', 'Run now', true],
  ['rehearsal', 'Rehearsal', false],
  ['full', 'Full pass', false],
  ['reconcile', 'Reconcile', false],
];

/** The ways to start a run, for those who may; an app that writes nothing only rehearses. */
export const StartButtons = ({ about, actions }: Pick<ViewProps, 'about' | 'actions'>) =>
  about.you.mayOperate ? (
    // biome-ignore lint/a11y/useSemanticElements: these are buttons with a name in common, no fields of a form.
    <div class="buttons" role="group" aria-label="Start a run">
      {buttons
        .filter(([mode]) => !about.readOnly || mode === 'rehearsal')
        .map(([mode, label, isMain]) => (
          <button key={mode} type="button" class={isMain ? 'main' : undefined} onClick={() => actions.askToStart(mode)}>
            {label}
          </button>
        ))}
    </div>
  ) : undefined;
