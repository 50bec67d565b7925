import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';
import { formerNames, settingsSchema } from '../../shared/settings.ts';
import { bicep, infraFolder, missing } from './bicep-compiler.ts';
import { ownParameters } from './sample-deployments.ts';

/** The part of ARM's type language that our types use. */
interface ArmType {
  $ref?: string;
  type?: string;
  nullable?: boolean;
  allowedValues?: string[];
  minLength?: number;
  maxLength?: number;
  minValue?: number;
  maxValue?: number;
  properties?: Record<string, ArmType>;
  additionalProperties?: boolean;
  items?: ArmType;
}
interface Template {
  definitions: Record<string, ArmType>;
  parameters: Record<string, ArmType>;
}
/** The part of JSON Schema that zod gives for our schemas. */
interface JsonSchema {
  type?: string;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: JsonSchema;
}
/** A shape as both languages can say it. */
type Shape =
  | { kind: 'text'; oneOf: readonly string[] | undefined; lengths: readonly [number, number] }
  | { kind: 'list'; least: number; of: Shape }
  | { kind: 'object'; sealed: boolean; properties: Record<string, Shape & { optional: boolean }> };

const unbounded = Number.POSITIVE_INFINITY;

function ofArm(type: ArmType, definitions: Template['definitions']): Shape {
  if (type.$ref) {
    const target = definitions[type.$ref.replace('#/definitions/', '')];
    if (!target) throw new Error(`${type.$ref} is not defined`);
    return ofArm(target, definitions);
  }
  if (type.type === 'array')
    return { kind: 'list', least: type.minLength ?? 0, of: ofArm(type.items ?? {}, definitions) };
  if (type.type === 'object') {
    const entries = Object.entries(type.properties ?? {}).map(
      ([name, property]) => [name, { ...ofArm(property, definitions), optional: property.nullable === true }] as const,
    );
    return { kind: 'object', sealed: type.additionalProperties === false, properties: Object.fromEntries(entries) };
  }
  if (type.type !== 'string') throw new Error(`A type that the set-up does not use: ${JSON.stringify(type)}`);
  return {
    kind: 'text',
    oneOf: type.allowedValues?.toSorted(),
    lengths: [type.minLength ?? 0, type.maxLength ?? unbounded],
  };
}

function ofSchema(schema: JsonSchema): Shape {
  if (schema.type === 'array') return { kind: 'list', least: schema.minItems ?? 0, of: ofSchema(schema.items ?? {}) };
  if (schema.type === 'object') {
    const entries = Object.entries(schema.properties ?? {}).map(
      ([name, property]) =>
        [name, { ...ofSchema(property), optional: !(schema.required ?? []).includes(name) }] as const,
    );
    return { kind: 'object', sealed: schema.additionalProperties === false, properties: Object.fromEntries(entries) };
  }
  if (schema.type !== 'string') throw new Error(`A type that Bicep cannot say: ${JSON.stringify(schema)}`);
  return {
    kind: 'text',
    oneOf: schema.enum?.toSorted(),
    lengths: schema.pattern ? lengthsOf(schema.pattern) : [schema.minLength ?? 0, unbounded],
  };
}

/** Bicep knows no patterns: what it can hold of one are the least and greatest length, found by trying. */
function lengthsOf(pattern: string): readonly [number, number] {
  const fitting = Array.from({ length: 1000 }, (_, length) => length).filter((length) =>
    new RegExp(pattern).test('a'.repeat(length)),
  );
  return [Math.min(...fitting), Math.max(...fitting)];
}

describe('the deployment template', () => {
  let template: Template;

  beforeAll(async () => {
    if (missing) return;
    template = JSON.parse((await bicep('build', join(infraFolder, 'main.bicep'), '--stdout')).stdout) as Template;
  });
  beforeEach(({ skip }) => {
    if (missing) skip(missing);
  });

  it.each(['main.bicep', 'main.bicepparam'])('%s builds and lints without a word', async (file) => {
    const { stdout, stderr } = await bicep('lint', join(infraFolder, file));

    expect(stderr + stdout).toBe('');
  });

  it('has every rule of the linter set to error, save those that count days from today', async () => {
    const config = JSON.parse(await readFile(join(infraFolder, 'bicepconfig.json'), 'utf8')) as {
      analyzers: { core: { rules: Record<string, { level: string }> } };
    };

    const rules = Object.entries(config.analyzers.core.rules);
    const lenient = rules.filter(([, { level }]) => level !== 'error');

    expect(rules.length).toBeGreaterThan(40);
    // What lints without a word today must do so for years: infra/scripts/check-ages.ts has these two.
    expect(lenient).toEqual([
      ['use-recent-api-versions', { level: 'off' }],
      ['use-recent-module-versions', { level: 'off' }],
    ]);
  });

  it('takes a unification set-up of the shape that the program takes', () => {
    const inBicep = ofArm(template.parameters.unification ?? {}, template.definitions);

    const inProgram = ofSchema(z.toJSONSchema(unificationSetupSchema) as JsonSchema);

    expect(inBicep).toEqual(inProgram);
  });

  it('offers every optional setting of the program, within the same bounds', () => {
    const offered = ofOptions(definition('linkingOptions').properties ?? {});

    const schema = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    const isOption = (name: string): boolean => /^(BACKSTAMP|OTEL)_/.test(name) && !ownParameters.includes(name);
    const former = Object.entries(formerNames).map(([name, now]) => [name, schema.properties?.[now] ?? {}] as const);
    const inProgram = [...Object.entries(schema.properties ?? {}).filter(([name]) => isOption(name)), ...former];
    expect(offered).toEqual({
      ...Object.fromEntries(inProgram.map(([name, { minimum, maximum }]) => [name, { minimum, maximum }])),
      // Read by the library that sends to the receiver.
      OTEL_EXPORTER_OTLP_HEADERS: { minimum: undefined, maximum: undefined },
    });
  });

  /** A type by its name, which the compiler may put the name of a file before. */
  function definition(name: string): ArmType {
    const [, type] = Object.entries(template.definitions).find(([key]) => key.split('.').at(-1) === name) ?? [];
    if (type === undefined) throw new Error(`The template has no type ${name}`);
    return type;
  }

  it('ships a sample set-up that the program accepts', async () => {
    const sample: unknown = JSON.parse(
      await readFile(join(infraFolder, 'environments', 'sample', 'unification.json'), 'utf8'),
    );

    expect(unificationSetupSchema.safeParse(sample).error).toBeUndefined();
  });
});

function ofOptions(properties: Record<string, ArmType>): Record<string, { minimum?: number; maximum?: number }> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, { nullable, minValue, maxValue }]) => {
      expect(nullable, `${name} may be left out`).toBe(true);
      return [
        name,
        {
          ...(minValue === undefined ? {} : { minimum: minValue }),
          ...(maxValue === undefined ? {} : { maximum: maxValue }),
        },
      ];
    }),
  );
}
