import { z } from 'zod';

/** How a table's changes are read, best first. */
export const feedKindSchema = z.enum(['changeTracking', 'modified', 'scan']);
export type FeedKind = z.infer<typeof feedKindSchema>;
