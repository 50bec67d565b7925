import { describe, expect, it } from 'vitest';
import { isRetryableError, RetryableError } from '../../shared/errors.ts';
import { sendKeptEvents, takeDiagnosticLog } from '../../shared/runs/take-diagnostic-log.ts';
import { KeptEvents } from '../../shared/state/kept-events.ts';
import { MemoryTable, memoryParts } from '../api/memory-parts.ts';

const completion = (job: string) => ({
  operationName: 'Merge.TaskCompleted',
  resultType: 'Successful',
  properties: { workflowJobId: job },
});

describe('the door of the diagnostic log', () => {
  it('keeps what Service Bus does not take, and sends it when it does', async () => {
    const { parts, outbox } = memoryParts();
    const { messenger } = parts;
    const away = {
      ...messenger,
      sendUnificationEvent: () => Promise.reject(new RetryableError('Service Bus is away')),
    };
    await takeDiagnosticLog({ ...parts, messenger: away }, [JSON.stringify({ records: ['a', 'b'].map(completion) })]);
    expect(outbox.events).toEqual([]);
    await sendKeptEvents({ ...parts, messenger: away }).catch((error: unknown) => error);
    await sendKeptEvents(parts);
    await sendKeptEvents(parts);
    expect(outbox.events.map(({ eventId }) => eventId).sort()).toEqual(['a', 'b']);
  });

  it('gives the batch back where an event can neither be sent nor kept', async () => {
    const { parts } = memoryParts();
    const refuse = () => Promise.reject(new RetryableError('away'));
    const table = Object.assign(new MemoryTable(), { applyAll: refuse });
    const messenger = { ...parts.messenger, sendUnificationEvent: refuse };
    const taken = takeDiagnosticLog({ ...parts, messenger, keptEvents: new KeptEvents(table) }, [completion('a')]);
    expect(isRetryableError(await taken.catch((error: unknown) => error))).toBe(true);
  });

  it('passes on what can be read beside what is no JSON', async () => {
    const { parts, outbox } = memoryParts();
    await takeDiagnosticLog(parts, ['{"records":[', `\uFEFF${JSON.stringify(completion('a'))}`]);
    expect(outbox.events).toMatchObject([{ eventId: 'a' }]);
  });
});
