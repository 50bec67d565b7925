import { createServer, type Server, type Socket } from 'node:net';
import rhea, { type Connection, type Container, type EventContext, type Receiver, type Sender } from 'rhea';
import { type AmqpFault, faults, toFault } from './amqp-fault.ts';
import { answerClaim } from './claims.ts';
import { DeliveringLink } from './delivering-link.ts';
import type { FaultPlan } from './fault-plan.ts';
import { refuseLink } from './link-refusal.ts';
import { answerManagement } from './management-operations.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Namespace } from './namespace.ts';
import { openReceivingLink } from './receiving-link.ts';
import { openRequestLink, ReplyRoutes } from './request-link.ts';
import {
  acceptSocket,
  echoSettleModes,
  enableTokenMechanism,
  hostOf,
  isToCoordinator,
  watchSession,
} from './rhea-internals.ts';
import { openWithSession } from './session-acceptance.ts';
import type { Timeline } from './timeline.ts';
import type { Topic } from './topic.ts';

const CLAIMS_ADDRESS = '$cbs';
const MANAGEMENT_SUFFIX = /\/\$management$/i;

/** The server's half of an open link. */
interface OpenLink {
  readonly link: Sender | Receiver;
  readonly entity: MessageQueue | Topic;
  /** Called once when the link is gone, whoever ended it and however. */
  readonly closed: () => void;
  readonly detach: (fault: AmqpFault) => void;
}

interface Client {
  readonly socket: Socket;
  readonly routes: ReplyRoutes;
  readonly links: Map<Sender | Receiver, OpenLink>;
}

/** What the server serves, and the faults it may be told to show. */
export interface AmqpServerOptions {
  readonly namespace: Namespace;
  readonly timeline: Timeline;
  readonly faultPlan: FaultPlan;
}

/** The AMQP side of the broker: accepts connections and gives each link to what its address names. */
export class AmqpServer {
  readonly #options: AmqpServerOptions;
  readonly #container: Container = rhea.create_container();
  readonly #clients = new Map<Connection, Client>();
  readonly #server: Server;

  constructor(options: AmqpServerOptions) {
    this.#options = options;
    const container = this.#container;
    container.sasl_server_mechanisms.enable_anonymous();
    container.sasl_server_mechanisms.enable_plain(() => true);
    enableTokenMechanism(container);
    container.on('session_open', ({ session }: EventContext) => session && watchSession(session));
    container.on('session_close', (context: EventContext) => this.#sessionClosed(context));
    container.on('sender_open', (context: EventContext) => this.#receiverAttached(context));
    container.on('receiver_open', (context: EventContext) => this.#senderAttached(context));
    container.on('sender_close', (context: EventContext) => this.#linkClosed(context));
    container.on('receiver_close', (context: EventContext) => this.#linkClosed(context));
    // A peer that breaks the protocol or the line loses its connection; cleaning up is the socket's close event.
    for (const event of ['error', 'protocol_error', 'connection_error', 'connection_close', 'disconnected']) {
      container.on(event, () => {});
    }
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get connectionCount(): number {
    return this.#clients.size;
  }

  /** Starts to listen; answers the port. Rejects with Node's own error where the port is taken. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Detaches the links of one entity (and of its dead-letter queue) with an error; says how many. */
  detachLinks(isOf: (entity: MessageQueue | Topic) => boolean, fault: AmqpFault): number {
    const links = [...this.#clients.values()].flatMap(({ links }) =>
      [...links.values()].filter(({ entity }) => isOf(entity)),
    );
    for (const link of links) link.detach(fault);
    return links.length;
  }

  /** Cuts connections off without a word: all, or those with a link on an entity. Says how many. */
  dropConnections(isOf?: (entity: MessageQueue | Topic) => boolean): number {
    const doomed = [...this.#clients.values()].filter(
      ({ links }) => !isOf || [...links.values()].some(({ entity }) => isOf(entity)),
    );
    for (const { socket } of doomed) socket.resetAndDestroy();
    return doomed.length;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#clients.values()) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    if (this.#options.faultPlan.isRefusingConnections) {
      socket.on('error', () => {});
      socket.resetAndDestroy();
      return;
    }
    socket.setNoDelay(true);
    const connection = this.#container.create_connection({
      port: 0,
      reconnect: false,
      sender_options: { autosettle: false, treat_modified_as_released: false } as object,
      receiver_options: { autoaccept: false, credit_window: 1000 },
    });
    const client: Client = { socket, routes: new ReplyRoutes(), links: new Map() };
    this.#clients.set(connection, client);
    // Comes once for every end of a connection, a killed client's too.
    socket.on('close', () => {
      this.#clients.delete(connection);
      this.#forget(client, () => true);
      connection.remove_all_sessions();
    });
    acceptSocket(connection, socket);
  }

  /** A client wants to receive. */
  #receiverAttached({ connection, sender }: EventContext): void {
    const client = this.#clients.get(connection);
    if (!client || !sender) return;
    echoSettleModes(sender);
    try {
      const address = sender.source?.address ?? '';
      if (address === CLAIMS_ADDRESS || MANAGEMENT_SUFFIX.test(address)) {
        this.#managed(address, hostOf(connection));
        client.routes.add(sender);
        return;
      }
      const queue = this.#options.namespace.source(address);
      if (!queue) throw faults.entityNotFound(hostOf(connection), address);
      const to = new DeliveringLink(sender, queue);
      const leaveLine = openWithSession(sender, queue, to, this.#options.timeline);
      client.links.set(sender, {
        link: sender,
        entity: queue,
        detach: (fault) => to.detach(fault),
        closed: () => {
          leaveLine();
          to.closed();
        },
      });
    } catch (thrown) {
      refuseLink(sender, toFault(thrown));
    }
  }

  /** A client wants to send. */
  #senderAttached({ connection, receiver }: EventContext): void {
    const client = this.#clients.get(connection);
    if (!client || !receiver) return;
    const { namespace, faultPlan } = this.#options;
    echoSettleModes(receiver);
    try {
      if (isToCoordinator(receiver)) throw faults.noTransactions();
      const address = receiver.target?.address ?? '';
      if (address === CLAIMS_ADDRESS) {
        openRequestLink(receiver, client.routes, (request) => answerClaim(request, faultPlan));
        return;
      }
      const host = hostOf(connection);
      const managed = this.#managed(address, host);
      if (managed) {
        openRequestLink(receiver, client.routes, (request) => answerManagement(managed, request, { faultPlan, host }));
        return;
      }
      const entity = namespace.target(address);
      if (!entity) throw faults.entityNotFound(hostOf(connection), address);
      openReceivingLink(receiver, entity, faultPlan);
      const detach = (fault: AmqpFault): void => receiver.close(fault.toAmqpError());
      client.links.set(receiver, { link: receiver, entity, closed: () => {}, detach });
    } catch (thrown) {
      refuseLink(receiver, toFault(thrown));
    }
  }

  /** The entity of a management address; `undefined` for other addresses. Throws where there is no such entity. */
  #managed(address: string, host: string): MessageQueue | Topic | undefined {
    if (!MANAGEMENT_SUFFIX.test(address)) return undefined;
    const entityAddress = address.replace(MANAGEMENT_SUFFIX, '');
    const { namespace } = this.#options;
    const entity = namespace.source(entityAddress) ?? namespace.target(entityAddress);
    if (!entity) throw faults.entityNotFound(host, entityAddress);
    return entity;
  }

  #linkClosed({ connection, sender, receiver }: EventContext): void {
    const client = this.#clients.get(connection);
    if (!client) return;
    if (sender) client.routes.remove(sender);
    const gone = sender ?? receiver;
    this.#forget(client, ({ link }) => link === gone);
  }

  #sessionClosed({ connection, session }: EventContext): void {
    const client = this.#clients.get(connection);
    if (client) this.#forget(client, ({ link }) => link.session === session);
  }

  #forget(client: Client, isGone: (open: OpenLink) => boolean): void {
    for (const open of [...client.links.values()].filter(isGone)) {
      client.links.delete(open.link);
      open.closed();
    }
  }
}
