import { UsageError } from './usage-error.ts';

/** What a header can carry of a key or a token. */
const sendable = /^[\x21-\x7e]+$/;

/**
 * A key or token that can be sent. The secret itself is never repeated.
 * @throws UsageError where it holds a line break or anything else that no header carries
 */
export function checkedSecret(secret: string, name: string): string {
  if (sendable.test(secret)) return secret;
  throw new UsageError(
    `${name} holds a line break, a blank or another character that no key or token has; it is not shown here. Was it copied whole, and nothing else with it?`,
  );
}
