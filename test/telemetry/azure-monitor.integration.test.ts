import { gunzipSync } from 'node:zlib';
import { createHttpHeaders, type HttpClient } from '@azure/core-rest-pipeline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openExporters } from '../../shared/telemetry/exporters.ts';
import { OpenTelemetry } from '../../shared/telemetry/open-telemetry.ts';
import { hostSpanId, invocationWithLog, traceId } from './recording-telemetry.ts';

interface Envelope {
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> };
}

/** The exporter is the real one; only its bytes end here. */
describe('telemetry for Application Insights', () => {
  const received: Envelope[] = [];
  const httpClient: HttpClient = {
    async sendRequest(request) {
      const body = request.body;
      const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body as Uint8Array);
      const isZipped = request.headers.get('content-encoding') === 'gzip';
      const envelopes = JSON.parse((isZipped ? gunzipSync(bytes) : bytes).toString('utf8')) as Envelope[];
      received.push(...envelopes);
      const answer = { itemsReceived: envelopes.length, itemsAccepted: envelopes.length, errors: [] };
      const headers = createHttpHeaders({ 'content-type': 'application/json' });
      return { request, status: 200, headers, bodyAsText: JSON.stringify(answer) };
    },
  };

  beforeAll(async () => {
    // The exporter's own statistics go elsewhere.
    vi.stubEnv('APPLICATION_INSIGHTS_NO_STATSBEAT', 'true');
    const exporters = await openExporters(
      {
        APPLICATIONINSIGHTS_CONNECTION_STRING:
          'InstrumentationKey=11111111-1111-4111-8111-111111111111;IngestionEndpoint=https://example.invalid/',
      },
      httpClient,
    );
    const telemetry = new OpenTelemetry({
      exporters,
      resource: { 'service.name': 'func-backstamp', 'service.instance.id': 'instance-1' },
      hostReports: true,
    });
    const { invocation } = invocationWithLog();
    await telemetry.invocation(invocation, async () => {
      telemetry.count('backstamp.rows', 200, { table: 'contact', outcome: 'linked' });
      telemetry.record('backstamp.task.duration', 4_000, { table: 'contact', status: 'Failed' });
      telemetry.record('backstamp.task.duration', 6_000, { table: 'contact', status: 'Failed' });
      telemetry.record('backstamp.watermark.age', 90, { table: 'contact' });
      telemetry.log('info', 'Page linked');
      const request = { 'http.request.method': 'POST', 'server.address': 'contoso.crm.dynamics.com' };
      await telemetry.span(
        'Dataverse updateMultiple',
        request,
        async (span) => span.set({ 'http.response.status_code': 429 }),
        'client',
      );
    });
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  const ofType = (type: string) => received.filter(({ data }) => data.baseType === type);

  it('reports no request of its own: the host has reported it', () => {
    expect(ofType('RequestData')).toEqual([]);
  });

  it('hangs the invocation below the request that the host reports', () => {
    const invocation = ofType('RemoteDependencyData').find(({ data }) => data.baseData.name === 'link-table');

    expect(invocation?.tags).toMatchObject({
      'ai.operation.id': traceId,
      'ai.operation.parentId': hostSpanId,
      'ai.cloud.role': 'func-backstamp',
      'ai.cloud.roleInstance': 'instance-1',
    });
  });

  it('shows a request to Dataverse as a dependency with its status', () => {
    const dependency = ofType('RemoteDependencyData').find(
      ({ data }) => data.baseData.name === 'Dataverse updateMultiple',
    );

    expect(dependency?.tags['ai.operation.id']).toBe(traceId);
    expect(dependency?.data.baseData).toMatchObject({
      type: 'Http',
      resultCode: '429',
      target: 'contoso.crm.dynamics.com',
    });
  });

  it('gives metrics the sums and counts that the queries calculate with', () => {
    const metrics = ofType('MetricData').map(({ data }) => ({
      ...(data.baseData.metrics as object[])[0],
      properties: data.baseData.properties,
    }));

    expect(metrics).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'backstamp.rows',
          value: 200,
          count: 1,
          properties: { table: 'contact', outcome: 'linked' },
        }),
        expect.objectContaining({
          name: 'backstamp.task.duration',
          value: 10_000,
          count: 2,
          min: 4_000,
          max: 6_000,
          properties: { table: 'contact', status: 'Failed' },
        }),
        expect.objectContaining({ name: 'backstamp.watermark.age', value: 90, count: 1 }),
      ]),
    );
  });

  it('sends no log line: the host forwards those it is given', () => {
    expect(ofType('MessageData')).toEqual([]);
  });
});
