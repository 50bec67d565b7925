import { randomUUID } from 'node:crypto';
import { runBatch } from './batch/run-batch.ts';
import type { RequestContext, Services } from './context.ts';
import { CustomLogic } from './custom-logic.ts';
import { badRequest, DataverseError } from './errors.ts';
import { type FaultSubject, Faults } from './faults.ts';
import { ThrottledError } from './limits/budget.ts';
import { ServiceProtection } from './limits/service-protection.ts';
import { Organisation } from './organisation.ts';
import { parsePreferences } from './query/preferences.ts';
import { parseQueryOptions } from './query/query-options.ts';
import type { DataverseRequest, DataverseResponse } from './request.ts';
import { json, refusal } from './response.ts';
import { kindOf, route } from './router.ts';
import type { Caller } from './security/caller.ts';
import { readToken } from './security/token.ts';
import { Users } from './security/users.ts';
import { Stats } from './stats.ts';

/** No GET has a longer URL; inside a batch twice that. */
const LONGEST_URL = 32_768;
const API = /^\/api\/data\/v9\.\d+\/?/;

/** An organisation with everything that stands between it and a request. */
export class Engine implements Services {
  readonly #clock: () => number;
  organisation: Organisation;
  users: Users;
  stats = new Stats();
  faults = new Faults();
  customLogic: CustomLogic;
  protection: ServiceProtection;

  /** @param clock milliseconds since 1970 */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
    this.organisation = new Organisation(clock);
    this.users = new Users(this.organisation);
    this.customLogic = new CustomLogic(this.organisation);
    this.protection = new ServiceProtection(this.organisation.settings, clock);
  }

  /** Starts anew with an empty organisation. */
  reset(): void {
    this.organisation = new Organisation(this.#clock);
    this.users = new Users(this.organisation);
    this.stats = new Stats();
    this.faults = new Faults();
    this.customLogic = new CustomLogic(this.organisation);
    this.protection = new ServiceProtection(this.organisation.settings, this.#clock);
  }

  /** Answers a Web API request as the service would: in its time, within its limits, with its headers. */
  async handle(request: DataverseRequest): Promise<DataverseResponse> {
    const url = new URL(request.url);
    const body = typeof request.body === 'string' ? request.body : await collect(request.body);
    const preferences = parsePreferences(request.headers.prefer);
    const server = this.protection.serverFor(request.headers.cookie);
    const { protection } = this;
    let caller: Caller | undefined;
    let kind = 'other';
    let response: DataverseResponse;
    try {
      const root = API.exec(url.pathname)?.[0];
      if (root === undefined) throw new DataverseError(404, '', `No HTTP resource was found at '${url.pathname}'.`);
      const path = decodePath(url.pathname.slice(root.length));
      kind = kindOf(request.method, path);
      caller = this.#identify(request, url.origin);
      if (request.method === 'GET' && request.url.length > LONGEST_URL) throw urlTooLong(LONGEST_URL);
      const subject = { method: request.method, path: `${path}${url.search}`, kind, clientId: caller.clientId };
      const context: RequestContext = {
        ...this.#services(),
        method: request.method,
        url: request.url,
        apiRoot: `${url.origin}${root.replace(/\/$/, '')}`,
        path,
        options: parseQueryOptions(url.search.slice(1)),
        headers: request.headers,
        preferences,
        body,
        caller,
        cost: { operations: 0, rowsRead: 0, rowsWritten: 0, pluginRuns: 0, extraMs: 0 },
        atEnd: [],
      };
      response = await this.#admit(context, subject, server);
    } catch (error) {
      if (error instanceof ThrottledError) this.stats.throttled(error.limit);
      response = this.#refused(error, preferences);
    }
    this.stats.request(kind, caller?.clientId ?? '', response.status);
    // What somebody on the way answers has none of the service's headers.
    const own = response.isForeign ? {} : this.#commonHeaders(protection, caller, server);
    return { ...response, headers: { ...own, ...response.headers } };
  }

  /** Answers one part of a batch; never throws. */
  answerPart(context: RequestContext): DataverseResponse {
    const subject = {
      method: context.method,
      path: `${context.path}?${context.options.raw}`,
      kind: kindOf(context.method, context.path),
      clientId: context.caller.clientId,
    };
    try {
      if (context.method === 'GET' && context.url.length > 2 * LONGEST_URL) throw urlTooLong(2 * LONGEST_URL);
      const { response } = this.faults.strike(subject, 'before');
      return response ?? route(context);
    } catch (error) {
      return this.#refused(error, context.preferences);
    }
  }

  /** Lets the request in, has it answered, and makes it take the time that the settings give it. */
  async #admit(context: RequestContext, subject: FaultSubject, server: number): Promise<DataverseResponse> {
    const { timeScale } = this.organisation.settings;
    const admission = this.protection.enter(context.caller.userId, server);
    const began = performance.now();
    let durationMs = 0;
    try {
      const before = this.faults.strike(subject, 'before');
      if (before.delayMs > 0) await pause(before.delayMs);
      if (before.response) return before.response;
      let response: DataverseResponse;
      try {
        response = subject.kind === 'batch' ? await runBatch(context, (part) => this.answerPart(part)) : route(context);
      } catch (error) {
        response = this.#refused(error, context.preferences);
      }
      durationMs = this.#duration(context, admission.inFlight);
      // What we took to answer is part of the time that the service would have taken.
      const left = durationMs / timeScale - (performance.now() - began);
      if (left > 0) await pause(Math.ceil(left));
      const after = this.faults.strike(subject, 'after');
      if (after.delayMs > 0) await pause(after.delayMs);
      return after.response ?? response;
    } finally {
      for (const end of context.atEnd) end();
      admission.leave(durationMs);
    }
  }

  /** How long the modelled service takes for a request. */
  #duration({ cost }: RequestContext, inFlight: number): number {
    const { settings } = this.organisation;
    const work =
      settings.latencyMs +
      settings.costPerRequestMs * Math.max(1, cost.operations) +
      settings.costPerRowReadMs * cost.rowsRead +
      settings.costPerRowMs * cost.rowsWritten +
      settings.costPerPluginMs * cost.pluginRuns;
    return work * Math.max(1, inFlight / settings.dopHint) ** settings.contention + cost.extraMs;
  }

  #identify({ headers }: DataverseRequest, audience: string): Caller {
    const clientId = readToken(headers.authorization, audience, this.organisation.now());
    const caller = this.users.application(clientId);
    const byUser = headers.mscrmcallerid;
    if (byUser) return this.users.impersonated(caller, 'systemuserid', byUser.toLowerCase());
    const byObject = headers.callerobjectid;
    if (byObject) return this.users.impersonated(caller, 'azureactivedirectoryobjectid', byObject.toLowerCase());
    return caller;
  }

  #services(): Services {
    const { organisation, users, stats, faults, customLogic } = this;
    return { organisation, users, stats, faults, customLogic };
  }

  #refused(error: unknown, preferences: RequestContext['preferences']): DataverseResponse {
    if (error instanceof DataverseError) return refusal(error, preferences);
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return json({ error: { code: '0x80040216', message: `An unexpected error occurred: ${message}` } }, {}, 500);
  }

  #commonHeaders(protection: ServiceProtection, caller: Caller | undefined, server: number): Record<string, string> {
    const requestId = randomUUID();
    return {
      'OData-Version': '4.0',
      'x-ms-service-request-id': `${randomUUID()},${requestId}`,
      REQ_ID: `${requestId},${requestId}`,
      ...protection.headers(caller?.userId, server),
    };
  }
}

const urlTooLong = (limit: number) =>
  badRequest(`The length of the URL for this request exceeds the maximum of ${limit} characters.`, '0x80040203');

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badRequest(`The URL's path is not well formed: '${path}'.`);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The whole of a body that came as a stream. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
