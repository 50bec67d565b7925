/** What each character of a GUID counts as a hex digit. */
const DIGITS = new Uint8Array(128);
for (let i = 0; i < 16; i++) DIGITS[i.toString(16).charCodeAt(0)] = i;

const EMPTY = 0;
const REMOVED = -1;

/**
 * Slots by GUID. A JavaScript Map of a million strings costs microseconds for each look-up, nearly all of them waiting for
 * memory; here a GUID is four numbers that lie side by side, so that a bulk write of a thousand rows stays cheap.
 */
export class GuidIndex {
  /** The four numbers of each slot's GUID. */
  #words = new Uint32Array(4 * 1024);
  /** Open addressing: slot + 1, or {@link EMPTY}, or {@link REMOVED}. */
  #table = new Int32Array(2 * 1024);
  /** Places that are not empty. */
  #used = 0;
  readonly #key = new Uint32Array(4);

  find(id: string): number | undefined {
    const place = this.#placeOf(id);
    return place === undefined ? undefined : (this.#table[place] as number) - 1;
  }

  /** Lists a GUID that is not listed. */
  set(id: string, slot: number): void {
    if (2 * this.#used >= this.#table.length) this.#rebuild();
    this.#parse(id);
    while (4 * slot >= this.#words.length) {
      const words = new Uint32Array(2 * this.#words.length);
      words.set(this.#words);
      this.#words = words;
    }
    this.#words.set(this.#key, 4 * slot);
    this.#put(slot);
  }

  delete(id: string): void {
    const place = this.#placeOf(id);
    if (place !== undefined) this.#table[place] = REMOVED;
  }

  #placeOf(id: string): number | undefined {
    if (id.length !== 36) return undefined;
    this.#parse(id);
    const [words, table, key] = [this.#words, this.#table, this.#key];
    const mask = table.length - 1;
    for (let place = hash(key, 0) & mask; ; place = (place + 1) & mask) {
      const entry = table[place] as number;
      if (entry === EMPTY) return undefined;
      if (entry === REMOVED) continue;
      const at = 4 * (entry - 1);
      if (words[at] === key[0] && words[at + 1] === key[1] && words[at + 2] === key[2] && words[at + 3] === key[3]) {
        return place;
      }
    }
  }

  #put(slot: number): void {
    const mask = this.#table.length - 1;
    let place = hash(this.#words, 4 * slot) & mask;
    while (this.#table[place] !== EMPTY) place = (place + 1) & mask;
    this.#table[place] = slot + 1;
    this.#used++;
  }

  /** Makes room, and forgets places of what was removed. */
  #rebuild(): void {
    const entries = this.#table.filter((entry) => entry > 0);
    let size = this.#table.length;
    while (size < 4 * entries.length) size *= 2;
    this.#table = new Int32Array(size);
    this.#used = 0;
    for (const entry of entries) this.#put(entry - 1);
  }

  #parse(id: string): void {
    this.#key[0] = hex(id, 0, 4) * 65_536 + hex(id, 4, 8);
    this.#key[1] = hex(id, 9, 13) * 65_536 + hex(id, 14, 18);
    this.#key[2] = hex(id, 19, 23) * 65_536 + hex(id, 24, 28);
    this.#key[3] = hex(id, 28, 32) * 65_536 + hex(id, 32, 36);
  }
}

function hex(id: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = (value << 4) | (DIGITS[id.charCodeAt(i) & 127] as number);
  return value;
}

/** Mixes all bits: GUIDs made by counting must spread as well as random ones. */
function hash(words: Uint32Array, at: number): number {
  let h = Math.imul(words[at] as number, 0x9e3779b1) ^ Math.imul(words[at + 1] as number, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) ^ (words[at + 2] as number);
  h = Math.imul(h ^ (h >>> 13), 0x297a2d39) ^ Math.imul(words[at + 3] as number, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x165667b1);
  return h ^ (h >>> 16);
}
