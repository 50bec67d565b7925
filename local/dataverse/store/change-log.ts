/**
 * Every write of a table in order of its version number, so that a delta read starts where its token says instead of
 * looking at every row. An entry counts only while it is its row's latest; stale ones are dropped when they pile up.
 */
export class ChangeLog {
  #versions = new Float64Array(1024);
  #slots = new Uint32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(version: number, slot: number): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#versions[this.#length] = version;
    this.#slots[this.#length] = slot;
    this.#length++;
  }

  /** Index of the first entry with a version above the given one. */
  after(version: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#versions[middle] as number) <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  versionAt(index: number): number {
    return this.#versions[index] as number;
  }

  slotAt(index: number): number {
    return this.#slots[index] as number;
  }

  /** Drops the entries for which `isCurrent` is false. */
  compact(isCurrent: (version: number, slot: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.#length; i++) {
      const version = this.versionAt(i);
      const slot = this.slotAt(i);
      if (!isCurrent(version, slot)) continue;
      this.#versions[kept] = version;
      this.#slots[kept] = slot;
      kept++;
    }
    this.#length = kept;
  }

  #grow(): void {
    const versions = new Float64Array(this.#length * 2);
    versions.set(this.#versions);
    this.#versions = versions;
    const slots = new Uint32Array(this.#length * 2);
    slots.set(this.#slots);
    this.#slots = slots;
  }
}
