import type { Socket } from 'node:net';
import rhea, { type Connection, type Container, type Delivery, type Receiver, type Sender, type Session } from 'rhea';

/*
 * What the broker needs of rhea beyond its published types. Each member was read in the sources of rhea 3.0.5; this is
 * the one place to look at when that version changes.
 */

/** Names a transfer of an ordinary message whose bytes rhea shall hand over as they are instead of decoding them. */
export const RAW_MESSAGE_FORMAT = 0x7fff_ffff;

/** Service Bus's own format of a batch: an envelope with one data section per message. */
export const BATCH_MESSAGE_FORMAT = 0x8001_3700;

interface Attach {
  source: unknown;
  target: unknown;
  properties: unknown;
  max_message_size: unknown;
  snd_settle_mode: unknown;
  rcv_settle_mode: unknown;
}

interface LinkInternals {
  readonly local: { readonly attach: Attach };
  readonly remote: { readonly attach: RemoteAttach };
  readonly state: { local_open: boolean; open_requests: number };
}

/** A link on which the broker sends. */
export interface SenderInternals extends LinkInternals {
  readonly session: { readonly outgoing: { available(): number } };
  /** Writes what the link has to say: its attach, its flows, its detach. */
  _process: () => void;
  credit: number;
  delivery_count: number;
  _draining: boolean;
  _drained: boolean;
  _get_drain: () => boolean;
}

interface TransferFrame {
  readonly performative: { message_format: number | null | undefined };
}

interface RemoteAttach {
  target: { readonly descriptor?: { readonly value: unknown } } | null;
  /** Ours: the far side attached to the coordinator of transactions. */
  isToCoordinator?: boolean;
}

interface SessionInternals {
  on_transfer: (frame: TransferFrame) => void;
  on_attach: (frame: { readonly performative: RemoteAttach }) => void;
}

interface SaslMechanism {
  outcome: boolean | undefined;
  username: string | undefined;
  start(): void;
}

const outcomes = rhea.message as unknown as {
  accepted(): { described(): unknown };
  rejected(fields: { error: { condition: string; description: string } }): { described(): unknown };
};

export const internals = (link: Sender): SenderInternals => link as unknown as SenderInternals;
export const attachOf = (link: Sender | Receiver): Attach => (link as unknown as LinkInternals).local.attach;

/** Takes a socket that a server accepted. */
export function acceptSocket(connection: Connection, socket: Socket): void {
  connection.accept(socket);
  // rhea hears of an end or an error, but not of a socket destroyed from this side: its heartbeat would go on for ever.
  socket.on('close', () => connection._disconnected());
}

/** The SASL mechanism of clients that show a token later, over `$cbs`: whoever names it is let in. */
export function enableTokenMechanism(container: Container): void {
  const mechanisms = container.sasl_server_mechanisms as unknown as Record<string, () => SaslMechanism>;
  mechanisms.MSSBCBS = () => ({
    outcome: undefined,
    username: undefined,
    start() {
      this.outcome = true;
    },
  });
}

/** The descriptor of a coordinator, the target of a link that controls transactions; rhea does not know it. */
const COORDINATOR = 0x30;

/** Makes rhea hand over every message of this session as bytes, and note links to the coordinator of transactions. */
export function watchSession(session: Session): void {
  const own = session as unknown as SessionInternals;
  const onAttach = own.on_attach.bind(session);
  own.on_attach = (frame) => {
    const { performative } = frame;
    const descriptor = performative.target?.descriptor?.value;
    if (Number(descriptor) === COORDINATOR || descriptor === 'amqp:coordinator:list') {
      performative.isToCoordinator = true;
      performative.target = null;
    }
    onAttach(frame);
  };
  const onTransfer = own.on_transfer.bind(session);
  own.on_transfer = (frame) => {
    if (!frame.performative.message_format) frame.performative.message_format = RAW_MESSAGE_FORMAT;
    onTransfer(frame);
  };
}

export const isToCoordinator = (link: Receiver): boolean =>
  (link as unknown as LinkInternals).remote.attach.isToCoordinator === true;

/** The host that the far side named when it opened the connection. */
export const hostOf = (connection: Connection): string =>
  (connection as unknown as { readonly remote: { readonly open?: { readonly hostname?: string | null } } }).remote.open
    ?.hostname ?? 'localhost';

/** Has the answer to an attach name the settle modes that the far side asked for, as every answer must. */
export function echoSettleModes(link: Sender | Receiver): void {
  const attach = attachOf(link);
  attach.snd_settle_mode = link.snd_settle_mode;
  attach.rcv_settle_mode = link.rcv_settle_mode;
}

/**
 * Runs `action` when the answer to the attach has been written. rhea writes transfers before attaches where both wait,
 * and a client that gets a transfer on a link it does not know yet ends the connection.
 */
export function whenAttached(link: Sender, action: () => void): void {
  const own = internals(link);
  if (own.state.open_requests === 0) {
    action();
    return;
  }
  const earlier = waiting.get(link);
  if (earlier) {
    earlier.push(action);
    return;
  }
  const actions = [action];
  waiting.set(link, actions);
  const write = own._process.bind(link);
  own._process = () => {
    write();
    if (own.state.open_requests > 0) return;
    own._process = write;
    waiting.delete(link);
    for (const each of actions) each();
  };
}

/** What is to be done once the answer to a link's attach has been written. */
const waiting = new WeakMap<Sender, (() => void)[]>();

/** Takes back the answer to an attach that rhea would write by itself; `link.open()` gives it later. */
export function holdAttach(link: Sender): void {
  const { state } = internals(link);
  state.local_open = false;
  state.open_requests--;
}

/**
 * Answers a peer's outcome with a settled one. rhea keeps a delivery until both sides have settled, and this client
 * never settles first: without marking the far side as settled, its ring of deliveries would fill up.
 */
export function settleOutgoing(delivery: Delivery, error?: { condition: string; description: string }): void {
  const outcome = error ? outcomes.rejected({ error }) : outcomes.accepted();
  delivery.update(true, outcome.described());
  (delivery as { remote_settled: boolean }).remote_settled = true;
}
