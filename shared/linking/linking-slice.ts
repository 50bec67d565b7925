import type { Slice } from '../passes/slice.ts';
import type { LinkingParts } from './parts.ts';
import type { TableContext } from './prepare.ts';

/** A slice that links a source table's rows. */
export type LinkingSlice = Slice<TableContext, LinkingParts>;
