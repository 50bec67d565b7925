import { createHttpHeaders, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import { createDataverse, type DataverseOptions } from '../../shared/dataverse/client.ts';
import type { Dataverse, TableMetadata } from '../../shared/dataverse/dataverse.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';

export const URL_OF_ORGANISATION = 'https://org.example';

/** An answer of the pretended service. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A request as the pretended service sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** Path and query below the API's root, decoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When it came, on the fake clock. */
  readonly at: number;
  readonly clientId: string;
}

/** A clock that jumps: sleeping advances it at once, in the order of the sleepers' times. */
export function createFakeClock() {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  const pump = (): void => {
    setImmediate(() => {
      const next = sleepers.reduce<{ at: number; wake: () => void } | undefined>(
        (first, one) => (first && first.at <= one.at ? first : one),
        undefined,
      );
      if (!next) return;
      sleepers = sleepers.filter((one) => one !== next);
      now = Math.max(now, next.at);
      next.wake();
    });
  };
  return {
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((one) => one !== sleeper);
          reject(signal.reason);
        });
        pump();
      }),
  };
}

/** A client over a pretended service: `respond` answers each request; every request seen is kept. */
export function createFakeDataverse(
  respond: (request: SeenRequest, count: number) => FakeAnswer | Promise<FakeAnswer>,
  options: Partial<DataverseOptions> & {
    readonly clientIds?: readonly string[];
    readonly clock?: ReturnType<typeof createFakeClock>;
  } = {},
): { readonly dataverse: Dataverse; readonly seen: SeenRequest[]; readonly now: () => number } {
  const { clientIds = ['app-1'], clock = createFakeClock(), ...rest } = options;
  const seen: SeenRequest[] = [];
  const httpClient: HttpClient = {
    async sendRequest(request: PipelineRequest) {
      const { pathname, search } = new URL(request.url);
      const token = request.headers.get('Authorization') ?? '';
      const one: SeenRequest = {
        method: request.method,
        url: request.url,
        path: decodeURIComponent(`${pathname}${search}`.replace('/api/data/v9.2/', '')),
        headers: request.headers.toJSON(),
        body: typeof request.body === 'string' ? request.body : '',
        at: clock.now(),
        clientId: token.replace('Bearer ', ''),
      };
      seen.push(one);
      const { status = 200, headers = {}, body } = await respond(one, seen.length);
      const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
      return { request, status, headers: createHttpHeaders(headers), bodyAsText: text };
    },
  };
  const dataverse = createDataverse({
    url: URL_OF_ORGANISATION,
    identities: clientIds.map((clientId) => ({
      clientId,
      credential: { getToken: async () => ({ token: clientId, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    })),
    telemetry: silentTelemetry,
    maxConcurrency: 8,
    freeBudgetPercent: 0,
    bypass: { customLogic: 'none', flows: false },
    now: clock.now,
    sleep: clock.sleep,
    httpClient,
    ...rest,
  });
  return { dataverse, seen, now: clock.now };
}

/** The service's error body. */
export const fault = (code: string, message: string): object => ({ error: { code, message } });

/** A source table as its metadata tells it. */
export const contact: TableMetadata = {
  logicalName: 'contact',
  schemaName: 'Contact',
  displayName: 'Contact',
  entitySetName: 'contacts',
  primaryId: 'contactid',
  primaryName: 'fullname',
  tableType: 'Standard',
  changeTracking: true,
  ownership: 'UserOwned',
  takesColumns: true,
  securedColumns: new Map(),
  lookups: [],
  columns: new Map(),
};

/** The n-th of any number of distinct GUIDs. */
export const guid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
