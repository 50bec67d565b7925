import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { version } from '../version.ts';
import { actorOf, type Caller } from './caller.ts';
import { ok } from './http-response.ts';
import type { About } from './schemas.ts';

/** What it takes to tell which installation this is. */
export interface AboutParts {
  readonly isSignInEnabled: boolean;
  readonly isReadOnly: boolean;
  readonly options: { readonly dataverseUrl: string };
}

/** Which installation this is, and what whoever asks may do. */
export async function showAbout(parts: AboutParts, _request: HttpRequest, caller: Caller): Promise<HttpResponseInit> {
  const isAdministrator = caller.kind === 'key';
  const answer: About = {
    version,
    organisation: parts.options.dataverseUrl,
    readOnly: parts.isReadOnly,
    signIn: parts.isSignInEnabled,
    you: {
      ...actorOf(caller),
      maySee: isAdministrator || caller.roles.has('reader'),
      mayOperate: isAdministrator || caller.roles.has('operator'),
    },
  };
  return ok(answer);
}
