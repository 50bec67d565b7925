import fc from 'fast-check';
import { z } from 'zod';

/** Anything JSON can hold, hostile texts included. */
export const anyJson = fc.jsonValue({ maxDepth: 2 });

const hostileTexts = fc.constantFrom(
  '',
  ' ',
  '__proto__',
  'constructor',
  '../..',
  "' or 1 eq 1",
  '\u0000',
  '\ud800',
  '😀'.repeat(200),
  'x'.repeat(5000),
  '{{7*7}}',
  '<script>alert(1)</script>',
  '1.0',
  '2026-13-45T99:99:99Z',
);

const anyText = fc.oneof(hostileTexts, fc.string({ unit: 'binary', maxLength: 200 }));

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Values that a JSON schema describes, and now and then one that it does not: the way real senders get it wrong. */
function fromJsonSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  const valid = validFor(schema);
  return fc.oneof(
    { weight: 6, arbitrary: valid },
    { weight: 1, arbitrary: anyText },
    { weight: 1, arbitrary: anyJson },
  );
}

function validFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fromJsonSchema(one as JsonSchema)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, field]) => [name, fromJsonSchema(field as JsonSchema)] as const,
      );
      const known = fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] });
      const surplus = fc.dictionary(fc.oneof(hostileTexts, fc.string({ maxLength: 20 })), anyJson, { maxKeys: 2 });
      return fc
        .tuple(surplus, known, fc.constantFrom(...fields.map(([name]) => name), ''))
        .map(([more, value, lost]) => {
          const body: Record<string, unknown> = { ...more, ...value };
          // One field in so many goes missing.
          if (lost === fields[0]?.[0]) delete body[lost];
          return body;
        });
    }
    case 'array':
      return fc.array(fromJsonSchema((schema.items ?? {}) as JsonSchema), { maxLength: 4 });
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer(), fc.double());
    case 'boolean':
      return fc.boolean();
    case 'string':
      if (schema.format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
      if (schema.pattern !== undefined) return fc.oneof(fc.stringMatching(new RegExp(schema.pattern)), anyText);
      return anyText;
    default:
      return anyJson;
  }
}

/** Bodies made from the schema that checks them: many are right, many nearly, some not at all. */
export const bodiesFor = (schema: z.ZodType): fc.Arbitrary<unknown> =>
  fromJsonSchema(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema);

/** Query strings made from the schema of a query. */
export const queriesFor = (schema: z.ZodObject): fc.Arbitrary<string> =>
  bodiesFor(schema).map((value) => {
    const query = new URLSearchParams();
    for (const [name, part] of Object.entries((value ?? {}) as Record<string, unknown>))
      query.set(name, typeof part === 'string' ? part : JSON.stringify(part));
    return query.toString();
  });

/** Path segments: right ones, nearly right ones, and anything. */
// An object is written as JSON: a property of it named toString would stop String.
export const segmentsFor = (schema: z.ZodType): fc.Arbitrary<string> =>
  bodiesFor(schema).map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)));
