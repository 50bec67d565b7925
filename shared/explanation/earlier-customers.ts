import type { ChangeKind, EarlierCustomer } from '../contracts/explanation.ts';
import type { PastOutcome } from '../state/row-outcomes.ts';
import { foundOrNot, type ProfileKnown, type ProfilesRead } from './profiles-read.ts';

/** Changes of a row's customer that are told. */
const mostChanges = 10;

/** Of what runs did to a row that which took it from a customer, the latest first; their profiles are wanted. */
export function changesOf(past: readonly PastOutcome[], profiles: ProfilesRead): readonly PastOutcome[] {
  const changes = past.filter(({ previousProfileId }) => previousProfileId !== undefined).slice(0, mostChanges);
  for (const { previousProfileId, profileId } of changes) {
    if (previousProfileId !== undefined) profiles.want(previousProfileId);
    if (profileId !== undefined) profiles.want(profileId);
  }
  return changes;
}

/** The customers a row had before, with what became of them as far as their profiles tell. */
export const earlierCustomers = (changes: readonly PastOutcome[], profiles: ProfilesRead): EarlierCustomer[] =>
  changes.map((change) => {
    const { previousProfileId, previousCustomerId, profileId, customerId, at, runId } = change;
    const known = (id: string | undefined): ProfileKnown => (id === undefined ? 'missing' : profiles.get(id));
    const [before, next] = [known(previousProfileId), known(profileId)];
    return {
      until: at,
      runId,
      kind: kindOf(change, before, next),
      // Whoever may not read a profile learns no id of it.
      customerId: before === 'hidden' ? null : (previousCustomerId ?? foundOrNot(before)?.customerId ?? null),
      profileId: before === 'hidden' ? null : (previousProfileId ?? null),
      nextCustomerId: next === 'hidden' ? null : (customerId ?? foundOrNot(next)?.customerId ?? null),
      nextProfileId: next === 'hidden' ? null : (profileId ?? null),
    };
  });

function kindOf({ outcome, previousCustomerId }: PastOutcome, before: ProfileKnown, next: ProfileKnown): ChangeKind {
  if (outcome === 'cleared') return 'left';
  if (outcome === 'acrossUnits') return 'acrossUnits';
  if (before === 'hidden' || typeof next === 'string') return 'unknown';
  const former = previousCustomerId ?? foundOrNot(before)?.customerId;
  const isNamed =
    former !== undefined && next.previousCustomerIds.some((id) => id.toLowerCase() === former.toLowerCase());
  if (isNamed) return before === 'missing' ? 'merged' : 'split';
  return before === 'missing' ? 'rekeyed' : 'moved';
}
