import type { Extent } from '../../shared/inspect/least-privileges.ts';

/** What is granted, and to whom. */
export interface Wanted {
  /** Every source table, by logical name. */
  readonly tables: readonly string[];
  /** Tables that were sources and are none any more: what was granted for them goes. */
  readonly dropped: readonly string[];
  /** Client ids of the identities that do everything the app does. */
  readonly clientIds: readonly string[];
  /** Client ids of the identities that only read and write links. */
  readonly writerIds: readonly string[];
  /** Ids of users and teams besides them that may hold the roles. */
  readonly otherHolders: readonly string[];
  /** Whether writes may pass by custom logic. */
  readonly bypass: boolean;
  /** What the app does besides linking. */
  readonly extent: Extent;
  /** Tells the roles of several installations in one environment apart. */
  readonly installation: string | undefined;
}

/** What an identity is there for. Each has a security role of its own, so that nobody has more than it takes. */
export const duties = ['app', 'linking'] as const;
export type Duty = (typeof duties)[number];

/** What the security role of a duty is called. */
export function roleName(duty: Duty, installation: string | undefined): string {
  const name = duty === 'linking' ? 'Backstamp linking' : 'Backstamp app';
  return installation === undefined ? name : `${name} (${installation})`;
}

/** Client ids of the identities that have a duty: the app itself links too. */
export const identitiesOf = (
  duty: Duty,
  { clientIds, writerIds }: Pick<Wanted, 'clientIds' | 'writerIds'>,
): string[] => (duty === 'app' ? [...clientIds] : [...clientIds, ...writerIds]);
