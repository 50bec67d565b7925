import fc from 'fast-check';
import rhea, { type Typed } from 'rhea';
import { describe, expect, it } from 'vitest';
import { AmqpFault } from '../amqp-fault.ts';
import {
  joinMessage,
  readIds,
  splitBatch,
  splitMessage,
  withApplicationProperties,
  withMessageId,
  withTimeToLive,
} from '../message-codec.ts';

const { types, message: codec } = rhea;

/** Values whose AMQP type a decoding to JavaScript and back would lose. */
const typedValue: fc.Arbitrary<Typed> = fc.oneof(
  fc.integer().map((n) => types.wrap_int(n)),
  fc.integer({ min: 0, max: 0xffff_ffff }).map((n) => types.wrap_uint(n)),
  fc.maxSafeInteger().map((n) => types.wrap_long(n)),
  fc.double({ noNaN: true }).map((n) => types.wrap_double(n)),
  fc.boolean().map((flag) => types.wrap_boolean(flag)),
  fc.string().map((text) => types.wrap_string(text)),
  fc.stringMatching(/^[a-z:-]{1,20}$/).map((text) => types.wrap_symbol(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => types.wrap_binary(Buffer.from(bytes))),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => types.wrap_uuid(Buffer.from(bytes))),
  fc.integer({ min: 0, max: 4e12 }).map((ms) => types.wrap_timestamp(ms)),
  fc.bigInt({ min: 0n, max: 1n << 40n }).map((ticks) => types.wrap_described(Number(ticks), 'com.microsoft:timespan')),
);

const map = fc.dictionary(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,15}$/), typedValue, { maxKeys: 6 });

const body: fc.Arbitrary<unknown> = fc.oneof(
  fc.uint8Array({ maxLength: 600 }).map((bytes) => codec.data_section(Buffer.from(bytes))),
  fc
    .array(fc.uint8Array({ maxLength: 40 }), { minLength: 2, maxLength: 4 })
    .map((parts) => codec.data_sections(parts.map((part) => Buffer.from(part)))),
  fc.array(typedValue, { maxLength: 5 }).map((list) => codec.sequence_section(list)),
  typedValue,
);

const encoded = fc
  .record(
    {
      body,
      ttl: fc.integer({ min: 1, max: 0xffff_ffff }),
      durable: fc.boolean(),
      priority: fc.integer({ min: 0, max: 9 }),
      delivery_annotations: map,
      message_annotations: map,
      application_properties: map,
      footer: map,
      message_id: fc.oneof(fc.string(), fc.nat()),
      group_id: fc.string(),
      content_type: fc.constant('text/plain'),
    },
    { requiredKeys: ['body'] },
  )
  .map((message) => codec.encode(message));

/** The sections of a message by code, cut with rhea's own reader. */
function sections(bytes: Buffer): Map<number, string> {
  const Reader = (
    types as unknown as { Reader: new (b: Buffer) => { position: number; read(): Typed; remaining(): number } }
  ).Reader;
  const found = new Map<number, string>();
  const reader = new Reader(bytes);
  while (reader.remaining() > 0) {
    const start = reader.position;
    const code = Number((reader.read() as unknown as { descriptor: Typed }).descriptor.value);
    found.set(code, (found.get(code) ?? '') + bytes.subarray(start, reader.position).toString('hex'));
  }
  return found;
}

const REWRITTEN = new Set([0x70, 0x72]);

describe('the message codec', () => {
  it('keeps the bytes of every section but the header and the message annotations', () => {
    fc.assert(
      fc.property(encoded, (bytes) => {
        const before = sections(bytes);
        const after = sections(joinMessage(splitMessage(bytes), 3));
        const kept = (all: Map<number, string>): [number, string][] =>
          [...all].filter(([code]) => !REWRITTEN.has(code));
        expect(kept(after)).toEqual(kept(before));
      }),
    );
  });

  it('keeps header fields and annotations, and writes the delivery count', () => {
    fc.assert(
      fc.property(encoded, fc.nat({ max: 100_000 }), (bytes, deliveryCount) => {
        const before = codec.decode(bytes);
        const after = codec.decode(
          joinMessage(splitMessage(bytes), deliveryCount, new Map([['x-opt-mine', types.wrap_int(5)]])),
        );
        expect(after.delivery_count).toBe(deliveryCount);
        for (const field of ['durable', 'priority', 'ttl']) expect(after[field]).toEqual(before[field]);
        expect(after.message_annotations).toEqual({ ...before.message_annotations, 'x-opt-mine': 5 });
      }),
    );
  });

  it('reads what it wrote: splitting and joining twice changes nothing more', () => {
    fc.assert(
      fc.property(encoded, (bytes) => {
        const once = joinMessage(splitMessage(bytes), 1);
        expect(joinMessage(splitMessage(once), 1)).toEqual(once);
      }),
    );
  });

  it('never lets bad bytes escape as anything but amqp:decode-error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), encoded, fc.nat(), (noise, whole, at) => {
        for (const bytes of [Buffer.from(noise), whole.subarray(0, 1 + (at % (whole.length - 1)))]) {
          try {
            splitMessage(bytes);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(AmqpFault);
            expect(thrown).toMatchObject({ condition: 'amqp:decode-error' });
          }
        }
      }),
    );
  });

  it('splits a batch into the messages it was made of', () => {
    fc.assert(
      fc.property(fc.array(encoded, { minLength: 2, maxLength: 8 }), (messages) => {
        const batch = codec.encode({
          body: codec.data_sections(messages),
          message_annotations: { 'x-opt-partition-key': 'p' },
        });
        expect(splitBatch(batch)).toEqual(messages);
      }),
    );
  });

  it('adds application properties beside those that are there, which keep their types', () => {
    fc.assert(
      fc.property(map, map, (own, added) => {
        const bytes = codec.encode({ body: 1, application_properties: own });
        const joined = joinMessage(withApplicationProperties(splitMessage(bytes), new Map(Object.entries(added))), 0);
        const expected = codec.encode({ body: 1, application_properties: { ...own, ...added } });
        expect(sections(joined).get(0x74)).toBe(sections(expected).get(0x74));
      }),
    );
  });

  it('reads ids of every type as text, and sets one that is missing', () => {
    const content = splitMessage(codec.encode({ body: 1, group_id: 'g', to: 't' }));
    expect(readIds(content)).toEqual({ messageId: undefined, sessionId: 'g' });
    const withId = withMessageId(content, 'new');
    expect(readIds(withId)).toEqual({ messageId: 'new', sessionId: 'g' });
    expect(codec.decode(joinMessage(withId, 0))).toMatchObject({ message_id: 'new', to: 't' });
    expect(readIds(splitMessage(codec.encode({ body: 1, message_id: 42 }))).messageId).toBe('42');
    const uuid = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    expect(readIds(splitMessage(codec.encode({ body: 1, message_id: uuid }))).messageId).toBe(uuid.toString('hex'));
    expect(readIds(withMessageId(splitMessage(codec.encode({ body: 1 })), 'x')).messageId).toBe('x');
  });

  it.each([
    { own: undefined, limit: 5000, expected: 5000 },
    { own: 1000, limit: 5000, expected: 1000 },
    { own: 9000, limit: 5000, expected: 5000 },
    { own: 9000, limit: Number.POSITIVE_INFINITY, expected: 9000 },
    { own: undefined, limit: Number.POSITIVE_INFINITY, expected: undefined },
    { own: undefined, limit: 90 * 86_400_000, expected: undefined },
  ])('writes the shorter time to live: message $own, limit $limit', ({ own, limit, expected }) => {
    const content = splitMessage(codec.encode({ body: 1, ...(own === undefined ? {} : { ttl: own }) }));
    const limited = withTimeToLive(content, limit);
    expect(codec.decode(joinMessage(limited, 0)).ttl).toBe(expected);
    expect(limited.timeToLiveMs).toBe(Math.min(own ?? Number.POSITIVE_INFINITY, limit));
  });
});
