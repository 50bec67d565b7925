import type { FeedKind } from '../contracts/feed-kind.ts';
import type { Run } from '../contracts/run.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import type { Kind, Slice } from '../passes/slice.ts';
import type { OwnerMapping } from './owner-mapping.ts';
import type { OwnershipPass } from './ownership-pass.ts';
import type { OwnershipParts } from './parts.ts';

/** What a slice that sees to owners knows of its table. */
export interface OwnershipContext {
  readonly table: TableMetadata;
  readonly profile: TableMetadata;
  /** The run whose pass this is. */
  readonly run: Run;
  readonly mapping: OwnerMapping;
  readonly feed: FeedKind;
  /** How the profiles' changes are read, and how rows name their profile; undefined for the profiles themselves. */
  readonly profiles: { readonly feed: FeedKind; readonly reference: ProfileReference } | undefined;
}

/** The columns by which a row names its profile; a table has one of them at least. */
export interface ProfileReference {
  /** Logical name of the lookup. */
  readonly lookup: string | undefined;
  readonly hasCustomerId: boolean;
}

/** Slices that see to owners. */
interface Ownership extends Kind {
  readonly pass: OwnershipPass;
  readonly context: OwnershipContext;
  readonly parts: OwnershipParts;
}
export type OwnershipSlice = Slice<Ownership>;
