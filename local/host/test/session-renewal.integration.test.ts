import { fileURLToPath } from 'node:url';
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, describe, expect, it } from 'vitest';
import { startProcess } from '../../processes.ts';
import { fixture, type HostProcess, startHostProcess } from './host-process.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** Works off seven messages of one session, a second each, under locks of two seconds; answers what the host has written. */
async function workOff(maxAutoLockRenewalDuration: string): Promise<readonly string[]> {
  const broker = await startProcess({
    name: 'broker',
    args: [
      fileURLToPath(new URL('../../service-bus/main.ts', import.meta.url)),
      ...['--port', '0', '--control-port', '0', '--config', `${fixture('service-bus-app')}/Config.json`],
    ],
  });
  cleanUps.push(() => broker.stop());
  const queue = `http://127.0.0.1:${broker.ready.controlPort}/__control/queues/sessions`;
  const properties = { RequiresSession: true, LockDuration: 'PT2S', MaxDeliveryCount: 10 };
  await fetch(queue, { method: 'PUT', body: JSON.stringify(properties) });
  const connection = `Endpoint=sb://127.0.0.1:${broker.ready.port};SharedAccessKeyName=R;SharedAccessKey=S;UseDevelopmentEmulator=true;`;
  const client = new ServiceBusClient(connection);
  cleanUps.push(() => client.close());
  const messages = Array.from({ length: 7 }, (_, index) => ({ body: { index, ms: 1_000 }, sessionId: 's' }));
  await client.createSender('sessions').sendMessages(messages);
  const host: HostProcess = await startHostProcess(fixture('service-bus-app'), {
    ServiceBusConnection: connection,
    SingleQueue: 'single',
    AzureFunctionsJobHost__extensions__serviceBus__maxAutoLockRenewalDuration: maxAutoLockRenewalDuration,
  });
  cleanUps.push(() => host.process.stop());
  await host.line(/session left .*"index":6/);
  return host.lines;
}

describe('the lock of a session', () => {
  it.concurrent.each([
    ['00:00:02', 'is renewed from its acceptance, not anew for each message: it is lost in the midst of one', true],
    ['-00:00:00.0010000', 'is renewed without end', false],
  ])('with maxAutoLockRenewalDuration %s %s', async (duration, _, isLost) => {
    const lines = await workOff(duration);

    const seen = lines.filter((line) => line.includes('session got'));
    expect(lines.some((line) => line.includes('Session s is lost'))).toBe(isLost);
    expect(seen.length > 7).toBe(isLost);
    expect(seen.some((line) => line.includes('"deliveryCount":2'))).toBe(isLost);
  });
});
