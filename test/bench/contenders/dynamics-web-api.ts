import { DynamicsWebApi } from 'dynamics-web-api';
import { type Assignment, inLanes, type Performance, type Refused, Stopwatch, tokenFor } from '../contender.ts';
import { clientId, contactId, profileOf } from '../organisation.ts';

const connect = (url: string): DynamicsWebApi =>
  new DynamicsWebApi({
    serverUrl: url,
    dataApi: { path: 'data', version: '9.2' },
    onTokenRefresh: async () => tokenFor(url, clientId(0)),
    propagateErrors: true,
  });

const linkOf = (n: number): object => ({
  'msdynci_lookupfield_customerprofile@odata.bind': `/msdynci_customerprofiles(${profileOf(n)})`,
});

/** The package reports a refusal as an error with the answer's status and headers. */
function readThrottling(error: unknown): Refused {
  const { status, headers } = error as { status?: number; headers?: Readonly<Record<string, string>> };
  if (status !== 429) throw error;
  return { retryAfterSeconds: Number(headers?.['retry-after'] ?? headers?.['Retry-After'] ?? 1) };
}

/** The npm package `dynamics-web-api`, one request per row, at a fixed number of requests at once. */
export async function rowByRow(assignment: Assignment): Promise<Performance> {
  const stopwatch = new Stopwatch(assignment.timeScale);
  const api = connect(assignment.url);
  await inLanes({ ...assignment, batch: 1 }, stopwatch, async (from) => {
    try {
      await api.update({ collection: 'contacts', key: contactId(from), data: linkOf(from), ifmatch: '*' });
      return undefined;
    } catch (error) {
      return readThrottling(error);
    }
  });
  return stopwatch.result();
}

/** The same package with its `$batch` support. An instance collects one batch at a time, so each lane has its own. */
export async function inBatches(assignment: Assignment): Promise<Performance> {
  const stopwatch = new Stopwatch(assignment.timeScale);
  const free = Array.from({ length: assignment.concurrency }, () => connect(assignment.url));
  await inLanes(assignment, stopwatch, async (from, to) => {
    const api = free.pop() ?? connect(assignment.url);
    try {
      api.startBatch();
      for (let n = from; n < to; n++) {
        // Each call only notes the operation; what it returns is settled with the batch.
        void api.update({
          collection: 'contacts',
          key: contactId(n),
          data: linkOf(n),
          ifmatch: '*',
          inChangeSet: false,
        });
      }
      await api.executeBatch({ continueOnError: true });
      return undefined;
    } catch (error) {
      return readThrottling(error);
    } finally {
      free.push(api);
    }
  });
  return stopwatch.result();
}
