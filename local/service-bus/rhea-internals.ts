import type { Socket } from 'node:net';
import rhea, { type Connection, type Delivery, type Receiver, type Sender, type Session } from 'rhea';

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
  readonly state: { local_open: boolean; open_requests: number };
}

/** A link on which the broker sends. */
export interface SenderInternals extends LinkInternals {
  readonly session: { readonly outgoing: { available(): number } };
  credit: number;
  delivery_count: number;
  _draining: boolean;
  _drained: boolean;
  _get_drain: () => boolean;
}

interface TransferFrame {
  readonly performative: { message_format: number | null | undefined };
}

interface SessionInternals {
  on_transfer: (frame: TransferFrame) => void;
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

/** Makes rhea hand over every message of this session as bytes. */
export function receiveRaw(session: Session): void {
  const own = session as unknown as SessionInternals;
  const onTransfer = own.on_transfer.bind(session);
  own.on_transfer = (frame) => {
    if (!frame.performative.message_format) frame.performative.message_format = RAW_MESSAGE_FORMAT;
    onTransfer(frame);
  };
}

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
