import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

type Value =
  | { stringValue: string }
  | { intValue: number | string }
  | { doubleValue: number }
  | { boolValue: boolean }
  | { arrayValue: { values?: Value[] } };
interface KeyValue {
  readonly key: string;
  readonly value: Value;
}
type Plain = Readonly<Record<string, unknown>>;

/** A span as it was received. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly isFailed: boolean;
  readonly attributes: Plain;
}

/** A data point as it was received. */
export interface ReceivedPoint {
  readonly metric: string;
  readonly unit: string;
  readonly kind: 'sum' | 'gauge' | 'histogram';
  readonly attributes: Plain;
  /** A sum's or gauge's value, a histogram's sum. */
  readonly value: number;
}

/** A log record as it was received. */
export interface ReceivedLog {
  readonly severity: string;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Plain;
}

/** What an OTLP receiver (http, JSON) on this machine has been sent. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly points: ReceivedPoint[];
  readonly logs: ReceivedLog[];
  /** Every body, as it came. */
  readonly bodies: string[];
  /** Attributes of who sent. */
  readonly resources: Plain[];
  /** While true no request is answered. */
  isSilent: boolean;
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const received = {
    spans: [] as ReceivedSpan[],
    points: [] as ReceivedPoint[],
    logs: [] as ReceivedLog[],
    bodies: [] as string[],
    resources: [] as Plain[],
    isSilent: false,
  };
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    if (received.isSilent) return;
    received.bodies.push(body);
    const message = JSON.parse(body) as Message;
    for (const { resource } of message.resourceSpans ?? message.resourceMetrics ?? message.resourceLogs ?? []) {
      received.resources.push(plain(resource?.attributes));
    }
    received.spans.push(...readSpans(message));
    received.points.push(...readPoints(message));
    received.logs.push(...readLogs(message));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(received, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const bytes = Buffer.concat(await request.toArray());
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
}

interface Point {
  readonly attributes?: KeyValue[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
  readonly sum?: number;
}
interface Resource {
  readonly resource?: { readonly attributes?: KeyValue[] };
}
interface Message {
  readonly resourceSpans?: (Resource & {
    scopeSpans?: {
      spans?: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        kind: number;
        status?: { code?: number };
        attributes?: KeyValue[];
      }[];
    }[];
  })[];
  readonly resourceMetrics?: (Resource & {
    scopeMetrics?: {
      metrics?: {
        name: string;
        unit: string;
        sum?: { dataPoints?: Point[] };
        gauge?: { dataPoints?: Point[] };
        histogram?: { dataPoints?: Point[] };
      }[];
    }[];
  })[];
  readonly resourceLogs?: (Resource & {
    scopeLogs?: {
      logRecords?: {
        severityText: string;
        body: Value;
        traceId?: string;
        spanId?: string;
        attributes?: KeyValue[];
      }[];
    }[];
  })[];
}

const readSpans = ({ resourceSpans = [] }: Message): ReceivedSpan[] =>
  resourceSpans
    .flatMap(({ scopeSpans = [] }) => scopeSpans.flatMap(({ spans = [] }) => spans))
    .map(({ name, traceId, spanId, parentSpanId = '', kind, status, attributes }) => ({
      name,
      traceId,
      spanId,
      parentSpanId,
      kind,
      isFailed: status?.code === 2,
      attributes: plain(attributes),
    }));

function readPoints({ resourceMetrics = [] }: Message): ReceivedPoint[] {
  const metrics = resourceMetrics.flatMap(({ scopeMetrics = [] }) =>
    scopeMetrics.flatMap(({ metrics: list = [] }) => list),
  );
  return metrics.flatMap((metric) =>
    (['sum', 'gauge', 'histogram'] as const).flatMap((kind) =>
      (metric[kind]?.dataPoints ?? []).map((point) => ({
        metric: metric.name,
        unit: metric.unit,
        kind,
        attributes: plain(point.attributes),
        value: Number(point.asDouble ?? point.asInt ?? point.sum),
      })),
    ),
  );
}

const readLogs = ({ resourceLogs = [] }: Message): ReceivedLog[] =>
  resourceLogs
    .flatMap(({ scopeLogs = [] }) => scopeLogs.flatMap(({ logRecords = [] }) => logRecords))
    .map(({ severityText, body, traceId = '', spanId = '', attributes }) => ({
      severity: severityText,
      body: String(plainValue(body)),
      traceId,
      spanId,
      attributes: plain(attributes),
    }));

const plain = (attributes: readonly KeyValue[] = []): Plain =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));

function plainValue(value: Value): unknown {
  if ('intValue' in value) return Number(value.intValue);
  if ('arrayValue' in value) return (value.arrayValue.values ?? []).map(plainValue);
  return Object.values(value)[0];
}
