import rhea, { type Typed } from 'rhea';
import { faults } from './amqp-fault.ts';

/*
 * A message on the wire is a row of sections:
 *
 *   header | delivery annotations | message annotations | properties | application properties | body ... | footer
 *
 * Decoding a message to JavaScript values and encoding it again would lose the types of its numbers, symbols and
 * described values. So the sections that the broker has no business with keep their bytes; only the header and the
 * message annotations are written anew at each delivery.
 */

/** What the broker reads and writes of rhea's codec; its published types leave these two classes out. */
const { Reader, Writer } = rhea.types as unknown as {
  readonly Reader: new (bytes: Buffer) => { read(): Typed };
  readonly Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
};

const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
} as const;
const LAST_SECTION = 0x78;

/** Places in the properties section's list. */
const MESSAGE_ID = 0;
const GROUP_ID = 10;

const NOTHING = Buffer.alloc(0);

/** AMQP values by key, with their AMQP types. */
export type TypedMap = ReadonlyMap<string, Typed>;

/** A message taken apart; what is a Buffer here goes out as it came in. */
export interface MessageContent {
  /** durable, priority, ttl, first-acquirer, in this order; the delivery count is the broker's to say. */
  readonly header: readonly (Typed | null)[];
  readonly timeToLiveMs: number | undefined;
  readonly deliveryAnnotations: Buffer;
  readonly annotations: TypedMap;
  readonly properties: Buffer;
  readonly applicationProperties: Buffer;
  /** The body's sections and the footer. */
  readonly body: Buffer;
}

/** How many bytes the value at `offset` takes, its type code included. */
function valueLength(bytes: Buffer, offset: number): number {
  const code = bytes.readUInt8(offset);
  if (code === 0x00) {
    const descriptor = valueLength(bytes, offset + 1);
    return 1 + descriptor + valueLength(bytes, offset + 1 + descriptor);
  }
  switch (code >>> 4) {
    case 0x4:
      return 1;
    case 0x5:
      return 2;
    case 0x6:
      return 3;
    case 0x7:
      return 5;
    case 0x8:
      return 9;
    case 0x9:
      return 17;
    case 0xa:
    case 0xc:
    case 0xe:
      return 2 + bytes.readUInt8(offset + 1);
    case 0xb:
    case 0xd:
    case 0xf:
      return 5 + bytes.readUInt32BE(offset + 1);
    default:
      throw faults.malformed(`Unknown AMQP type code 0x${code.toString(16)}.`);
  }
}

/** The section that starts at `offset`: its code and where it ends. */
function sectionAt(bytes: Buffer, offset: number): { readonly code: number; readonly end: number } {
  if (bytes.readUInt8(offset) !== 0x00) throw faults.malformed('A message section has no descriptor.');
  const end = offset + valueLength(bytes, offset);
  if (end > bytes.length) throw faults.malformed('A message section is cut off.');
  const descriptor = new Reader(bytes.subarray(offset + 1)).read().value;
  const code = Number(descriptor);
  if (!(code >= SECTION.header && code <= LAST_SECTION)) {
    throw faults.malformed(`Unknown message section ${String(descriptor)}.`);
  }
  return { code, end };
}

/** The elements of a section that is a list or a map. */
function elements(section: Buffer): (Typed | null)[] {
  const { value } = new Reader(section).read();
  if (!Array.isArray(value)) throw faults.malformed('A message section is neither a list nor a map.');
  // A copy: rhea hands out one shared array for every empty list.
  return [...value];
}

function pairUp(items: readonly (Typed | null)[]): Map<string, Typed> {
  const map = new Map<string, Typed>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const value = items[i + 1];
    if (value) map.set(String(items[i]?.value), value);
  }
  return map;
}

const readMap = (section: Buffer): Map<string, Typed> => (section.length === 0 ? new Map() : pairUp(elements(section)));

/** The entries of a map as it was read, with their types; empty for anything else. */
export const typedMapOf = (typed: Typed | null | undefined): TypedMap =>
  Array.isArray(typed?.value) ? pairUp(typed.value) : new Map();

/** The entries of a message's body that is one AMQP map, with their types; empty for any other body. */
export function typedBodyOf(bytes: Buffer): TypedMap {
  const { body } = splitMessage(bytes);
  return body.length === 0 ? new Map() : typedMapOf(new Reader(body).read());
}

function write(code: number, value: Typed): Buffer {
  const writer = new Writer();
  writer.write(rhea.types.described(rhea.types.wrap_ulong(code), value));
  return writer.toBuffer();
}

function writeMap(code: number, entries: TypedMap): Buffer {
  // Null-prototype: a key may be named like a property of Object.
  const plain: Record<string, Typed> = Object.assign(Object.create(null), Object.fromEntries(entries));
  return write(
    code,
    code === SECTION.applicationProperties ? rhea.types.wrap_map(plain) : rhea.types.wrap_symbolic_map(plain),
  );
}

const isAbsent = (value: Typed | null | undefined): value is null | undefined =>
  value === null || value === undefined || value.value === null;

/**
 * Takes an encoded message apart.
 *
 * @throws AmqpFault `amqp:decode-error` for bytes that are no message.
 */
export function splitMessage(bytes: Buffer): MessageContent {
  const found = new Map<number, Buffer>();
  let bodyStart = 0;
  try {
    while (bodyStart < bytes.length) {
      const { code, end } = sectionAt(bytes, bodyStart);
      if (code > SECTION.applicationProperties) break;
      found.set(code, bytes.subarray(bodyStart, end));
      bodyStart = end;
    }
    for (let offset = bodyStart; offset < bytes.length; ) offset = sectionAt(bytes, offset).end;
    const headerSection = found.get(SECTION.header);
    const header = headerSection ? elements(headerSection).slice(0, 4) : [];
    const ttl = header[2];
    return {
      header,
      timeToLiveMs: isAbsent(ttl) ? undefined : Number(ttl.value),
      deliveryAnnotations: found.get(SECTION.deliveryAnnotations) ?? NOTHING,
      annotations: readMap(found.get(SECTION.messageAnnotations) ?? NOTHING),
      properties: found.get(SECTION.properties) ?? NOTHING,
      applicationProperties: found.get(SECTION.applicationProperties) ?? NOTHING,
      body: bytes.subarray(bodyStart),
    };
  } catch (thrown) {
    // Reading beyond the end throws a RangeError: the bytes are cut off or lie about their lengths.
    if (thrown instanceof RangeError) throw faults.malformed('The message is cut off.');
    throw thrown;
  }
}

/** Puts a message together, with the broker's delivery count and annotations. */
export function joinMessage(
  content: MessageContent,
  deliveryCount: number,
  brokerAnnotations: TypedMap = new Map(),
): Buffer {
  const fields: (Typed | null)[] = [0, 1, 2, 3].map((place) => content.header[place] ?? null);
  const header = rhea.types.wrap_list([...fields, rhea.types.wrap_uint(deliveryCount)]);
  const annotations = new Map([...content.annotations, ...brokerAnnotations]);
  return Buffer.concat([
    write(SECTION.header, header),
    content.deliveryAnnotations,
    annotations.size > 0 ? writeMap(SECTION.messageAnnotations, annotations) : NOTHING,
    content.properties,
    content.applicationProperties,
    content.body,
  ]);
}

/** The message's id and session id, as text; ids of other AMQP types read as their text form. */
export function readIds(content: MessageContent): { messageId: string | undefined; sessionId: string | undefined } {
  const list = content.properties.length > 0 ? elements(content.properties) : [];
  const text = (place: number): string | undefined => {
    const value = list[place];
    if (isAbsent(value)) return undefined;
    return Buffer.isBuffer(value.value) ? value.value.toString('hex') : String(value.value);
  };
  return { messageId: text(MESSAGE_ID), sessionId: text(GROUP_ID) };
}

/** A field of the properties section, by its place. */
export const propertyOf = (content: MessageContent, place: number): Typed | undefined =>
  (content.properties.length > 0 ? elements(content.properties)[place] : undefined) ?? undefined;

/** The message with this field in its properties section. */
export function withProperty(content: MessageContent, place: number, value: Typed): MessageContent {
  const list = content.properties.length > 0 ? elements(content.properties) : [];
  while (list.length < place) list.push(rhea.types.wrap(null));
  list[place] = value;
  return { ...content, properties: write(SECTION.properties, rhea.types.wrap_list(list)) };
}

/** The message with this id. */
export const withMessageId = (content: MessageContent, messageId: string): MessageContent =>
  withProperty(content, MESSAGE_ID, rhea.types.wrap_string(messageId));

/** The message with this annotation. */
export const withAnnotation = (content: MessageContent, key: string, value: Typed): MessageContent => ({
  ...content,
  annotations: new Map([...content.annotations, [key, value]]),
});

/** The message whose time to live is no longer than `limitMs`; `Infinity` is no limit. */
export function withTimeToLive(content: MessageContent, limitMs: number): MessageContent {
  const timeToLiveMs = Math.min(content.timeToLiveMs ?? Number.POSITIVE_INFINITY, limitMs);
  // The header's field is an unsigned 32-bit number of milliseconds: 49 days.
  if (timeToLiveMs === content.timeToLiveMs || timeToLiveMs > 0xffff_ffff) return { ...content, timeToLiveMs };
  const header = [0, 1, 2, 3].map((place) => content.header[place] ?? null);
  header[2] = rhea.types.wrap_uint(timeToLiveMs);
  return { ...content, header, timeToLiveMs };
}

/** The message with these application properties, beside those it has. */
export function withApplicationProperties(content: MessageContent, added: TypedMap): MessageContent {
  if (added.size === 0) return content;
  const merged = new Map([...readMap(content.applicationProperties), ...added]);
  return { ...content, applicationProperties: writeMap(SECTION.applicationProperties, merged) };
}

export const applicationPropertiesOf = (content: MessageContent): TypedMap => readMap(content.applicationProperties);

/** The message without this application property. */
export function withoutApplicationProperty(content: MessageContent, key: string): MessageContent {
  const left = new Map([...applicationPropertiesOf(content)].filter(([name]) => name !== key));
  return { ...content, applicationProperties: writeMap(SECTION.applicationProperties, left) };
}

/** The messages of a batch: an envelope whose data sections are encoded messages. */
export function splitBatch(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let { body } = splitMessage(bytes);
  while (body.length > 0) {
    const { end } = sectionAt(body, 0);
    const { value } = new Reader(body).read();
    if (!Buffer.isBuffer(value)) throw faults.malformed('A batch holds something other than data sections.');
    messages.push(value);
    body = body.subarray(end);
  }
  return messages;
}
