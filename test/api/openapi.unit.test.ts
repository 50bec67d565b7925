import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keyLevel } from '../../shared/api/admission.ts';
import { openApiDocument } from '../../shared/api/openapi.ts';
import { operations } from '../../shared/api/operations.ts';

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
