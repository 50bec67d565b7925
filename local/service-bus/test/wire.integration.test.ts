import { once } from 'node:events';
import rhea, { type Connection, type Receiver } from 'rhea';
import { afterEach, describe, expect, it } from 'vitest';
import { useBroker } from './support.ts';

const broker = useBroker();
const connections: Connection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.close();
});

async function connect(mechanism?: string): Promise<Connection> {
  const container = rhea.create_container();
  const connection = container.connect({
    host: '127.0.0.1',
    port: broker.running.port,
    username: 'anyone',
    reconnect: false,
    ...(mechanism === undefined ? {} : { sasl_mechanisms: { [mechanism]: () => ({ start: answerNothing }) } }),
  } as Parameters<typeof container.connect>[0]);
  connections.push(connection);
  await once(connection as unknown as NodeJS.EventEmitter, 'connection_open');
  return connection;
}
const answerNothing = (callback: (error: undefined, response: Buffer) => void): void =>
  callback(undefined, Buffer.alloc(0));

/** What the far side said when it answered an attach. */
const attachOf = (link: Receiver): Record<string, unknown> =>
  (link as unknown as { remote: { attach: Record<string, unknown> } }).remote.attach;

describe('a peer that attaches', () => {
  it.each(['ANONYMOUS', 'MSSBCBS'])('is let in by %s', async (mechanism) => {
    expect((await connect(mechanism)).is_open()).toBe(true);
  });

  it('hears of its link before anything comes over it, though it granted credit in the same breath', async () => {
    const queue = await broker.queue();
    await broker.client().createSender(queue).sendMessages({ body: 'x' });
    const connection = await connect();
    const heard: string[] = [];
    const receiver = connection.open_receiver({ source: queue, credit_window: 0, autoaccept: false });
    receiver.add_credit(5);
    receiver.on('receiver_open', () => heard.push('attach'));
    receiver.on('message', () => heard.push('message'));

    await once(receiver as unknown as NodeJS.EventEmitter, 'message');

    expect(heard).toEqual(['attach', 'message']);
  });

  it.each([
    { snd_settle_mode: 0, rcv_settle_mode: 1 },
    { snd_settle_mode: 1, rcv_settle_mode: 0 },
  ])('is answered with the settle modes that it asked for: $snd_settle_mode, $rcv_settle_mode', async (modes) => {
    const queue = await broker.queue();
    const connection = await connect();
    for (const address of [queue, '$cbs', `${queue}/$management`]) {
      const receiver = connection.open_receiver({ source: address, credit_window: 0, ...modes } as never);
      await once(receiver as unknown as NodeJS.EventEmitter, 'receiver_open');
      expect(attachOf(receiver)).toMatchObject(modes);
      const sender = connection.open_sender({ target: address, ...modes } as never);
      await once(sender as unknown as NodeJS.EventEmitter, 'sender_open');
      expect(attachOf(sender as unknown as Receiver)).toMatchObject(modes);
    }
  });
});
