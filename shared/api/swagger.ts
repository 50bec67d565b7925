import type { Json } from './components.ts';

/*
 * OpenAPI 2.0 ("Swagger"), which is all that Power Platform's custom connectors read. It knows no alternatives, no null
 * and no constants: alternatives become one type with the members of all, of which those are required that all require.
 */

interface Operation31 {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Json[];
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Json }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<
    Record<string, { description: string; content?: Readonly<Record<string, { schema: Json }>> }>
  >;
}

interface Document31 {
  readonly info: Json;
  readonly tags: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation31>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

/** What a connector cannot call: a handshake, and a page for browsers. */
const left = new Set(['options']);

/**
 * @param document of OpenAPI 3.1
 * @param host where the app is
 */
export function toSwagger(document: Json, host: string): Json {
  const { info, tags, paths, components } = document as unknown as Document31;
  const { license: _license, ...about } = info;
  const { schemas } = components;
  return {
    swagger: '2.0',
    info: { ...about, license: { name: 'MIT', url: 'https://opensource.org/license/mit' } },
    host,
    basePath: '/api',
    schemes: ['https'],
    consumes: ['application/json'],
    produces: ['application/json', 'application/problem+json'],
    tags,
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, methods]) => [
        path,
        Object.fromEntries(
          Object.entries(methods)
            .filter(([method]) => !left.has(method))
            .map(([method, operation]) => [method, toOperation(operation, schemas)]),
        ),
      ]),
    ),
    definitions: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, toSchema(schema, schemas)])),
    securityDefinitions: { functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key' } },
  };
}

type Schemas = Readonly<Record<string, Json>>;

function toOperation(operation: Operation31, schemas: Schemas): Json {
  const { operationId, summary, tags, security, parameters, requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const produces = Object.values(responses).flatMap(({ content = {} }) => Object.keys(content));
  return {
    // Connectors name their actions after it, and take letters and digits only.
    operationId: operationId.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    tags,
    security: security.filter((one) => 'functionKey' in one),
    ...(produces.length === 0 ? {} : { produces: [...new Set(produces)] }),
    parameters: [
      ...parameters.map(({ schema, ...rest }) => ({ ...rest, ...toSchema(resolved(schema, schemas), schemas) })),
      ...(body === undefined ? [] : [{ name: 'body', in: 'body', required: true, schema: toSchema(body, schemas) }]),
    ],
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, { description, content = {} }]) => {
        const [first] = Object.values(content);
        return [status, { description, ...(first && { schema: toSchema(first.schema, schemas) }) }];
      }),
    ),
  };
}

const prefix = '#/components/schemas/';

/** The schema itself, where only its name stands. */
function resolved(schema: Json, schemas: Schemas): Json {
  const name = typeof schema.$ref === 'string' ? schema.$ref.slice(prefix.length) : undefined;
  return name === undefined ? schema : resolved(schemas[name] ?? {}, schemas);
}

function toSchema(schema: Json, schemas: Schemas): Json {
  if (typeof schema.$ref === 'string') return { $ref: schema.$ref.replace(prefix, '#/definitions/') };
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(alternatives)) return toOne(alternatives as Json[], schemas);
  const result: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) Object.assign(result, toKeyword(keyword, value, schemas));
  return result;
}

function toKeyword(keyword: string, value: unknown, schemas: Schemas): Json {
  switch (keyword) {
    case 'properties':
      return {
        properties: Object.fromEntries(
          Object.entries(value as Schemas).map(([name, inner]) => [name, toSchema(inner, schemas)]),
        ),
      };
    case 'items':
      return { items: toSchema(value as Json, schemas) };
    case 'additionalProperties':
      return { additionalProperties: typeof value === 'boolean' ? value : toSchema(value as Json, schemas) };
    case 'type':
      return Array.isArray(value) ? toType(value) : { type: value };
    case 'const':
      return { enum: [value] };
    case 'exclusiveMinimum':
      return { minimum: value, exclusiveMinimum: true };
    case 'examples':
      return { example: (value as unknown[])[0] };
    case 'propertyNames':
      return {};
    default:
      return { [keyword]: value };
  }
}

/** One type, where there is one beside null. */
function toType(types: readonly string[]): Json {
  const [only, other] = types.filter((type) => type !== 'null');
  return {
    ...(only !== undefined && other === undefined ? { type: only } : {}),
    ...(types.includes('null') ? { 'x-nullable': true } : {}),
  };
}

/** Alternatives as one schema. */
function toOne(alternatives: readonly Json[], schemas: Schemas): Json {
  const isNull = (one: Json): boolean => one.type === 'null';
  const values = alternatives.filter((one) => !isNull(one));
  const isNullable = values.length < alternatives.length;
  const nullable = isNullable ? { 'x-nullable': true } : {};
  const [only] = values;
  if (values.length === 1 && only !== undefined) {
    const shown = toSchema(only, schemas);
    // Nothing may stand beside a reference.
    return '$ref' in shown && isNullable ? { allOf: [shown], ...nullable } : { ...shown, ...nullable };
  }
  const objects = values.map((one) => resolved(one, schemas));
  // Text, number or truth value: a connector takes whatever comes.
  if (!objects.every(({ type }) => type === 'object')) return nullable;
  const required = objects.map((one) => (one.required ?? []) as string[]);
  const properties: Record<string, Json> = {};
  for (const one of objects) {
    for (const [name, inner] of Object.entries((one.properties ?? {}) as Schemas)) {
      const before = properties[name];
      const shown = toSchema(inner, schemas);
      // A constant that tells the alternatives apart is any value of its type here.
      properties[name] = before === undefined || isSame(before, shown) ? shown : { type: inner.type };
    }
  }
  const all = (required[0] ?? []).filter((name) => required.every((names) => names.includes(name)));
  return { type: 'object', properties, ...(all.length === 0 ? {} : { required: all }), ...nullable };
}

const isSame = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);
