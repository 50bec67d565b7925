import type { HttpRequest } from '@azure/functions';
import { badRequest } from './http-response.ts';
import { operations } from './operations.ts';
import { RefusedRequest } from './refused-request.ts';

/** What the Functions host reads itself: a key in the address, and the key's name. */
const readByTheHost = ['code', 'clientid'];

/**
 * A parameter that a route does not know is a mistake that would be passed over in silence: a filter misspelt shows
 * everything. Doors that others call in ways of their own (senders of events, probes, browsers) take any.
 * @throws RefusedRequest that names each of them, and what there is
 */
export function refuseUnknownQuery(functionName: string, request: HttpRequest): void {
  const operation = operations.find(({ name }) => name === functionName);
  if (operation === undefined || operation.audience === 'senders' || operation.audience === 'everybody') return;
  const known = Object.keys(operation.query?.shape ?? {});
  const unknown = [...new Set(request.query.keys())].filter(
    (name) => !known.includes(name) && !readByTheHost.includes(name.toLowerCase()),
  );
  if (unknown.length === 0) return;
  const there = known.length === 0 ? 'this route takes none' : `there are ${known.join(', ')}`;
  throw new RefusedRequest(
    badRequest(
      'The address has parameters that are not known here.',
      unknown.map((field) => ({ field, message: `is not known: ${there}`, in: 'query' as const })),
    ),
  );
}
