import type { Run } from '../contracts/run.ts';
import { profileTable } from '../customer-insights/names.ts';
import { timeOf } from '../runs/parts.ts';
import { endedWell } from '../runs/turns.ts';
import type { ConsentSubject } from '../state/ownership-consents.ts';
import type { OwnershipFinding } from './findings.ts';
import type { OwnershipParts } from './parts.ts';

type ConsentParts = Pick<OwnershipParts, 'ownershipConsents' | 'runs' | 'now'>;

/** What is still to be done before owners may be written. */
export type MissingConsent = 'rehearse-owners' | 'confirm-owners';

/**
 * What a run may not write owners of a table by a mapping for; undefined where it may. Microsoft advises against writing
 * to these tables, so a mapping is rehearsed first, and confirmed by whoever looked at the rehearsal; from then on every
 * run may. A rehearsal consents for the tables alone that it has shown, each to its end.
 * @param run undefined where it is only asked
 * @param task the table in whose task the rehearsal showed it
 */
export async function missingConsent(
  { ownershipConsents: consents, runs, now }: ConsentParts,
  subject: ConsentSubject,
  run: Pick<Run, 'runId' | 'giveOwners' | 'receivedAt'> | undefined,
  task = subject.table,
): Promise<MissingConsent | undefined> {
  if ((await consents.confirmed(subject)) !== undefined) return undefined;
  const note = await consents.rehearsed(subject);
  if (note === undefined) return 'rehearse-owners';
  const rehearsal = (await runs.find(note.runId))?.value;
  // A run that was pruned has ended long ago.
  const endedAt = rehearsal === undefined ? note.at : rehearsal.endedAt;
  const shown = (await runs.findTask(note.runId, task))?.value;
  if (endedAt === undefined || (shown !== undefined && !endedWell(shown.status))) return 'rehearse-owners';
  if (run === undefined || !run.giveOwners || run.receivedAt < endedAt) return 'confirm-owners';
  await consents.confirm(subject, { runId: run.runId, at: timeOf(now()) });
  return undefined;
}

/** The same of one of the tables that belong to the root unit, which the profiles' task sees to. */
export const missingConsentForOther = (parts: ConsentParts, subject: ConsentSubject, run: Run) =>
  missingConsent(parts, subject, run, profileTable);

/** Says of some tables what is still to be done. */
export const consentFinding = (code: MissingConsent, tables: readonly string[]): OwnershipFinding =>
  code === 'rehearse-owners'
    ? {
        code,
        finding: `Owners of ${tables.join(', ')} have not been rehearsed with this mapping of values to teams.`,
        remedy: 'Start a run in mode rehearsal, look at its numbers, then start a run with giveOwners.',
      }
    : {
        code,
        finding: `Owners of ${tables.join(', ')} were rehearsed with this mapping of values to teams, and nobody has confirmed it since.`,
        remedy: 'Look at the rehearsal, then start a run with giveOwners; after that every run sees to the owners.',
      };
