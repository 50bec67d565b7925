import { readFile } from 'node:fs/promises';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';

/** Where the build leaves the page, seen from this module's place in `dist`. */
const file = new URL('../../page/status-page.html', import.meta.url);

let page: Promise<string> | undefined;

/**
 * The page. It holds no data and asks for the key itself: a browser that goes to an address can show none, unless the
 * key stood in the address, where history and logs would keep it.
 */
export async function showStatusPage(_parts: unknown, _request: HttpRequest): Promise<HttpResponseInit> {
  page ??= readFile(file, 'utf8').catch((error: unknown) => {
    page = undefined;
    throw error;
  });
  return {
    status: 200,
    body: await page,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      // What a policy inside the page cannot say.
      'content-security-policy': "frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  };
}
