/** W3C trace context: an invocation continues its caller's trace, where it has one. */
import { randomBytes } from 'node:crypto';
import type { WireTraceContext } from './wire-types.ts';

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/**
 * The context of a new invocation: the caller's trace id and flags with a span id of the invocation's own; empty text,
 * as the host sends it, where `traceParent` is absent or malformed.
 */
export function traceContextOf(traceParent: unknown, traceState?: unknown): WireTraceContext {
  const match = typeof traceParent === 'string' ? pattern.exec(traceParent) : null;
  if (!match) return { traceParent: '', attributes: {} };
  const spanId = randomBytes(8).toString('hex');
  const own = `00-${match[2]}-${spanId}-${match[4]}`;
  return typeof traceState === 'string' && traceState !== ''
    ? { traceParent: own, traceState, attributes: {} }
    : { traceParent: own, attributes: {} };
}
