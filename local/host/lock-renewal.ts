/** Keeps a message locked while its function runs. */
import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';

/**
 * Renews a message's lock at half of its remaining time, until the function returned ends it or `maxMs` have passed.
 * The client could renew by itself, but goes on after the function has ended, and for messages still waiting.
 *
 * @param onLost - told once when a renewal fails; the message may then come again while the function still runs
 */
export function keepLocked(
  receiver: ServiceBusReceiver,
  message: ServiceBusReceivedMessage,
  maxMs: number,
  onLost: (error: unknown) => void,
): () => void {
  const end = Date.now() + maxMs;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;

  const renew = async (): Promise<void> => {
    try {
      await receiver.renewMessageLock(message);
      schedule();
    } catch (error) {
      if (!isEnded) onLost(error);
    }
  };
  const schedule = (): void => {
    const now = Date.now();
    const waitMs = ((message.lockedUntilUtc?.getTime() ?? now) - now) / 2;
    if (isEnded || waitMs <= 0 || now + waitMs > end) return;
    timer = setTimeout(() => void renew(), waitMs);
  };
  schedule();
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}
