import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkingCompletedSchema, linkingStartedSchema } from '../../shared/contracts/linking-events.ts';
import { linkingEventsTopic } from '../../shared/contracts/queues.ts';
import { type SampleApp, startSampleApp } from './sample-organisation.ts';
import { endOf, startRun } from './sample-stack.ts';

describe('the events at the beginning and the end of a run', () => {
  let app: SampleApp;
  let client: ServiceBusClient;
  const receiveNext = async (): Promise<ServiceBusReceivedMessage[]> => {
    const receiver = client.createReceiver(linkingEventsTopic, 'all', { receiveMode: 'receiveAndDelete' });
    const messages = await receiver.receiveMessages(10, { maxWaitTimeInMs: 10_000 });
    await receiver.close();
    return messages;
  };

  beforeAll(async () => {
    app = await startSampleApp({ rows: 300 });
    client = new ServiceBusClient(app.stack.serviceBusConnectionString);
  });
  afterAll(async () => {
    await client?.close();
    await app?.stack.stop();
  });

  it('goes to the topic as a CloudEvent with tables, counts and status', async () => {
    const { runId, eventId } = await startRun(app.stack, { mode: 'incremental' });
    const run = await endOf(app.stack, runId);

    const [started, message, ...more] = await receiveNext();

    expect(more).toEqual([]);
    expect(started).toMatchObject({
      messageId: `${runId}/started`,
      applicationProperties: { type: 'Backstamp.LinkingStarted', mode: 'incremental' },
    });
    expect(linkingStartedSchema.parse(started?.body).data).toEqual({
      runId,
      eventId,
      mode: 'incremental',
      tables: run.tasks.length,
    });
    expect(message).toMatchObject({ messageId: `${runId}/completed`, contentType: 'application/cloudevents+json' });
    const event = linkingCompletedSchema.parse(message?.body);
    expect(event).toMatchObject({
      type: 'Backstamp.LinkingCompleted',
      subject: runId,
      data: { runId, eventId, mode: 'incremental', status: 'Successful' },
    });
    expect(event.data.tables).toEqual(run.tasks.map(({ table, status, counters }) => ({ table, status, counters })));
  });

  it('tells status and mode in its properties, which a subscription can filter on: failures and skips only, say', async () => {
    const row = [...app.organisation.truth('lead')].find(({ profileId }) => profileId !== null);
    await fetch(`${app.stack.dataverseUrl}/__control/rows/lead`, {
      method: 'POST',
      body: JSON.stringify({ leadid: row?.id, msdynci_lookupfield_customerprofile: null }),
    });
    const fault = { status: 400, code: '0x80040265', message: 'No.' };
    await app.control('POST', 'faults', { match: { rowId: row?.id }, fault });
    const { runId } = await startRun(app.stack, { mode: 'full', tables: ['lead'] });
    await endOf(app.stack, runId);

    const [, message] = await receiveNext();

    expect(message?.applicationProperties).toMatchObject({ status: 'Completed with warnings', mode: 'full' });
    expect(linkingCompletedSchema.parse(message?.body).data.tables).toMatchObject([
      { table: 'lead', counters: { failed: 1 } },
    ]);
  });
});
