import type { z } from 'zod';
import type { AmqpServer } from './amqp-server.ts';
import { describeIssues } from './config.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Namespace } from './namespace.ts';

/** The broker's parts that the control plane acts on. */
export interface Controlled {
  readonly namespace: Namespace;
  readonly amqp: AmqpServer;
  readonly faultPlan: FaultPlan;
}

/** An answer that is no success; the text says what to do. */
export class ControlError extends Error {
  override name = 'ControlError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An HTTP answer; a body is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/**
 * Checks a request's value.
 *
 * @throws {@link ControlError} 400, naming each bad field.
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ControlError(400, describeIssues(parsed.error));
  return parsed.data;
}
