import type { ServiceBusClient } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { BRIEFLY, only, SOON, useBroker } from './support.ts';

const broker = useBroker();

async function subscribe() {
  const topic = await broker.topic({}, { s: {} });
  const client = broker.client();
  const bodies = async (): Promise<unknown[]> =>
    (await client.createReceiver(topic, 's', { receiveMode: 'receiveAndDelete' }).receiveMessages(10, BRIEFLY)).map(
      ({ body }) => body,
    );
  return { client, topic, rules: client.createRuleManager(topic, 's'), sender: client.createSender(topic), bodies };
}

const namesOf = async (rules: ReturnType<ServiceBusClient['createRuleManager']>): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of rules.listRules()) names.push(name);
  return names;
};

describe('rules of a subscription', () => {
  it('are added, listed and removed', async () => {
    const { rules } = await subscribe();
    await rules.createRule('sql', { sqlExpression: 'size > 1' }, { sqlExpression: "SET kind = 'big'" });
    await rules.createRule('same', { correlationId: 'c', subject: 'order', applicationProperties: { size: 2 } });

    const listed = [];
    for await (const rule of rules.listRules()) listed.push(rule);

    expect(listed).toMatchObject([
      { name: '$Default' },
      { name: 'sql', filter: { sqlExpression: 'size > 1' }, action: { sqlExpression: "SET kind = 'big'" } },
      { name: 'same', filter: { correlationId: 'c', subject: 'order', applicationProperties: { size: 2 } } },
    ]);
    await rules.deleteRule('SQL');
    expect(await namesOf(rules)).toEqual(['$Default', 'same']);
    await expect(rules.createRule('Same', { sqlExpression: '1=1' })).rejects.toThrow(/'Same' is there already/);
    await expect(rules.deleteRule('sql')).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
    await expect(rules.createRule('bad', { sqlExpression: 'size >' })).rejects.toThrow(/'the end' is out of place/);
  });

  it('let in what any of them lets in, once, and a copy more for each that changes it', async () => {
    const { client, topic, rules, sender, bodies } = await subscribe();
    await rules.deleteRule('$Default');
    expect(await bodies()).toEqual([]);
    await rules.createRule('big', { sqlExpression: 'size > 1' });
    await rules.createRule('named', { subject: 'order' });
    await sender.sendMessages([
      { body: 'both', subject: 'order', applicationProperties: { size: 2 } },
      { body: 'one', subject: 'order' },
      { body: 'none', applicationProperties: { size: 1 } },
    ]);
    expect(await bodies()).toEqual(['both', 'one']);

    await rules.createRule('marked', { sqlExpression: "sys.Label LIKE 'ord%'" }, { sqlExpression: 'SET size = 7' });
    await sender.sendMessages({ body: 'twice', subject: 'order', applicationProperties: { size: 2 } });
    const receiver = client.createReceiver(topic, 's');
    const first = only(await receiver.receiveMessages(1, SOON));
    const second = only(await receiver.receiveMessages(1, SOON));
    expect([first.applicationProperties?.size, second.applicationProperties?.size]).toEqual([2, 7]);
  });
});
