import { app } from '@azure/functions';
import { linkTaskSchema } from '../shared/contracts/link-task.ts';
import { linkTasksQueue, serviceBusConnection } from '../shared/contracts/queues.ts';
import { linkTable } from '../shared/linking/link-table.ts';
import { services } from '../shared/services.ts';

const parts = services();

app.serviceBusQueue('link-table', {
  connection: serviceBusConnection,
  queueName: linkTasksQueue,
  // One session per table, one holder per session: a table has one writer.
  isSessionsEnabled: true,
  handler: (message: unknown) => linkTable(parts, linkTaskSchema.parse(message)),
});
