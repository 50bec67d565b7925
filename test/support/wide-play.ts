import { expect } from 'vitest';
import { changedRows } from '../../shared/contracts/counters.ts';
import type { Hold } from '../../shared/contracts/hold.ts';
import type { Mode } from '../../shared/contracts/status.ts';
import { operatorSource } from '../../shared/contracts/unification-event.ts';
import { RetryableError } from '../../shared/errors.ts';
import { beInPeace } from './random-scenario.ts';
import type { Simulation } from './simulation.ts';
import { linkStateOf, pendingOf, recordsOf } from './state-of.ts';
import { apply, type Confirms, goodRule, type WideChange, type WideScenario } from './wide-scenario.ts';
import { crowd, type WideTable, WideWorld } from './wide-world.ts';

const minute = 60_000;
const tables: readonly WideTable[] = ['contact', 'lead'];
/** A hold that never was. */
const unknownHold = '0123456789abcdef';

const holdsOf = (simulation: Simulation, table: WideTable): readonly Hold[] =>
  simulation.tables.linkStates.documents('table').some(({ rowKey }) => rowKey === table)
    ? (linkStateOf(simulation, table).linking?.holds ?? [])
    : [];

const named = (holds: string[]): { readonly holds?: string[] } => (holds.length === 0 ? {} : { holds });

/** A history as it is played: what operators have seen of it so far. */
class Play {
  readonly world: WideWorld;
  readonly #seen = new Set<string>();
  #runs = 0;

  constructor(scenario: WideScenario) {
    const { pageSize, sliceMs, there, before, feed, isCrowded, isLastFirst } = scenario;
    this.world = new WideWorld({ pageSize, sliceMs, settlingLimitMs: 25 * minute }, isCrowded ? crowd : undefined);
    const { simulation } = this.world;
    simulation.organisation.bulkSize = 2;
    if (isLastFirst) simulation.choose = (messages) => messages.at(-1);
    this.world.feed(feed);
    for (const profile of there) this.world.profile(profile, true);
    if (isCrowded) this.world.mapAll('contact', goodRule);
    for (const change of before) apply(this.world, change);
    this.disturb({ meanwhile: [], watches: [] });
  }

  /** Lets changes and timers fall into the run that comes next. */
  disturb({
    meanwhile,
    watches,
  }: {
    readonly meanwhile: readonly { readonly step: number; readonly change: WideChange }[];
    readonly watches: readonly { readonly step: number; readonly isTwice: boolean }[];
  }): void {
    const { world } = this;
    const { simulation } = world;
    const begun = simulation.world.steps;
    simulation.world.faultAt = (step, what) => {
      const found = meanwhile.find((one) => begun + one.step === step);
      if (found !== undefined) return { kind: 'meanwhile', action: () => apply(world, found.change) };
      const watch = watches.find((one) => begun + one.step === step);
      if (watch !== undefined) {
        const action = () => {
          simulation.watchBeside();
          if (watch.isTwice) simulation.watchBeside();
        };
        return { kind: 'meanwhile', action };
      }
      const isRefused = what.startsWith('table') && simulation.clock.now() < world.storageRefusesUntil;
      return isRefused ? { kind: 'error before', error: new RetryableError('503') } : undefined;
    };
  }

  #confirmed(confirms: Confirms): { readonly beyondLimits?: boolean; readonly holds?: string[] } {
    const shown = tables.flatMap((table) => holdsOf(this.world.simulation, table)).map(({ id }) => id);
    switch (confirms) {
      case 'none':
        return {};
      case 'all':
        return { beyondLimits: true };
      case 'shown':
        return named(shown);
      case 'outdated':
        return named([...this.#seen].filter((id) => !shown.includes(id)));
      case 'unknown':
        return { holds: [unknownHold] };
    }
  }

  /** Some runs at once, played to their end; nothing is held against the truth in between. */
  async flood(runs: number): Promise<void> {
    this.world.simulation.mostDeliveries += 30 * runs;
    for (let run = 0; run < runs; run++) this.world.simulation.post({ eventId: `run ${++this.#runs}` });
    await this.world.simulation.run();
  }

  /** A run, played to its end, and what it says held against the truth. */
  async run(
    mode: Mode,
    wanted?: readonly WideTable[],
    confirms: Confirms = 'none',
    source: 'test' | typeof operatorSource = 'test',
  ): Promise<void> {
    const { world } = this;
    const { simulation } = world;
    const setUp = simulation.options.setup.tables.map(({ table }) => table as WideTable);
    const asked = wanted?.filter((table) => setUp.includes(table));
    if (asked?.length === 0) return;
    const writes = simulation.organisation.writes.length;
    const before = new Map(tables.map((table) => [table, holdsOf(simulation, table)]));
    const begunAt = simulation.clock.now();
    const isQuiet = (table: WideTable) => (simulation.lastPassStartedAt(table) ?? 0) > world.changedAt;
    const wasQuiet = new Set(tables.filter(isQuiet));
    const permitted = this.#confirmed(confirms);
    const runId = simulation.post({
      eventId: `run ${++this.#runs}`,
      mode,
      source,
      ...permitted,
      ...(asked === undefined ? {} : { tables: [...asked] }),
    });
    await simulation.run();
    const made = simulation.organisation.writes.slice(writes);
    if (mode === 'rehearsal') expect(made.length, 'a rehearsal wrote').toBe(0);
    tellsTheTruth(world, runId);
    for (const table of tables) {
      const kinds = new Set((before.get(table) ?? []).map(({ kind }) => kind));
      if (!wasQuiet.has(table) || world.changedAt >= begunAt || !['none', 'outdated', 'unknown'].includes(confirms))
        continue;
      const moves = made.filter((write) => write.table === table && write.from !== null && write.to !== null);
      const clears = made.filter((write) => write.table === table && write.to === null);
      if (kinds.has('move')) expect(moves, 'moves that are held').toEqual([]);
      if (kinds.has('clear')) expect(clears, 'clears that are held').toEqual([]);
    }
    for (const hold of tables.flatMap((table) => holdsOf(simulation, table))) this.#seen.add(hold.id);
  }
}

/** Plays a history, then events in peace, and holds what came of it against what must be true. */
export async function assessWide(scenario: WideScenario): Promise<void> {
  const play = new Play(scenario);
  const { world } = play;
  const { simulation } = world;
  const { organisation, clock } = simulation;
  for (const step of scenario.steps) {
    if (step.kind === 'wait') clock.advance(step.minutes * minute);
    else if (step.kind === 'flood') await play.flood(step.runs);
    else if (step.kind === 'run') {
      play.disturb(step);
      if (step.isFollowed) await play.flood(1);
      const isDisturbed = step.isFollowed || step.meanwhile.length > 0;
      const mode = isDisturbed && step.mode === 'rehearsal' ? 'incremental' : step.mode;
      await play.run(mode, step.tables, step.confirms);
      play.disturb({ meanwhile: [], watches: [] });
    } else apply(world, step);
  }

  beInPeace(simulation);
  // What is still to come back or to arrive does so; then all is as it will stay.
  clock.advance(600 * minute);
  world.setUp(['contact', 'lead'], []);
  for (const table of tables) world.table(table, true);
  simulation.broker.refusesToPublish = false;
  await play.run('incremental');
  clock.advance(60 * minute);
  // Whoever asks for a run wants what is there now: it looks once, where an event's looks twice.
  await play.run('incremental', undefined, 'none', operatorSource);
  // Deletions that no feed tells are found by a walk over all rows.
  if (!world.tellsDeletions) await play.run('reconcile', undefined, 'none', operatorSource);
  // What is held is confirmed, and what a confirmation lets pass may show more that is held.
  for (let tries = 0; tries < 3 && tables.some((table) => holdsOf(simulation, table).length > 0); tries++) {
    clock.advance(60 * minute);
    await play.run('incremental', undefined, 'shown', operatorSource);
  }
  clock.advance(60 * minute);

  expect(simulation.errors).toEqual([]);
  expect([...world.wrongLinks('contact'), ...world.wrongLinks('lead')]).toEqual([]);
  expect(recordsOf(simulation).runs.map(({ endedAt }) => endedAt)).not.toContain(undefined);
  for (const { columns } of organisation.writes) expect(columns).toEqual(['msdynci_lookupfield_customerprofile']);
  countsWhatWasWritten(scenario, simulation);
}

/** Holds the counters of all tasks against what was written, as far as nothing came in between that loses count. */
function countsWhatWasWritten(scenario: WideScenario, simulation: Simulation): void {
  const { tasks } = recordsOf(simulation);
  const { writes } = simulation.organisation;
  const kinds = scenarioKinds(scenario);
  if (kinds.has('column removed') || kinds.has('table')) return;
  if (tasks.some(({ status }) => status === 'Failed' || status === 'Canceled')) return;
  const told = tasks
    .filter(({ mode }) => mode !== 'rehearsal')
    .reduce((sum, { counters }) => sum + changedRows(counters), 0);
  const changing = writes.filter(({ from, to }) => from !== to).length;
  // Whoever sets a link by hand between its reading and its writing may have set the very same.
  const most = isEditedMeanwhile(scenario) ? writes.length : changing;
  expect(told, 'counters against what was written').toBeLessThanOrEqual(most);
  // What was written before storage refused the count is met as right afterwards; and old tasks are removed.
  const isLossy = kinds.has('storage refuses') || isPruned(scenario);
  if (!isLossy) expect(told, 'counters against what was written').toBeGreaterThanOrEqual(changing);
}

/** Whether somebody changes links while a run is at work. */
const isEditedMeanwhile = ({ steps }: WideScenario): boolean =>
  steps.some((step) => step.kind === 'run' && step.meanwhile.some(({ change }) => change.kind === 'link by hand'));

const isPruned = ({ steps }: WideScenario): boolean =>
  steps.some((step) => step.kind === 'wait' && step.minutes >= 90 * 1_440);

/** Every kind of step and change in a history. */
function scenarioKinds({ steps }: WideScenario): Set<string> {
  return new Set(
    steps.flatMap((step) => [
      step.kind,
      ...(step.kind === 'run' ? step.meanwhile : []).map(({ change }) => change.kind),
    ]),
  );
}

/** What a run says of its tables is true, where nothing changed since their last pass began. */
function tellsTheTruth(world: WideWorld, runId: string): void {
  const { simulation } = world;
  for (const task of recordsOf(simulation).tasks) {
    if (task.runId !== runId || task.mode === 'rehearsal') continue;
    const table = task.table as WideTable;
    const startedAt = simulation.lastPassStartedAt(table);
    if (startedAt === undefined || startedAt <= world.changedAt) continue;
    // What no feed tells is found by the walk.
    const { lastWalkAt = '' } = linkStateOf(simulation, table);
    if (!world.tellsDeletions && !(Date.parse(lastWalkAt) > world.changedAt)) continue;
    if (task.status === 'Successful') {
      expect(world.wrongLinks(table), `${task.mode} run, Successful`).toEqual([]);
      expect(pendingOf(simulation, table), `${task.mode} run, Successful`).toEqual([]);
      expect(holdsOf(simulation, table), `${task.mode} run, Successful`).toEqual([]);
    }
    if (task.status === 'Completed with warnings') holdsWhatItSays(world, table);
    coversWhatIsLinked(world, table);
  }
}

/** A table has as many links as its last pass said, where nothing but the app ever changed how many there are. */
function coversWhatIsLinked({ simulation, miscounted }: WideWorld, table: WideTable): void {
  const { organisation } = simulation;
  const { coverage } = linkStateOf(simulation, table).lastPass ?? {};
  // A link that Dataverse refuses to clear counts as failed, and stays.
  if (miscounted || coverage === undefined || organisation.badRows.size > 0 || !organisation.hasTable(table)) return;
  // What is held has a link, if not the right one.
  const { linked, notLinked } = coverage;
  expect(linked + notLinked.held, `linked rows of ${table}`).toBe(organisation.links(table).size);
}

/** What is held is what differs from the truth. */
function holdsWhatItSays(world: WideWorld, table: WideTable): void {
  const { simulation } = world;
  // Rows that are refused are held as well, and are no part of the truth; a table that is misnamed has no row in the map.
  if (simulation.organisation.badRows.size > 0 || world.misnamed.includes(table)) return;
  const wrong = world.wrongRows(table);
  for (const { kind, count, profileId } of holdsOf(simulation, table)) {
    const rows = {
      move: () => wrong.filter(({ is, must }) => is !== undefined && must !== undefined),
      clear: () => wrong.filter(({ is, must }) => is !== undefined && must === undefined),
      oneProfile: () => wrong.filter(({ is, must }) => is !== undefined && must === profileId),
    }[kind]();
    expect(count, `rows of the hold ${kind}`).toBe(rows.length);
  }
}
