import { ManagedIdentityCredential } from '@azure/identity';
import { isServiceBusError, ServiceBusClient, type ServiceBusMessage, type ServiceBusSender } from '@azure/service-bus';
import type { LinkTask } from '../contracts/link-task.ts';
import { linkTaskMessageId } from '../contracts/link-task.ts';
import type { LinkingEvent } from '../contracts/linking-events.ts';
import { linkingEventsTopic, linkTasksQueue, unificationEventsQueue } from '../contracts/queues.ts';
import { eventMessageId, type UnificationEvent } from '../contracts/unification-event.ts';
import { isProgramError, messageOf, RetryableError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Messenger } from './messenger.ts';

const asJson = (body: unknown, messageId: string): ServiceBusMessage => ({
  body,
  messageId,
  contentType: 'application/json',
});

/**
 * Whether no later attempt can send a message. The client's own word is not enough: it calls a connection that was reset
 * while it was being opened not worth a retry, and a refusal right after a role was assigned passes within minutes, as
 * does a queue that is being made. Faults of the connection reach here in many classes.
 */
const isFinal = (error: unknown): boolean =>
  isProgramError(error) || (isServiceBusError(error) && error.code === 'MessageSizeExceeded');

/**
 * Sends through one client and one sender per entity, for the life of the process. Messages carry the trace they belong
 * to: who receives them continues it.
 */
export class ServiceBusMessenger implements Messenger {
  readonly #client: ServiceBusClient;
  readonly #telemetry: Telemetry;
  readonly #senders = new Map<string, ServiceBusSender>();

  constructor(client: ServiceBusClient, telemetry: Telemetry) {
    this.#client = client;
    this.#telemetry = telemetry;
  }

  async sendUnificationEvent(event: UnificationEvent, notBefore?: number): Promise<void> {
    await this.#send(unificationEventsQueue, async (sender, traced) => {
      const messageId = eventMessageId(event, notBefore);
      const message = traced(asJson(event, messageId));
      if (notBefore === undefined) await sender.sendMessages(message);
      else await sender.scheduleMessages(message, new Date(notBefore));
    });
  }

  async sendLinkTasks(tasks: readonly LinkTask[], notBefore?: number): Promise<void> {
    if (tasks.length === 0) return;
    const messages = tasks.map((task) => ({ ...asJson(task, linkTaskMessageId(task)), sessionId: task.table }));
    await this.#send(linkTasksQueue, async (sender, traced) => {
      if (notBefore === undefined) await sender.sendMessages(messages.map(traced));
      else await sender.scheduleMessages(messages.map(traced), new Date(notBefore));
    });
  }

  async publish(event: LinkingEvent): Promise<void> {
    await this.#send(linkingEventsTopic, (sender, traced) =>
      sender.sendMessages(
        traced({
          ...asJson(event, event.id),
          contentType: 'application/cloudevents+json',
          // What subscriptions filter on without opening the body.
          applicationProperties: {
            type: event.type,
            mode: event.data.mode,
            ...('status' in event.data ? { status: event.data.status } : {}),
          },
        }),
      ),
    );
  }

  /** Opens a sender for each queue and topic, sends nothing; resolves to what could not be opened, and why. */
  async checkAccess(): Promise<{ readonly entity: string; readonly reason: string }[]> {
    const entities = [unificationEventsQueue, linkTasksQueue, linkingEventsTopic];
    const outcomes = await Promise.all(
      entities.map(async (entity) => {
        try {
          // A batch can only be made once the link is open and the entity has told its limits.
          await this.#send(entity, async (sender) => void (await sender.createMessageBatch()));
          return undefined;
        } catch (error) {
          return { entity, reason: messageOf(error) };
        }
      }),
    );
    return outcomes.filter((outcome) => outcome !== undefined);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** Does the sending inside a span; `traced` puts that span on a message. */
  async #send(
    entity: string,
    send: (sender: ServiceBusSender, traced: (message: ServiceBusMessage) => ServiceBusMessage) => Promise<void>,
  ): Promise<void> {
    let sender = this.#senders.get(entity);
    if (sender === undefined) {
      sender = this.#client.createSender(entity);
      this.#senders.set(entity, sender);
    }
    const open = sender;
    const attributes = { 'messaging.system': 'servicebus', 'messaging.destination.name': entity };
    try {
      await this.#telemetry.span(`send ${entity}`, attributes, () => send(open, this.#traced), 'producer');
    } catch (error) {
      if (isFinal(error)) throw error;
      const reason = isServiceBusError(error) ? error.code : messageOf(error);
      throw new RetryableError(`Service Bus did not take a message for ${entity} (${reason})`, { cause: error });
    }
  }

  /** `Diagnostic-Id` is the property by which the Functions host finds the traceparent of a message. */
  readonly #traced = (message: ServiceBusMessage): ServiceBusMessage => {
    const traceParent = this.#telemetry.traceParent();
    if (traceParent === undefined) return message;
    return { ...message, applicationProperties: { ...message.applicationProperties, 'Diagnostic-Id': traceParent } };
  };
}

/** Connects with the connection string or the managed identity that the settings give. */
export function openServiceBus(settings: Settings, telemetry: Telemetry): ServiceBusMessenger {
  if (settings.ServiceBusConnection !== undefined) {
    return new ServiceBusMessenger(new ServiceBusClient(settings.ServiceBusConnection), telemetry);
  }
  const clientId = settings.ServiceBusConnection__clientId ?? settings.AZURE_CLIENT_ID;
  const credential =
    clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
  return new ServiceBusMessenger(
    new ServiceBusClient(settings.ServiceBusConnection__fullyQualifiedNamespace ?? '', credential),
    telemetry,
  );
}
