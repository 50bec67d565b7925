import { z } from 'zod';
import { customerIdColumn, segmentColumns } from '../customer-insights/customer-tables.ts';
import { namesIn } from '../customer-insights/json-column.ts';
import type { Row } from '../dataverse/dataverse.ts';

/** Which segments a customer is in, by one provider, and where the customer belongs. */
export const memberSchema = z.object({
  customerId: z.string(),
  /** The business unit that owns the customer's profile; null where there is no such profile, or it has no owner. */
  unit: z.string().nullable(),
  /** Id of that profile's row, by which its deletion is told. */
  profileId: z.string().optional(),
  /** Keys of segments, in order, each once. */
  segments: z.array(z.string()),
});
export type Member = z.infer<typeof memberSchema>;

/** A segment is told from others by its provider and its name. */
export const segmentKey = {
  of: (provider: string | null, name: string): string => `${provider ?? ''}\n${name}`,
  /** Stands for every segment that an unreadable list of a provider may name: no segment is without a name. */
  unreadable: (provider: string | null): string => segmentKey.of(provider, ''),
  isUnreadable: (key: string): boolean => key.endsWith('\n'),
  read(key: string): { readonly provider: string | null; readonly name: string } {
    const end = key.indexOf('\n');
    return { provider: key.slice(0, end) || null, name: key.slice(end + 1) };
  },
} as const;

const textAt = (row: Row, column: string): string => {
  const value = row[column];
  return typeof value === 'string' ? value.trim() : '';
};

/** Reads a row of the membership table; whose profile it is about, the caller has found out. */
export function readMember(row: Row, profile: Pick<Member, 'unit' | 'profileId'>): Member {
  const provider = textAt(row, segmentColumns.provider) || null;
  const { names, isIncomplete } = namesIn(row[segmentColumns.segments]);
  const keys = names.map((name) => segmentKey.of(provider, name));
  if (isIncomplete) keys.push(segmentKey.unreadable(provider));
  return { customerId: textAt(row, customerIdColumn), ...profile, segments: [...new Set(keys)].sort() };
}

export const areAlike = (a: Member | undefined, b: Member | undefined): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
