import { judgeSegment } from '../../shared/segments/judge-segment.ts';
import type { MemberCounts } from '../../shared/segments/member-counts.ts';
import { readSegments, type SegmentParts } from '../../shared/segments/read-segments.ts';
import { SegmentStore } from '../../shared/segments/segment-store.ts';
import { MemoryOrganisation } from '../support/memory-dataverse.ts';
import { MemoryTable } from '../support/memory-tables.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { Worker, World } from '../support/worker.ts';

export const units = {
  north: 'd0000000-0000-4000-8000-000000000001',
  south: 'd0000000-0000-4000-8000-000000000002',
} as const;
export type UnitName = keyof typeof units;

const customer = (number: number): string => String(number).padStart(32, '0');
/** Ids spread over all buckets. */
const membershipId = (number: number): string =>
  `${((number * 7) % 16).toString(16)}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const profileId = (number: number): string => `b0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const unitValue = '_owningbusinessunit_value';

/** Profiles, memberships and segments in memory, and the processes that count them. */
export class SegmentWorld {
  readonly clock = new VirtualClock();
  readonly world = new World(this.clock);
  readonly #outside = new World(new VirtualClock());
  readonly organisation = new MemoryOrganisation(this.clock);
  readonly table = new MemoryTable();
  readonly #truth = new Map<number, { unit: UnitName | undefined; segments: readonly string[] }>();

  constructor({
    tracked = true,
    trackedProfiles = true,
    owners = true,
  }: { readonly tracked?: boolean; readonly trackedProfiles?: boolean; readonly owners?: boolean } = {}) {
    const table = (
      logicalName: string,
      entitySetName: string,
      columns: readonly string[],
      more: { readonly changeTracking?: boolean; readonly primaryName?: string } = {},
    ) =>
      this.organisation.createTable({
        logicalName,
        entitySetName,
        primaryId: `${logicalName}id`,
        columns: new Map(columns.map((name) => [name, 'String'])),
        ...more,
      });
    const membership = ['msdynci_customerid', 'msdynci_segments', 'msdynci_segmentprovider', 'owningbusinessunit'];
    table('msdynci_segmentmembership', 'msdynci_segmentmemberships', membership, { changeTracking: tracked });
    const profile = ['msdynci_customerid', 'owningbusinessunit', 'modifiedon'];
    table('msdynci_customerprofile', 'msdynci_customerprofiles', profile, { changeTracking: trackedProfiles });
    table('businessunit', 'businessunits', ['name']);
    for (const [name, id] of Object.entries(units)) this.organisation.put('businessunit', id, { name });
    if (!owners) return;
    table('msdynci_segment', 'msdynci_segments', ['msdynci_name', 'owningbusinessunit'], {
      primaryName: 'msdynci_name',
    });
  }

  /** The one who owns a segment. */
  own(name: string, unit: UnitName): void {
    const id = `5e000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`;
    this.organisation.put('msdynci_segment', id, { msdynci_name: name, [unitValue]: units[unit] });
  }

  /** Puts a customer in segments; where none are given, leaves those it has. */
  put(number: number, unit: UnitName | undefined, segments?: readonly string[]): void {
    const before = this.#truth.get(number);
    const names = segments ?? before?.segments ?? [];
    this.#truth.set(number, { unit, segments: names });
    if (unit === undefined) this.organisation.remove('msdynci_customerprofile', profileId(number));
    else if (before?.unit !== unit) {
      const row = { msdynci_customerid: customer(number), [unitValue]: units[unit] };
      this.organisation.put('msdynci_customerprofile', profileId(number), row);
    }
    if (segments === undefined) return;
    this.organisation.put('msdynci_segmentmembership', membershipId(number), {
      msdynci_customerid: customer(number),
      msdynci_segmentprovider: 'CI',
      msdynci_segments: JSON.stringify(names),
    });
  }

  /** Writes a customer's list of segments as it stands, whatever that is. */
  write(number: number, list: string): void {
    this.organisation.put('msdynci_segmentmembership', membershipId(number), { msdynci_segments: list });
  }

  /** A customer leaves all segments. */
  remove(number: number): void {
    this.#truth.delete(number);
    this.organisation.remove('msdynci_segmentmembership', membershipId(number));
  }

  /** How many members each segment has in each unit, as they really are. */
  truth(): Record<string, Record<string, number>> {
    const counts: Record<string, Record<string, number>> = {};
    for (const { unit, segments } of this.#truth.values()) {
      for (const name of segments) {
        const ofSegment = counts[name] ?? {};
        counts[name] = ofSegment;
        const key = unit ?? 'unknown';
        ofSegment[key] = (ofSegment[key] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** The store as the test sees it, whom nothing befalls. */
  store(): SegmentStore {
    return new SegmentStore(this.table.connect(new Worker(this.#outside)));
  }

  #parts(worker: Worker): SegmentParts {
    return {
      dataverse: this.organisation.connect(worker),
      segments: new SegmentStore(this.table.connect(worker)),
      options: { pageSize: 5, reconcileIntervalMs: 7 * 86_400_000 },
      now: this.clock.now,
    };
  }

  /** What a process works with that nothing befalls. */
  partsOutside(): SegmentParts {
    return this.#parts(new Worker(this.#outside));
  }

  /** One process does what it can in its time; `lost` where it died or was held up. */
  async read(budgetMs = 2_000, mayBegin = true): Promise<'done' | 'lost' | Error> {
    const worker = new Worker(this.world);
    const work = readSegments(this.#parts(worker), { budgetMs, mayBegin, signal: new AbortController().signal });
    return Promise.race([
      work.then(
        () => 'done' as const,
        (error: Error) => error,
      ),
      worker.lost.then(() => 'lost' as const),
    ]);
  }

  /** Processes come and go until everything is counted; those that were held up go on in between, unless told otherwise. */
  async readOn({ thaw = true }: { readonly thaw?: boolean } = {}): Promise<void> {
    const since = this.clock.now();
    for (let turn = 0; turn < 200; turn++) {
      const { state } = await this.store().load();
      const isCounted = Date.parse(state.shown?.countedAt ?? '') >= since;
      if (isCounted && state.reading === undefined && state.obsolete.length === 0) return;
      const end = await this.read(2_000, !isCounted);
      if (end instanceof Error) throw end;
      // Others leave a process that was lost alone for a while.
      this.clock.advance(end === 'lost' ? 130_000 : 10_000);
      if (thaw) this.world.thaw();
    }
    throw new Error('The reading never ends.');
  }

  /** What is shown, in the form of `truth`. */
  async shown(): Promise<Record<string, Record<string, number>>> {
    const { state } = await this.store().load();
    const parts = await this.store().counts(state.shown?.generation ?? '');
    return countsIn(parts);
  }

  async verdict(name: string) {
    const store = this.store();
    const { state } = await store.load();
    const directory = await store.directory();
    if (directory === undefined) throw new Error('Nothing was counted yet.');
    return judgeSegment(`CI\n${name}`, await store.counts(state.shown?.generation ?? ''), directory);
  }
}

function countsIn(parts: readonly MemberCounts[]): Record<string, Record<string, number>> {
  const names = new Map<string | null, string>([
    [units.north, 'north'],
    [units.south, 'south'],
    [null, 'unknown'],
  ]);
  const counts: Record<string, Record<string, number>> = {};
  for (const part of parts) {
    for (const key of part.segments) {
      const name = key.split('\n')[1] ?? '';
      const ofSegment = counts[name] ?? {};
      counts[name] = ofSegment;
      for (const [unit, { members }] of part.of(key)) {
        const of = names.get(unit) ?? String(unit);
        ofSegment[of] = (ofSegment[of] ?? 0) + members;
      }
    }
  }
  return counts;
}
