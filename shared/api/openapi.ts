import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { problemSchema } from '../contracts/problem.ts';
import { ok } from './http-response.ts';
import { type Operation, operations } from './operations.ts';

type Json = Readonly<Record<string, unknown>>;

/** JSON Schema 2020-12, the dialect of OpenAPI 3.1; `input` is what callers send, `output` what they get. */
const toJsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

const parametersOf = (place: 'path' | 'query', schema: z.ZodObject | undefined): Json[] =>
  Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: toJsonSchema(field as z.ZodType, place === 'path' ? 'output' : 'input'),
  }));

const problemDocument = {
  description: 'A problem document (RFC 9457) that names what is wrong and the remedy.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function responsesOf({ answer, alternatives = [], problems, needsKey, audience }: Operation): Json {
  const content = answer.schema && {
    'application/json': { schema: toJsonSchema(answer.schema, 'output') },
    ...Object.fromEntries(alternatives.map((type) => [type, { schema: { type: 'string' } }])),
  };
  return {
    [answer.status]: { description: answer.description, ...(content && { content }) },
    ...(needsKey && { 401: { description: 'The key is missing or wrong. The host itself answers, without a body.' } }),
    ...Object.fromEntries(
      [...problems, ...(audience === 'administrators' ? [403] : []), 500].map((status) => [status, problemDocument]),
    ),
  };
}

const toOperation = (operation: Operation): Json => ({
  operationId: operation.method === 'options' ? `${operation.name}-handshake` : operation.name,
  summary: operation.summary,
  security: operation.needsKey ? [{ functionKey: [] }] : [],
  parameters: [...parametersOf('path', operation.pathParameters), ...parametersOf('query', operation.query)],
  ...(operation.body && {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: toJsonSchema(operation.body, 'input') } },
    },
  }),
  responses: responsesOf(operation),
});

/** The OpenAPI document of this API, made from the same schemas that check what comes in. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const methods = paths[operation.path] ?? {};
    methods[operation.method] = toOperation(operation);
    paths[operation.path] = methods;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Backstamp',
      version: '1',
      description: 'See, understand and steer the linking of Dataverse rows to their unified customer profiles.',
    },
    servers: [{ url: '/api' }],
    paths,
    components: {
      schemas: { Problem: toJsonSchema(problemSchema, 'output') },
      securitySchemes: { functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key' } },
    },
  };
}

let document: Json | undefined;

export async function showOpenApi(_parts: unknown, _request: HttpRequest): Promise<HttpResponseInit> {
  document ??= openApiDocument();
  return ok(document);
}
