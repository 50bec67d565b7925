import { createHash } from 'node:crypto';

/** The digest of nothing. */
export const noDigest = '0'.repeat(32);

/** A digest with one more thing in it; in whatever order they come, the same things give the same digest. */
export function combine(digest: string, thing: string): string {
  const own = createHash('sha256').update(thing).digest('hex').slice(0, noDigest.length);
  return (BigInt(`0x${digest}`) ^ BigInt(`0x${own}`)).toString(16).padStart(noDigest.length, '0');
}
