import type { NextStep } from '../contracts/explanation.ts';
import type { Finding } from '../contracts/run.ts';
import type { Choice, MapEntry } from '../customer-insights/map-row.ts';
import { decide } from '../linking/compare.ts';
import { foundOrNot, type ProfileKnown } from './profiles-read.ts';

/** What decides over a row's link. */
export interface LinkFacts {
  readonly requirements: readonly Finding[];
  readonly choice: Choice | undefined;
  /** Every map row that names the row. */
  readonly entries: readonly MapEntry[];
  readonly known: (entry: MapEntry) => ProfileKnown;
  /** The profile that the row is linked to. */
  readonly link: string | undefined;
  /** The row's business unit, where rows are kept from profiles of other units. */
  readonly unit: string | undefined;
}

const explanations = {
  notUnified:
    'Nothing: unification made no customer of this row. It matched nothing, was filtered out, or is newer than the last unification run.',
  clear:
    'It takes the link away, since no map row names this row any more: once the map was quiet for a while, and the row was without a place in it for three settling intervals.',
  right: 'Nothing: the row is linked to the profile that the map gives it.',
  awaited: 'The row keeps its link until the profile of a newer map row arrives; each run looks again.',
  waiting: 'It looks again for the profile, which is not in Dataverse yet; until then the row is left as it is.',
  link: 'It links the row to the profile that the map gives it.',
  move: 'It moves the link to the profile that the map gives the row now.',
  leaveUnlinked:
    'It leaves the row without a link, since its profile belongs to another business unit; each run judges it anew.',
  takeAway: 'It takes the link away, since the profile belongs to another business unit than the row.',
  hidden: 'What it does is not shown: it is about a customer whom you may not read.',
} as const;

/** What the next run does to a row, as linking itself decides it; brakes not yet asked. */
export function nextStep({ requirements, choice, entries, known, link, unit }: LinkFacts): NextStep {
  const [unmet] = requirements;
  if (unmet !== undefined) {
    return { does: 'skip', explanation: `It skips the table. ${unmet.finding} ${unmet.remedy}` };
  }
  if (entries.some((entry) => known(entry) === 'hidden')) return { does: 'unknown', explanation: explanations.hidden };
  if (choice === undefined) {
    return link === undefined
      ? { does: 'nothing', explanation: explanations.notUnified }
      : { does: 'clear', explanation: explanations.clear };
  }
  const profile = foundOrNot(known(choice.entry));
  const decision = decide(choice, profile?.id, { profileId: link });
  const isAcross = unit !== undefined && profile?.unit !== undefined && profile.unit !== unit;
  if (profile !== undefined && isAcross) {
    const explanation = link === undefined ? explanations.leaveUnlinked : explanations.takeAway;
    return { does: 'leave', profileId: profile.id, explanation };
  }
  switch (decision.kind) {
    case 'link':
      return { does: 'link', profileId: decision.profileId, explanation: explanations.link };
    case 'relink':
      return { does: 'move', profileId: decision.profileId, explanation: explanations.move };
    case 'waiting':
      return { does: 'wait', explanation: explanations.waiting };
    default:
      return decision.awaited === undefined
        ? { does: 'nothing', explanation: explanations.right }
        : { does: 'wait', explanation: explanations.awaited };
  }
}
