import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { problemSchema } from '../contracts/problem.ts';
import { version } from '../version.ts';
import { components, type Json, schemaIn } from './components.ts';
import { examples } from './examples.ts';
import { ok } from './http-response.ts';
import { type Operation, operations } from './operations.ts';
import { parseInput, queryOf } from './route-handler.ts';
import { openApiQuerySchema } from './schemas.ts';
import { toSwagger } from './swagger.ts';

const isOptional = (field: z.ZodType): boolean => field instanceof z.ZodOptional || field instanceof z.ZodDefault;

const parametersOf = (place: 'path' | 'query' | 'header', schema: z.ZodObject | undefined): Json[] =>
  Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !isOptional(field as z.ZodType),
    schema: schemaIn(field as z.ZodType, place === 'path' ? 'output' : 'input'),
  }));

const problemDocument = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: schemaIn(problemSchema, 'output') } },
});

const problemWords: Readonly<Record<number, string>> = {
  400: 'Something of the request is not as it must be; `errors` names each field, and where it stands.',
  401: 'The key is missing or wrong (the host itself answers, without a body), or nobody signed in.',
  403: 'Whoever asks may not do this; the detail says what it takes.',
  404: 'There is no such thing.',
  409: 'It cannot be done in the state that things are in.',
  413: 'The body is too large.',
  415: 'The body is of a kind that is not taken.',
  422: 'The Idempotency-Key was sent before, with another request.',
  500: 'The app met a fault of its own; its log has the details.',
  502: 'Dataverse refused.',
  503: 'A service is out of reach; Retry-After says when to come back.',
};

function responsesOf({ answer, alternatives = [], problems, needsKey, audience }: Operation): Json {
  const content = answer.schema && {
    'application/json': { schema: schemaIn(answer.schema, 'output') },
    ...Object.fromEntries(alternatives.map((type) => [type, { schema: { type: 'string' } }])),
  };
  const refusals = [...(needsKey ? [401] : []), ...(audience === 'administrators' ? [403] : []), ...problems, 500];
  return {
    [answer.status]: { description: answer.description, ...(content && { content }) },
    ...Object.fromEntries(refusals.map((status) => [status, problemDocument(problemWords[status] ?? 'A problem.')])),
  };
}

/** A key where nobody signs in, and on the door of events always; else whoever signed in. */
function securityOf({ needsKey, audience }: Operation): Json[] {
  if (!needsKey) return [];
  return audience === 'senders' ? [{ functionKey: [] }] : [{ functionKey: [] }, { entra: [] }];
}

const toOperation = (operation: Operation): Json => ({
  operationId: operation.method === 'options' ? `${operation.name}-handshake` : operation.name,
  tags: [operation.tag],
  summary: operation.summary,
  security: securityOf(operation),
  parameters: [
    ...parametersOf('path', operation.pathParameters),
    ...parametersOf('query', operation.query),
    ...parametersOf('header', operation.headers),
  ],
  ...(operation.body && {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: schemaIn(operation.body, 'input') } },
    },
  }),
  responses: responsesOf(operation),
});

const tags = [
  { name: 'Events', description: 'The door by which unification events come in.' },
  { name: 'Runs', description: 'What the app does and did, and how to steer it.' },
  { name: 'Customers', description: 'What stands behind single rows, and segments.' },
  { name: 'App', description: 'The app itself: set-up, checks, documents.' },
];

/** The OpenAPI document of this API, made from the same schemas that check what comes in. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const methods = paths[operation.path] ?? {};
    methods[operation.method] = toOperation(operation);
    paths[operation.path] = methods;
  }
  const schemas = Object.fromEntries(
    Object.entries(components()).map(([id, schema]) => {
      const example = examples[id as keyof typeof examples];
      return [id, example === undefined ? schema : { ...schema, examples: [example] }];
    }),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Backstamp',
      version,
      description:
        'See, understand and steer the linking of Dataverse rows to their unified customer profiles. Whatever answers GET answers HEAD too. Answers may gain members; requests may not hold any that is unknown.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api' }],
    tags,
    paths,
    components: {
      schemas,
      securitySchemes: {
        functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key' },
        entra: {
          type: 'openIdConnect',
          description: 'A Microsoft Entra token for the app, where people sign in.',
          openIdConnectUrl: 'https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration',
        },
      },
    },
  };
}

/** The document in the version asked for: 3.1, or 2.0 for Power Platform's custom connectors. */
export async function showOpenApi(_parts: unknown, request: HttpRequest): Promise<HttpResponseInit> {
  const query = parseInput(openApiQuerySchema, queryOf(request), 'There is no such document.', 'query');
  const document = openApiDocument();
  return ok(query.version === '2.0' ? toSwagger(document, new URL(request.url).host) : document);
}
