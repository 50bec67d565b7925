import rhea, { type Delivery, type Message, type Receiver, type Sender } from 'rhea';
import { faults } from './amqp-fault.ts';
import { type TypedMap, typedBodyOf } from './message-codec.ts';
import { whenAttached } from './rhea-internals.ts';

/** A decoded request of `$cbs` or of an entity's `$management`. */
export interface BrokerRequest {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** The fields of a body that is a map, with their AMQP types. */
  readonly typedBody: TypedMap;
}

/** The answer to a request: its application properties, which carry the status, and its body. */
export interface BrokerReply {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/**
 * Where the answers of one connection go. A request names its answer's way by the receiving link's name (`$cbs`) or by
 * that link's target address (`$management`).
 */
export class ReplyRoutes {
  readonly #links = new Map<string, Sender>();

  add(link: Sender): void {
    link.set_source(link.source);
    link.set_target(link.target ?? {});
    for (const route of routesOf(link)) this.#links.set(route, link);
  }

  remove(link: Sender): void {
    for (const route of routesOf(link)) if (this.#links.get(route) === link) this.#links.delete(route);
  }

  /** Sends an answer; one whose way is gone is dropped, since nobody waits for it. */
  send(request: Message, reply: BrokerReply): void {
    const link = this.#links.get(String(request.reply_to));
    if (!link) return;
    whenAttached(link, () => {
      if (!link.is_open()) return;
      const delivery = link.send({
        body: reply.body,
        application_properties: reply.properties,
        ...(request.message_id === undefined ? {} : { correlation_id: request.message_id }),
      });
      delivery.update(true);
    });
  }
}

const routesOf = (link: Sender): string[] => {
  const address = link.target?.address;
  return address ? [link.name, address] : [link.name];
};

/** A link on which a client sends requests: each is answered over the connection's {@link ReplyRoutes}. */
export function openRequestLink(
  link: Receiver,
  routes: ReplyRoutes,
  answer: (request: BrokerRequest) => BrokerReply,
): void {
  link.set_source(link.source);
  link.set_target({ address: link.target.address });
  link.on('message', ({ message, delivery }: { message: Buffer; delivery: Delivery }) => {
    let request: Message;
    try {
      request = rhea.message.decode(message) as unknown as Message;
    } catch {
      delivery.reject(faults.malformed('The request is no AMQP message.').toAmqpError());
      return;
    }
    delivery.accept();
    const properties = request.application_properties ?? {};
    routes.send(request, answer({ properties, body: request.body, typedBody: typedBodyOf(message) }));
  });
}
