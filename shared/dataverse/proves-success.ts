import type { HttpHeaders } from '@azure/core-rest-pipeline';

/**
 * Whether an answer shows that the service did what was asked. A status below 300 alone does not: gateways and sign-in
 * pages answer 200 too. A write is proved by 204 or an OData answer, a batch by its parts, a read by JSON.
 */
export function provesSuccess(
  { kind, path }: { readonly kind: string; readonly path: string },
  {
    status,
    headers,
    body,
  }: { readonly status: number; readonly headers: Pick<HttpHeaders, 'get'>; readonly body: string },
): boolean {
  if (status < 200 || status >= 300) return false;
  const mediaType = headers.get('Content-Type') ?? '';
  if (path === '$batch') return /^multipart\/mixed/i.test(mediaType);
  if (kind === 'updateMultiple' || kind === 'createLookup')
    return isTaken(status, headers.get('OData-Version'), mediaType);
  return (mediaType === '' || isJson(mediaType)) && /^\s*\{/.test(body);
}

/** Whether an answer to a write, of its own or a part of a batch, shows that the row was taken. */
export const isTaken = (status: number, odataVersion: string | undefined, mediaType: string): boolean =>
  status === 204 || (status < 300 && odataVersion !== undefined && (mediaType === '' || isJson(mediaType)));

const isJson = (mediaType: string): boolean => /^application\/json/i.test(mediaType);
