import type { HttpRequest, InvocationContext } from '@azure/functions';
import type { Invocation } from './telemetry.ts';

/**
 * What the host tells of a call. A message's own traceparent travels in its application properties, which the worker
 * hands over with their first letter in lower case.
 */
export function invocationOf(context: InvocationContext, request?: HttpRequest): Invocation {
  const properties = (context.triggerMetadata?.applicationProperties ?? {}) as Readonly<Record<string, unknown>>;
  const sender = request?.headers.get('traceparent') ?? properties.traceparent ?? properties['diagnostic-Id'];
  return {
    name: context.functionName,
    id: context.invocationId,
    // Empty text where the host has no trace.
    hostSpan: context.traceContext?.traceParent || undefined,
    sender: typeof sender === 'string' ? sender : undefined,
    hostLog: {
      debug: (line) => context.debug(line),
      info: (line) => context.info(line),
      warn: (line) => context.warn(line),
      error: (line) => context.error(line),
    },
  };
}
