import type { ChangeKind, Explanation, RecordState } from './explanation.ts';

/** What an explanation's words mean to people, on the page and on the command line alike. */

export const recordStateNames: Readonly<Record<RecordState, string>> = {
  linked: 'linked',
  linkedElsewhere: 'linked to another profile',
  notLinked: 'not linked',
  notFound: 'not in its table',
  notLinkable: 'nothing of its table was linked yet',
  otherSource: 'of a source that is not linked here',
};

export const changeKindNames: Readonly<Record<ChangeKind, string>> = {
  merged: 'merged into the next',
  split: 'the next was split off it',
  rekeyed: 'gone; customers have new ids',
  moved: 'still there; the row counts to the next',
  left: 'the map gave the row nobody any more',
  acrossUnits: 'of another business unit',
  unknown: 'too little is left to tell',
};

/** How a row is linked, in one line. */
export function linkText({ link }: Pick<Explanation, 'link'>): string {
  if (link === undefined) return 'not linked';
  if (link.profileId === null) return 'linked to a profile that you may not read';
  return link.customerId === null
    ? `linked to profile ${link.profileId}, which is gone`
    : `linked to profile ${link.profileId} of customer ${link.customerId}`;
}

/** Who changed the row last, in one sentence. */
export function lastChangeText({ by, byName, isThisApp }: NonNullable<Explanation['changed']>): string {
  return isThisApp
    ? 'by this app: the link is as it left it'
    : `by ${byName ?? by ?? 'somebody'}, who may have changed the link or anything else`;
}
