import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import type { RunParts } from '../runs/parts.ts';
import type { Settings } from '../settings.ts';
import type { PrivilegesFound } from './known-privileges.ts';

/** What checks and discovery work with. */
export interface InspectParts extends Pick<RunParts, 'runs' | 'works' | 'options' | 'now'> {
  readonly dataverse: InspectableDataverse;
  /** Client ids of the identities that write; empty where the host's own identity is used. */
  readonly clientIds: readonly string[];
  /** What the app's identities may do to some tables. */
  readonly readPrivileges: (tables: readonly string[], signal: AbortSignal) => Promise<PrivilegesFound>;
  /** Lets what is remembered of the identities be asked for anew: who looks wants to see how it is now. */
  readonly forgetPrivileges: () => void;
  /** Custom logic that the settings let our writes pass by. */
  readonly bypass: Settings['BACKSTAMP_BYPASS'];
  /** Opens a sender for each queue and topic; resolves to what could not be opened, and why. */
  readonly checkMessaging: () => Promise<readonly { readonly entity: string; readonly reason: string }[]>;
}
