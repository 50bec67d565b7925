import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { keyLevel } from '../../shared/api/admission.ts';
import { answers, type Json, requests } from '../../shared/api/components.ts';
import { checkHealth } from '../../shared/api/health.ts';
import { openApiDocument, showOpenApi } from '../../shared/api/openapi.ts';
import { operations } from '../../shared/api/operations.ts';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { toSwagger } from '../../shared/api/swagger.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { memoryParts } from './memory-parts.ts';
import { bodyOf, request } from './requests.ts';

const functionsDir = new URL('../../functions/', import.meta.url);

/** What the functions register, as their sources say it. */
const registered = readdirSync(functionsDir).flatMap((file) => {
  const source = readFileSync(new URL(file, functionsDir), 'utf8');
  const [, name] = /app\.http\('([^']+)'/.exec(source) ?? [];
  if (name === undefined) return [];
  const methods = (/methods: \[([^\]]+)\]/.exec(source)?.[1] ?? '').split(',').map((text) => text.trim().slice(1, -1));
  // Whatever can be read can be asked about.
  if (methods.includes('GET') !== methods.includes('HEAD')) throw new Error(`${file} answers GET or HEAD alone`);
  // Each asks for its own door's key, by name.
  const asked = /authLevel: keyLevel\('([^']+)', services\)/.exec(source)?.[1];
  const needsKey = asked === name && keyLevel(name, () => ({ isSignInEnabled: false })) === 'function';
  const path = `/${/route: '([^']+)'/.exec(source)?.[1]}`;
  return methods
    .filter((method) => method !== 'HEAD')
    .map((method) => ({ name, method: method.toLowerCase(), path, needsKey }));
});

const byName = (a: { name: string; method: string }, b: { name: string; method: string }) =>
  `${a.name} ${a.method}`.localeCompare(`${b.name} ${b.method}`);

describe('the OpenAPI document', () => {
  it('describes exactly the routes that the functions register, with their keys', () => {
    const described = operations.map(({ name, method, path, needsKey }) => ({ name, method, path, needsKey }));
    expect(described.sort(byName)).toEqual(registered.sort(byName));
  });

  it('has a parameter for each placeholder, and answers and problems for each route', () => {
    const document = openApiDocument() as {
      paths: Record<string, Record<string, { parameters: { in: string; name: string }[]; responses: object }>>;
    };
    for (const [path, methods] of Object.entries(document.paths)) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(methods)) {
        expect(operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(placeholders);
        expect(Object.keys(operation.responses)).toContain('500');
      }
    }
  });

  it('is made from the schemas that check what comes in', () => {
    const text = JSON.stringify(openApiDocument());
    for (const word of ['"rehearsal"', '"occurredAt"', '"previousCustomerId"', 'Backstamp.UnificationCompleted'])
      expect(text).toContain(word);
    expect(text).not.toContain('$schema');
  });
});

describe('the types of the document', () => {
  const document = openApiDocument() as {
    info: { version: string };
    paths: Record<
      string,
      Record<string, { security: object[]; responses: Record<string, { content?: Record<string, { schema: Json }> }> }>
    >;
    components: { schemas: Record<string, Json & { examples?: unknown[] }> };
  };
  const { schemas } = document.components;

  it('have names wherever an answer or a body is more than text', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods)) {
        for (const { content = {} } of Object.values(operation.responses)) {
          const schema = content['application/json']?.schema;
          if (schema === undefined) continue;
          const refs = ((schema.anyOf ?? [schema]) as Json[]).map(({ $ref }) => String($ref));
          for (const ref of refs) expect(schemas, path).toHaveProperty(ref.replace('#/components/schemas/', ''));
        }
      }
    }
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(references.filter((name) => !(name in schemas))).toEqual([]);
    expect(JSON.stringify(document)).not.toMatch(/\$defs|__schema/);
  });

  it('let answers grow, and requests not', () => {
    const closed = Object.entries(schemas).filter(([, schema]) =>
      JSON.stringify(schema).includes('"additionalProperties":false'),
    );
    expect(closed.map(([name]) => name)).toEqual(['StartRun']);
  });

  it('say by a format what a format says', () => {
    const { receivedAt } = (schemas.Run?.properties ?? {}) as Record<string, Json>;
    expect(receivedAt).toEqual({ type: 'string', format: 'date-time' });
    expect(JSON.stringify(document)).not.toContain(String(Number.MAX_SAFE_INTEGER));
  });

  it('have examples that are true to them', () => {
    const answered = operations
      .flatMap(({ answer: { schema }, body }) => [schema, body])
      .filter((one) => one !== undefined);
    const named = Object.entries({ ...answers, ...requests });
    for (const schema of answered) {
      const isNamed = named.some(([, one]) => one === schema);
      const parts = schema instanceof z.ZodUnion && !isNamed ? (schema.options as z.ZodType[]) : [schema];
      for (const part of parts) {
        const [name] = named.find(([, one]) => one === part) ?? [];
        const [example] = schemas[name ?? '']?.examples ?? [];
        expect(part.safeParse(example), name).toMatchObject({ success: true });
      }
    }
  });

  it('tell the version of the program', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(document.info.version).toBe(version);
    const { parts } = memoryParts();
    expect(bodyOf(await checkHealth(parts, request('GET', '/api/health')))).toEqual({ status: 'healthy', version });
  });

  it('say that the door of events takes a key alone, and every other a person too', () => {
    const doors = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map(({ security }) => [path, security.length] as const),
    );
    for (const [path, ways] of doors) {
      const isOpen = ['/health', '/status-page'].includes(path);
      expect({ path, ways }).toEqual({ path, ways: isOpen ? 0 : path === '/unification-events' ? 1 : 2 });
    }
  });
});

describe('the document for custom connectors', () => {
  it('is asked for by its version, and says where the app is', async () => {
    const ask = async (query: string) =>
      bodyOf(
        await answerRequest(
          { telemetry: silentTelemetry },
          showOpenApi,
          request('GET', `https://contoso.example/api/openapi.json${query}`),
        ),
      ) as Record<string, unknown>;
    expect(await ask('?version=2.0')).toMatchObject({ swagger: '2.0', host: 'contoso.example', basePath: '/api' });
    expect(await ask('')).toMatchObject({ openapi: '3.1.0' });
    expect(await ask('?version=3')).toMatchObject({ status: 400, errors: [{ field: 'version', in: 'query' }] });
  });

  it('has every route that a connector can call, with an id that one can be named after', () => {
    const { paths } = toSwagger(openApiDocument(), 'x') as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(ids).toHaveLength(operations.filter(({ method }) => method !== 'options').length);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[A-Z][A-Za-z]+$/);
  });

  it('knows none of the words that came later', () => {
    expect(JSON.stringify(toSwagger(openApiDocument(), 'x'))).not.toMatch(
      /"(anyOf|oneOf|const|examples|components|\$defs|propertyNames)"|"type":\[|"type":"null"/,
    );
  });
});
