import type { Choice } from '../customer-insights/map-row.ts';

/** A source row as it stands: its current link, or none; undefined where the row does not exist. */
export type CurrentLink =
  | {
      readonly profileId: string | undefined;
      /** It names its profile in a partition where that does not lie: Dataverse does not find it there. */
      readonly leadsNowhere?: boolean;
      /** The business unit that owns the row, where it was read. */
      readonly unit?: string | undefined;
    }
  | undefined;

/** What must happen to one source row, and why. */
export type Decision = Choice &
  (
    | { readonly kind: 'link'; readonly profileId: string }
    | { readonly kind: 'relink'; readonly profileId: string; readonly previousProfileId: string }
    | { readonly kind: 'unchanged' }
    /** The profile belongs to another business unit: the link the row has is taken away, or the row is left without one. */
    | {
        readonly kind: 'unlink';
        readonly profileId: string;
        readonly previousProfileId: string;
        readonly reason: string;
      }
    | { readonly kind: 'acrossUnits'; readonly profileId: string; readonly reason: string }
    | { readonly kind: 'gone' }
    | { readonly kind: 'waiting' }
  );

/**
 * Compares what the map gives a row with what the row has.
 * @param profileId the existing profile row that the chosen entry resolves to; undefined while it has not arrived
 * @param current how the row stands; a row that cannot have a link yet may be given as unlinked without reading it
 */
export function decide({ entry, awaited }: Choice, profileId: string | undefined, current: CurrentLink): Decision {
  if (current === undefined) return { kind: 'gone', entry, awaited };
  // An unresolved profile never costs a row the link it has: it may be the old one, or not arrived yet.
  if (profileId === undefined) return { kind: 'waiting', entry, awaited };
  const isThere = current.profileId === profileId && current.leadsNowhere !== true;
  if (isThere) return { kind: 'unchanged', entry, awaited };
  if (current.profileId === undefined || current.profileId === profileId)
    return { kind: 'link', entry, awaited, profileId };
  return { kind: 'relink', entry, awaited, profileId, previousProfileId: current.profileId };
}
