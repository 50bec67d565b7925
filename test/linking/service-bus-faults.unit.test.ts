import { CredentialUnavailableError } from '@azure/identity';
import { type ServiceBusClient, ServiceBusError, type ServiceBusErrorCode } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { firstLinkTask } from '../../shared/contracts/link-task.ts';
import { isRetryableError } from '../../shared/errors.ts';
import { ServiceBusMessenger } from '../../shared/messaging/service-bus-messenger.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';

/** What sending a task throws when the service meets it with this fault. */
const faultMetWith = (code: ServiceBusErrorCode): Promise<unknown> =>
  thrownAfter(new ServiceBusError('read ECONNRESET', code));

async function thrownAfter(fault: Error): Promise<unknown> {
  const sendMessages = () => Promise.reject(fault);
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
    // Roles and queues that are being made take minutes.
    'UnauthorizedAccess',
    'MessagingEntityNotFound',
    'MessagingEntityDisabled',
  ])('I5 may be sent later where the fault is %s', async (code) => {
    expect(isRetryableError(await faultMetWith(code))).toBe(true);
  });

  it.each<ServiceBusErrorCode>(['MessageSizeExceeded'])(
    'is no use to send later where the fault is %s',
    async (code) => {
      const error = await faultMetWith(code);
      expect(isRetryableError(error)).toBe(false);
      expect(error).toBeInstanceOf(ServiceBusError);
    },
  );

  it.each([
    ['a connection refused', Object.assign(new Error('connect ECONNREFUSED'), { name: 'MessagingError' })],
    ['a name server away', Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })],
    ['several addresses that refuse', new AggregateError([new Error('one')], 'all refused')],
    ['a credential that is not there yet', new CredentialUnavailableError('no identity endpoint')],
    ['a silent peer', Object.assign(new Error('timed out'), { name: 'OperationTimeoutError' })],
  ])('I5 may be sent later after %s', async (_name, fault) => {
    expect(isRetryableError(await thrownAfter(fault))).toBe(true);
  });

  it('leaves a fault of the program what it is', async () => {
    expect(isRetryableError(await thrownAfter(new TypeError('no function')))).toBe(false);
  });
});
