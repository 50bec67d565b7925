import type { TableHold } from '../shared/contracts/hold.ts';
import type { Mode } from '../shared/contracts/status.ts';
import { counted } from '../shared/counted.ts';
import type { Question } from './dialog.tsx';
import { heldText } from './holds-view.tsx';
import { profileTable } from './outcome-parts.tsx';

/** What each mode will do, said before it is done. */
const modes: Readonly<Record<Mode, { title: string; does: readonly string[]; confirm: string }>> = {
  incremental: {
    title: 'Run now',
    does: [
      'Links every row whose customer changed since the last run, and tries waiting and failed rows again.',
      'Only the column Customer Profile is written, and only where it differs. Plug-ins, workflows and flows that listen to updates of these tables may fire for each row written.',
    ],
    confirm: 'Run now',
  },
  full: {
    title: 'Full pass',
    does: [
      'Reads the whole map again, compares every row, writes only the links that differ, and looks for links that the map no longer gives.',
      'This takes as long as a first run reads; it writes no more than an ordinary run would.',
    ],
    confirm: 'Start full pass',
  },
  reconcile: {
    title: 'Reconcile',
    does: [
      'Holds every row against the map, linked or not. Rows without a link get theirs, wrong links are corrected, and links that the map no longer gives are cleared.',
      'If more links would be moved or cleared than the safety limits allow, these are held, and the run ends with a warning.',
    ],
    confirm: 'Reconcile',
  },
  rehearsal: {
    title: 'Rehearsal',
    does: [
      'Reads and compares as a run would, and reports counts and a sample of rows.',
      'Nothing is changed: no column, no row, no watermark.',
    ],
    confirm: 'Rehearse',
  },
};

/** Something that a run does only where it is permitted, by its name in the request. */
const Permission = ({ name, text }: { readonly name: 'beyondLimits' | 'giveOwners'; readonly text: string }) => (
  <label class="choice">
    <input type="checkbox" name={name} /> {text}
  </label>
);

/** Every question names the organisation that it is about: a browser may have several of them open. */
const Where = ({ organisation }: { readonly organisation: string }) => (
  <p>
    In <strong>{organisation}</strong>:
  </p>
);

export function startQuestion(mode: Mode, tables: readonly string[], organisation: string): Question {
  const { title, does, confirm } = modes[mode];
  // A run has the profiles only where owners are seen to.
  const writesOwners = (mode === 'incremental' || mode === 'full') && tables.includes(profileTable);
  return {
    title,
    confirm,
    body: (
      <>
        <Where organisation={organisation} />
        {does.map((text) => (
          <p key={text}>{text}</p>
        ))}
        {writesOwners ? (
          <p>Rows of Customer Insights get the owners of their business unit, once rehearsed and confirmed.</p>
        ) : undefined}
        {tables.length < 2 ? undefined : <TableChoices tables={tables} />}
        {mode === 'reconcile' ? (
          <Permission
            name="beyondLimits"
            text="Move and clear even more links than the safety limits allow, as far as they were shown before"
          />
        ) : undefined}
        {writesOwners ? (
          <Permission name="giveOwners" text="Write owners as the last rehearsal showed them" />
        ) : undefined}
      </>
    ),
  };
}

const boxesOf = (fieldset: HTMLFieldSetElement): HTMLInputElement[] => [
  ...fieldset.querySelectorAll<HTMLInputElement>('input[name="table"]'),
];

/** With none chosen the browser itself says what is missing, and the form is not sent. */
function checkChoice(fieldset: HTMLFieldSetElement): void {
  const boxes = boxesOf(fieldset);
  const isAny = boxes.some(({ checked }) => checked);
  boxes[0]?.setCustomValidity(isAny ? '' : 'Choose at least one table.');
}

function choose(fieldset: HTMLFieldSetElement | null, isChosen: boolean): void {
  if (fieldset === null) return;
  for (const box of boxesOf(fieldset)) box.checked = isChosen;
  checkChoice(fieldset);
}

const TableChoices = ({ tables }: { readonly tables: readonly string[] }) => (
  <fieldset onChange={(event) => checkChoice(event.currentTarget)}>
    <legend>Tables</legend>
    <p class="buttons">
      <button type="button" class="small" onClick={(event) => choose(event.currentTarget.closest('fieldset'), true)}>
        All
      </button>
      <button type="button" class="small" onClick={(event) => choose(event.currentTarget.closest('fieldset'), false)}>
        None
      </button>
    </p>
    <div class="choices">
      {tables.map((table) => (
        <label key={table} class="choice">
          <input type="checkbox" name="table" value={table} defaultChecked /> {table}
        </label>
      ))}
    </div>
  </fieldset>
);

export const cancelQuestion = (organisation: string): Question => ({
  title: 'Cancel this run?',
  body: (
    <>
      <Where organisation={organisation} />
      <p>Tables that are being linked stop before their next request. What was linked stays linked.</p>
      <p>Nothing is lost: the next run takes up where the last finished one ended.</p>
    </>
  ),
  confirm: 'Cancel the run',
  isDangerous: true,
});

export const confirmQuestion = (hold: TableHold, organisation: string): Question => ({
  title: `Let it be done in ${hold.table}?`,
  body: (
    <>
      <Where organisation={organisation} />
      <p>{`${counted(hold.count, 'link')} of ${counted(hold.linkedRows, 'linked row')}: ${heldText(hold)}.`}</p>
      <p>
        This is for these changes and no more: if the map has moved on meanwhile, what it wants now is held anew.
        Plug-ins, workflows and flows that listen to updates of {hold.table} may fire for each row.
      </p>
    </>
  ),
  confirm: 'Confirm',
  isDangerous: true,
});
