import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { discover } from '../inspect/discover.ts';
import { callDoctor } from '../inspect/doctor.ts';
import type { InspectParts } from '../inspect/inspect-parts.ts';
import { ok } from './http-response.ts';

/** Checks everything that linking needs. */
export const runDoctor = async (parts: InspectParts, _request: HttpRequest): Promise<HttpResponseInit> =>
  ok(await callDoctor(parts));

/** Reads from the map which tables it is about. */
export const runDiscovery = async (parts: InspectParts, _request: HttpRequest): Promise<HttpResponseInit> =>
  ok(await discover(parts.dataverse, parts.options.setup));
