/** The invocation of a function that is run by hand, through the administration API: its input is one text. */
import type { RegisteredFunction } from './app-registry.ts';
import { mergeBodyProperties } from './body-properties.ts';
import { timerInvocation } from './timer-trigger.ts';
import { traceContextOf } from './trace-context.ts';
import type { WireInvocation, WireValue } from './wire-types.ts';

/**
 * Makes the invocation.
 * @throws Error for an HTTP function: there is no request to answer
 */
export function byHandInvocation(fn: RegisteredFunction, input: string): WireInvocation {
  const kind = fn.trigger.type.toLowerCase();
  if (kind === 'httptrigger') throw new Error('an HTTP function needs a request; call its route instead');
  if (kind === 'timertrigger') return timerInvocation(fn, null, false);
  const isBatch = fn.trigger.cardinality === 'many';
  const data: WireValue = isBatch ? { collectionString: { string: [input] } } : { string: input };
  return {
    inputData: [{ name: fn.triggerName, data }],
    triggerMetadata: isBatch ? {} : mergeBodyProperties({}, input),
    traceContext: traceContextOf(undefined),
  };
}
