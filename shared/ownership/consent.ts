import type { Run } from '../contracts/run.ts';
import { profileTable } from '../customer-insights/names.ts';
import { timeOf } from '../runs/parts.ts';
import { endedWell } from '../runs/turns.ts';
import type { OwnershipFinding } from './findings.ts';
import type { OwnershipParts } from './parts.ts';

/**
 * Why a run may not write owners by a mapping yet; undefined where it may. Microsoft advises against writing to these
 * tables, so a mapping is rehearsed first, and confirmed by whoever looked at the rehearsal; from then on every run may.
 * @param run undefined where it is only asked
 */
export async function checkConsent(
  parts: Pick<OwnershipParts, 'ownershipConsents' | 'runs' | 'now'>,
  mapping: string,
  run: Pick<Run, 'runId' | 'giveOwners' | 'receivedAt'> | undefined,
): Promise<OwnershipFinding | undefined> {
  const { ownershipConsents: consents } = parts;
  if ((await consents.confirmed(mapping)) !== undefined) return undefined;
  const note = await consents.rehearsed(mapping);
  if (note === undefined) return notRehearsed;
  const rehearsal = (await parts.runs.find(note.runId))?.value;
  // A run that was pruned has ended long ago.
  const endedAt = rehearsal === undefined ? note.at : rehearsal.endedAt;
  const profiles = (await parts.runs.findTask(note.runId, profileTable))?.value;
  if (endedAt === undefined || (profiles !== undefined && !endedWell(profiles.status))) return notRehearsed;
  if (run === undefined || !run.giveOwners || run.receivedAt < endedAt) return notConfirmed;
  await consents.confirm(mapping, { runId: run.runId, at: timeOf(parts.now()) });
  return undefined;
}

const notRehearsed: OwnershipFinding = {
  code: 'rehearse-owners',
  finding: 'Owners have not been rehearsed with this mapping of values to teams.',
  remedy: 'Start a run in mode rehearsal, look at its numbers, then start a run with giveOwners.',
};

const notConfirmed: OwnershipFinding = {
  code: 'confirm-owners',
  finding: 'Owners were rehearsed with this mapping of values to teams, and nobody has confirmed it since.',
  remedy: 'Look at the rehearsal, then start a run with giveOwners; after that every run sees to the owners.',
};
