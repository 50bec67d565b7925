import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { logTextOf } from '../errors.ts';
import type { RunParts } from '../runs/parts.ts';
import { version } from '../version.ts';
import { ok, problem } from './http-response.ts';

/** Whether the app can do its work: answers 200 where its state can be read, else 503. Tells nothing else. */
export async function checkHealth(
  parts: Pick<RunParts, 'runs' | 'telemetry'>,
  _request: HttpRequest,
): Promise<HttpResponseInit> {
  try {
    await parts.runs.listRecent(1);
    return ok({ status: 'healthy', version });
  } catch (error) {
    parts.telemetry.log('error', 'Health check failed', { reason: logTextOf(error) });
    return problem(
      503,
      'Service unavailable',
      'The state cannot be read: check StateStorage and the identity\'s role "Storage Table Data Contributor".',
    );
  }
}
