import { h, type JSX } from 'preact';
import type { StartRun } from '../shared/api/schemas.ts';
import type { Mode } from '../shared/contracts/status.ts';
import type { Question } from './dialog.ts';

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
  orphans: {
    title: 'Check for orphans',
    does: [
      'Walks all linked rows. Links that the map no longer gives are cleared, wrong ones are corrected.',
      'If more links would be cleared than the safety limit allows, nothing is cleared and the run ends with a warning.',
    ],
    confirm: 'Check for orphans',
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

/** The table whose owners come first; a run has it only where owners are seen to. */
const profileTable = 'msdynci_customerprofile';

const permission = (name: 'beyondLimits' | 'giveOwners', text: string): JSX.Element =>
  h('label', { class: 'choice' }, h('input', { type: 'checkbox', name }), ` ${text}`);

export function startQuestion(mode: Mode, tables: readonly string[]): Question {
  const { title, does, confirm } = modes[mode];
  const writesOwners = (mode === 'incremental' || mode === 'full') && tables.includes(profileTable);
  return {
    title,
    confirm,
    body: [
      ...does.map((text) => h('p', {}, text)),
      ...(writesOwners
        ? [h('p', {}, 'Rows of Customer Insights get the owners of their business unit, once rehearsed and confirmed.')]
        : []),
      ...(tables.length < 2
        ? []
        : [
            h(
              'fieldset',
              {},
              h('legend', {}, 'Tables'),
              tables.map((table) =>
                h(
                  'label',
                  { class: 'choice' },
                  h('input', { type: 'checkbox', name: 'table', value: table, checked: true }),
                  ` ${table}`,
                ),
              ),
            ),
          ]),
      ...(mode === 'orphans'
        ? [permission('beyondLimits', 'Clear them even if they are more than the safety limit allows')]
        : []),
      ...(writesOwners ? [permission('giveOwners', 'Write owners as the last rehearsal showed them')] : []),
    ],
  };
}

/** What was chosen; all tables are asked for by naming none, so that new ones are not left out. */
export function startRequest(mode: Mode, tables: readonly string[], chosen: FormData): StartRun {
  const picked = chosen.getAll('table').map(String);
  return {
    mode,
    ...(picked.length > 0 && picked.length < tables.length ? { tables: picked } : {}),
    ...(chosen.has('beyondLimits') ? { beyondLimits: true } : {}),
    ...(chosen.has('giveOwners') ? { giveOwners: true } : {}),
  };
}

export const cancelQuestion: Question = {
  title: 'Cancel this run?',
  body: [
    h('p', {}, 'Tables that are being linked stop before their next request. What was linked stays linked.'),
    h('p', {}, 'Nothing is lost: the next run takes up where the last finished one ended.'),
  ],
  confirm: 'Cancel the run',
  isDangerous: true,
};
