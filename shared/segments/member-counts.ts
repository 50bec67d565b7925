import { z } from 'zod';
import type { Member } from './member.ts';

/** Members of one segment in one unit, and the id of one of them. */
interface Count {
  members: number;
  example: string | undefined;
}

/** As it is stored: units by their place in a list, since each occurs with many segments. */
const documentSchema = z.object({
  units: z.array(z.string().nullable()),
  segments: z.record(
    z.string(),
    z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive(), z.string().nullable()])),
  ),
});

/** How many members each segment has in each unit. */
export class MemberCounts {
  readonly #segments = new Map<string, Map<string | null, Count>>();

  static from(document: unknown): MemberCounts {
    const { units, segments } = documentSchema.parse(document);
    const counts = new MemberCounts();
    for (const [key, ofUnits] of Object.entries(segments)) {
      for (const [at, members, example] of ofUnits) {
        const unit = units[at] ?? null;
        counts.#ofSegment(key).set(unit, { members, example: example ?? undefined });
      }
    }
    return counts;
  }

  toDocument(): z.infer<typeof documentSchema> {
    const units = [...new Set([...this.#segments.values()].flatMap((ofUnits) => [...ofUnits.keys()]))];
    const segments = [...this.#segments].map(([key, ofUnits]) => [
      key,
      [...ofUnits].map(([unit, { members, example }]) => [units.indexOf(unit), members, example ?? null]),
    ]);
    return documentSchema.parse({ units, segments: Object.fromEntries(segments) });
  }

  add({ customerId, unit, segments }: Member): void {
    for (const key of segments) {
      const ofUnits = this.#ofSegment(key);
      const { members, example } = ofUnits.get(unit) ?? { members: 0, example: undefined };
      ofUnits.set(unit, { members: members + 1, example: example ?? customerId });
    }
  }

  /** Takes a member away that was added before. */
  remove({ customerId, unit, segments }: Member): void {
    for (const key of segments) {
      const ofUnits = this.#ofSegment(key);
      const { members = 0, example } = ofUnits.get(unit) ?? {};
      if (members > 1)
        ofUnits.set(unit, { members: members - 1, example: example === customerId ? undefined : example });
      else ofUnits.delete(unit);
      if (ofUnits.size === 0) this.#segments.delete(key);
    }
  }

  get segments(): string[] {
    return [...this.#segments.keys()];
  }

  /** Members of a segment by unit. */
  of(key: string): ReadonlyMap<string | null, Readonly<Count>> {
    return this.#segments.get(key) ?? new Map();
  }

  #ofSegment(key: string): Map<string | null, Count> {
    const ofUnits = this.#segments.get(key) ?? new Map<string | null, Count>();
    this.#segments.set(key, ofUnits);
    return ofUnits;
  }
}
