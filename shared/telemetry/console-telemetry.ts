import { currentScope, inScope, writeLine } from './scope.ts';
import { noSpan, type Telemetry } from './telemetry.ts';

/**
 * Logs only; no metric and no span leaves the process. A trace that the host began still reaches whoever our messages
 * and requests go to.
 */
export const consoleTelemetry: Telemetry = {
  count() {},
  record() {},
  log: writeLine,
  span: (_name, attributes, work) =>
    inScope({ attributes: { ...currentScope().attributes, ...attributes } }, () => work(noSpan)),
  traceParent: () => currentScope().traceParent,
  invocation: ({ hostLog, hostSpan }, work) => inScope({ hostLog, traceParent: hostSpan }, work),
};
