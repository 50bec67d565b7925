import { AmqpServer } from './amqp-server.ts';
import type { BrokerConfig } from './config.ts';
import { startControlPlane } from './control-plane.ts';
import { FaultPlan } from './fault-plan.ts';
import { Namespace } from './namespace.ts';
import { Timeline } from './timeline.ts';

/** What to serve and where; port 0 takes any free one. */
export interface BrokerOptions {
  readonly config: BrokerConfig;
  readonly port: number;
  readonly controlPort: number;
  /** The address to listen on; loopback unless told otherwise. */
  readonly host?: string;
}

/** A running broker. */
export interface Broker {
  readonly port: number;
  readonly controlPort: number;
  /** For `new ServiceBusClient(...)`. */
  readonly connectionString: string;
  /** Cuts every connection and forgets every message. */
  close(): Promise<void>;
}

/**
 * Starts a Service Bus broker that keeps everything in memory.
 *
 * @throws Node's own error, with its `code`, where a port is taken.
 */
export async function startBroker({ config, port, controlPort, host = '127.0.0.1' }: BrokerOptions): Promise<Broker> {
  const timeline = new Timeline();
  const faultPlan = new FaultPlan();
  const namespace = new Namespace(config, timeline);
  const amqp = new AmqpServer({ namespace, timeline, faultPlan });
  const amqpPort = await amqp.listen(port, host);
  try {
    const control = await startControlPlane({ namespace, amqp, faultPlan, port: controlPort, host, amqpPort });
    return {
      port: amqpPort,
      controlPort: control.port,
      connectionString:
        `Endpoint=sb://${host}:${amqpPort};SharedAccessKeyName=RootManageSharedAccessKey;` +
        'SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;',
      async close() {
        timeline.close();
        await Promise.all([amqp.close(), control.close()]);
      },
    };
  } catch (thrown) {
    await amqp.close();
    throw thrown;
  }
}
