import { type ServiceBusClient, ServiceBusError, type ServiceBusErrorCode } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { firstLinkTask } from '../../shared/contracts/link-task.ts';
import { isRetryableError } from '../../shared/errors.ts';
import { ServiceBusMessenger } from '../../shared/messaging/service-bus-messenger.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';

/** What sending a task throws when the service meets it with this fault. */
async function faultMetWith(code: ServiceBusErrorCode): Promise<unknown> {
  const sendMessages = () => Promise.reject(new ServiceBusError('read ECONNRESET', code));
  const client = { createSender: () => ({ sendMessages }) } as unknown as ServiceBusClient;
  const messenger = new ServiceBusMessenger(client, silentTelemetry);
  return messenger.sendLinkTasks([firstLinkTask('0'.repeat(32), 'contact')]).catch((error: unknown) => error);
}

describe('a message that Service Bus did not take', () => {
  it.each<ServiceBusErrorCode>([
    'GeneralError',
    'ServiceCommunicationProblem',
    'ServiceBusy',
    'ServiceTimeout',
    'QuotaExceeded',
  ])('I5 may be sent later where the fault is %s', async (code) => {
    expect(isRetryableError(await faultMetWith(code))).toBe(true);
  });

  it.each<ServiceBusErrorCode>(['UnauthorizedAccess', 'MessagingEntityNotFound', 'MessageSizeExceeded'])(
    'is no use to send later where the fault is %s',
    async (code) => {
      const error = await faultMetWith(code);
      expect(isRetryableError(error)).toBe(false);
      expect(error).toBeInstanceOf(ServiceBusError);
    },
  );
});
