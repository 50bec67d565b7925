import { ServiceBusClient } from '@azure/service-bus';

/*
 * A client in a process of its own, to be killed: takes the next session of a queue, reads one message, says which
 * session it has, and never settles.
 */

const [connectionString = '', queue = ''] = process.argv.slice(2);
const receiver = await new ServiceBusClient(connectionString).acceptNextSession(queue);
await receiver.receiveMessages(1);
console.log(receiver.sessionId);
setInterval(() => {}, 1000);
