/**
 * The rows in order of their primary key, brought up to date when someone asks. Pages resume by binary search, so that the
 * last page of a million rows costs what the first one does.
 */
export class PrimaryKeyOrder {
  readonly #ids: readonly string[];
  #sorted = new Uint32Array(0);

  /** @param ids row ids by slot; slots are only ever appended */
  constructor(ids: readonly string[]) {
    this.#ids = ids;
  }

  /** All slots, dead ones included, in order of their ids. */
  slots(): Uint32Array {
    const covered = this.#sorted.length;
    const total = this.#ids.length;
    if (covered === total) return this.#sorted;
    const tail = sortByGuid(this.#ids, covered, total);
    this.#sorted = covered === 0 ? tail : merge(this.#ids, this.#sorted, tail);
    return this.#sorted;
  }

  /** Position in {@link slots} of the first row whose id is above the given one. */
  after(id: string): number {
    const slots = this.slots();
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[slots[middle] as number] as string) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const RADIX = 65_536;
/** Where each group of four hex digits starts in `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, least significant group first. */
const GROUPS = [32, 28, 24, 19, 14, 9, 4, 0];

/** Radix sort by groups of four hex digits: comparing a million strings costs seconds, counting digits a tenth of one. */
function sortByGuid(ids: readonly string[], from: number, to: number): Uint32Array<ArrayBuffer> {
  const count = to - from;
  let slots = new Uint32Array(count);
  for (let i = 0; i < count; i++) slots[i] = from + i;
  if (count < 4_096) return slots.sort((a, b) => ((ids[a] as string) < (ids[b] as string) ? -1 : 1));
  let other = new Uint32Array(count);
  const digits = new Uint16Array(count);
  const counts = new Uint32Array(RADIX + 1);
  for (const group of GROUPS) {
    counts.fill(0);
    for (let i = 0; i < count; i++) {
      const digit = hexGroup(ids[slots[i] as number] as string, group);
      digits[i] = digit;
      counts[digit + 1] = (counts[digit + 1] as number) + 1;
    }
    if (counts[(digits[0] as number) + 1] === count) continue;
    for (let i = 1; i <= RADIX; i++) counts[i] = (counts[i] as number) + (counts[i - 1] as number);
    for (let i = 0; i < count; i++) {
      const digit = digits[i] as number;
      const position = counts[digit] as number;
      other[position] = slots[i] as number;
      counts[digit] = position + 1;
    }
    [slots, other] = [other, slots];
  }
  return slots;
}

function hexGroup(id: string, start: number): number {
  let value = 0;
  for (let i = start; i < start + 4; i++) {
    const code = id.charCodeAt(i);
    value = (value << 4) | (code < 58 ? code - 48 : code - 87);
  }
  return value;
}

function merge(
  ids: readonly string[],
  left: Uint32Array<ArrayBuffer>,
  right: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  const merged = new Uint32Array(left.length + right.length);
  let l = 0;
  let r = 0;
  let position = 0;
  while (l < left.length && r < right.length) {
    const a = left[l] as number;
    const b = right[r] as number;
    if ((ids[a] as string) < (ids[b] as string)) {
      merged[position++] = a;
      l++;
    } else {
      merged[position++] = b;
      r++;
    }
  }
  merged.set(left.subarray(l), position);
  merged.set(right.subarray(r), position + left.length - l);
  return merged;
}
