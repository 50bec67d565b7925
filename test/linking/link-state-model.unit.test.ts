import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkingPhases } from '../../shared/linking/linking-pass.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { linkStateOf, pendingOf, recordsOf } from '../support/state-of.ts';

const contacts = 5;
const profiles = 3;

/** What the world is like and what it must come to, in a few lines: nothing of how the app gets there. */
class Model {
  /** Profile that the map gives each contact. */
  readonly map = new Map<number, number>();
  readonly arrived = new Set<number>();
  /** Profile that each contact must be linked to once a run has looked. */
  readonly links = new Map<number, number>();
  readonly waiting = new Set<number>();
  runs = 0;

  /** A run has seen the map and the profiles as they are. */
  look(): void {
    this.waiting.clear();
    for (let contact = 1; contact <= contacts; contact++) {
      const profile = this.map.get(contact);
      if (profile === undefined) this.links.delete(contact);
      else if (this.arrived.has(profile)) this.links.set(contact, profile);
      else this.waiting.add(contact);
    }
  }
}

type Command = fc.AsyncCommand<Model, Simulation>;

const command = (text: string, change: (model: Model) => void, run: (real: Simulation) => void): Command => ({
  check: () => true,
  toString: () => text,
  async run(model, real) {
    change(model);
    run(real);
    assess(model, real);
  },
});

/** A run, at whose `death`th step its process dies. */
const play = (mode: 'incremental' | 'full' | 'rehearsal', death: number): Command => ({
  check: () => true,
  toString: () => `${mode} run, death at step ${death}`,
  async run(model, real) {
    const before = [...real.organisation.links('contact')];
    const dies = real.world.steps + death;
    real.world.faultAt = (step) => (step === dies ? { kind: step % 2 ? 'die before' : 'die after' } : undefined);
    model.runs++;
    real.post({ eventId: `run ${model.runs}`, mode });
    await real.run();
    real.clock.advance(3_600_000);
    if (mode !== 'rehearsal') model.look();
    else expect([...real.organisation.links('contact')]).toEqual(before);
    assess(model, real);
  },
});

/** Every invariant that can be told from the outside, after each step. */
function assess(model: Model, real: Simulation): void {
  expect(real.errors).toEqual([]);
  if (model.runs === 0) return;
  const { runs, tasks } = recordsOf(real);
  expect(runs.length).toBe(model.runs);
  for (const { endedAt } of [...runs, ...tasks]) expect(endedAt).toBeDefined();
  expect(real.tables.linkStates.documents('rehearsal')).toEqual([]);
  const links = [...model.links].map(([contact, profile]) => [guidOf('c', contact), guidOf('p', profile)]);
  expect([...real.organisation.links('contact')].sort()).toEqual(links.sort());
  expect(pendingOf(real, 'contact').map(({ id }) => id)).toEqual([...model.waiting].sort().map((n) => guidOf('c', n)));
  for (const { columns, from, to } of real.organisation.writes) {
    expect(columns).toEqual(['msdynci_lookupfield_customerprofile']);
    expect(from).not.toBe(to);
  }
  const states = real.tables.linkStates.documents('table');
  if (states.length > 0) expect(linkStateOf(real, 'contact').pass).toBeUndefined();
}

const contact = fc.integer({ min: 1, max: contacts });
const profile = fc.integer({ min: 1, max: profiles });
const death = fc.integer({ min: 1, max: 120 });
const commands = [
  fc.tuple(contact, profile).map(([source, to]) =>
    command(
      `map ${source} to ${to}`,
      ({ map }) => map.set(source, to),
      (real) => mapTo(real, { kind: 'c', source, profile: to }),
    ),
  ),
  contact.map((source) =>
    command(
      `unmap ${source}`,
      ({ map }) => map.delete(source),
      (real) => unmap(real, { kind: 'c', source }),
    ),
  ),
  profile.map((number) =>
    command(
      `profile ${number} arrives`,
      ({ arrived }) => arrived.add(number),
      (real) => addProfile(real, number),
    ),
  ),
  death.map((step) => play('incremental', step)),
  death.map((step) => play('full', step)),
  death.map((step) => play('rehearsal', step)),
];

describe("a table's link state", () => {
  it('I1 I2 I3 I4 I5 I6 I7 is what a simple model says, after every step of random histories', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 14, size: 'max' }), async (history) => {
        await fc.asyncModelRun(() => {
          const real = smallOrganisation({ contacts, leads: 0 }, { settlingLimitMs: 20 * 60_000 });
          Object.assign(real.options, {
            setup: { ...real.options.setup, tables: real.options.setup.tables.slice(0, 1) },
          });
          return { model: new Model(), real };
        }, history);
      }),
      { numRuns: 150, seed: 20_261_122 },
    );
  });
});

describe('the phases of a pass', () => {
  it('I4 follow one another in one order, whatever befalls it', async () => {
    const order = Object.keys(linkingPhases);
    const real = smallOrganisation({ contacts, leads: 0 });
    for (let number = 1; number <= contacts; number++) {
      addProfile(real, number);
      mapTo(real, { kind: 'c', source: number, profile: number });
    }
    const seen: string[] = [];
    real.tables.linkStates.onWrite = (_partition, _row, document) => {
      const { pass } = document as { pass?: { phase: string; runId: string; followUp: number } };
      if (pass !== undefined) seen.push(`${pass.runId}.${pass.followUp}.${order.indexOf(pass.phase)}`);
    };
    let steps = 0;
    real.world.faultAt = () => (++steps % 29 === 0 ? { kind: 'die after' } : undefined);
    real.post({ eventId: 'first', tables: ['contact'] });
    await real.run();
    const passes = Map.groupBy(seen, (entry) => entry.slice(0, entry.lastIndexOf('.')));
    expect(passes.size).toBeGreaterThan(1);
    for (const entries of passes.values()) expect(entries).toEqual([...entries].sort());
  });
});
