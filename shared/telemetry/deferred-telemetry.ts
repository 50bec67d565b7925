import type { Attributes, Invocation, LogLevel, Metric, Span, SpanKind, Telemetry } from './telemetry.ts';

/**
 * Telemetry that is loaded with the first invocation: the process registers its functions without waiting for it, and
 * no invocation does any work before it is there.
 */
export class DeferredTelemetry implements Telemetry {
  #current: Telemetry;
  readonly #load: () => Promise<Telemetry>;
  #loading: Promise<void> | undefined;

  /** @param fallback in use before the first invocation, and for good where `load` fails */
  constructor(fallback: Telemetry, load: () => Promise<Telemetry>) {
    this.#current = fallback;
    this.#load = load;
  }

  count(metric: Metric, value: number, attributes?: Attributes): void {
    this.#current.count(metric, value, attributes);
  }

  record(metric: Metric, value: number, attributes?: Attributes): void {
    this.#current.record(metric, value, attributes);
  }

  log(level: LogLevel, message: string, attributes?: Attributes): void {
    this.#current.log(level, message, attributes);
  }

  span<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>, kind?: SpanKind): Promise<T> {
    return this.#current.span(name, attributes, work, kind);
  }

  traceParent(): string | undefined {
    return this.#current.traceParent();
  }

  async invocation<T>(invocation: Invocation, work: () => Promise<T>): Promise<T> {
    this.#loading ??= this.#begin();
    await this.#loading;
    return this.#current.invocation(invocation, work);
  }

  async #begin(): Promise<void> {
    try {
      this.#current = await this.#load();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#current.log('error', 'Telemetry cannot be exported; only the log is left', { reason });
    }
  }
}
