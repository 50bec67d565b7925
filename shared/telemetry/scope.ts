import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '@opentelemetry/api';
import type { Attributes, Invocation, LogLevel } from './telemetry.ts';

/** What holds for everything done inside an invocation or span, however deep below and however asynchronous. */
export interface Scope {
  /** Stand on every line that is logged. */
  readonly attributes: Attributes;
  readonly hostLog?: Invocation['hostLog'] | undefined;
  /** The span that work done here belongs to, as W3C traceparent. */
  readonly traceParent?: string | undefined;
  /** The same for OpenTelemetry, where it is at work. */
  readonly context?: Context | undefined;
}

const outside: Scope = { attributes: {} };
const scopes = new AsyncLocalStorage<Scope>();

/** The scope of the code that asks. */
export const currentScope = (): Scope => scopes.getStore() ?? outside;

/** Runs `work` in a scope that differs from the present one in what `change` names. */
export const inScope = <T>(change: Partial<Scope>, work: () => T): T =>
  scopes.run({ ...currentScope(), ...change }, work);

const consoleLog: Invocation['hostLog'] = {
  debug: (line) => console.debug(line),
  info: (line) => console.info(line),
  warn: (line) => console.warn(line),
  error: (line) => console.error(line),
};

/**
 * Writes one line to the call's own log, or outside of any call to the console: message first, attributes as JSON.
 * The host passes text on and nothing else, so the attributes have to be in it.
 */
export function writeLine(level: LogLevel, message: string, attributes?: Attributes): void {
  const scope = currentScope();
  const all = { ...scope.attributes, ...attributes };
  const line = Object.keys(all).length === 0 ? message : `${message} ${JSON.stringify(all)}`;
  (scope.hostLog ?? consoleLog)[level](line);
}
