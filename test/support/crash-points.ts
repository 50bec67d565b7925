import { describe, expect, it } from 'vitest';
import { guardLinkStates } from './link-state-transitions.ts';
import type { Simulation } from './simulation.ts';
import { endOf, historyOf, redundantWrites } from './state-of.ts';
import { beforeTwoEvents, playTwoEvents } from './two-events.ts';
import type { Fault } from './worker.ts';

const timeout = 600_000;

/** Plays both events; something befalls the process that does step `at`. */
async function playWith(
  at: number,
  kind: 'die before' | 'die after' | 'freeze' | 'slow' | 'slow answer',
): Promise<Simulation> {
  const simulation = beforeTwoEvents();
  guardLinkStates(simulation);
  simulation.world.faultAt = (step): Fault | undefined => (step === at ? { kind } : undefined);
  await playTwoEvents(simulation);
  return simulation;
}

async function playUndisturbed(): Promise<Simulation> {
  const simulation = beforeTwoEvents();
  await playTwoEvents(simulation);
  return simulation;
}

/**
 * Plays two unification events again and again; each time something else befalls one of their steps.
 * @param stride every so many steps are tried; 1 is all of them
 */
export function describeCrashPoints(stride: number): void {
  /** The steps tried, each kind of fault beginning at another one. */
  function* stepsOf({ world: { steps } }: Simulation, kind: number): Generator<number> {
    for (let step = 1 + (kind % stride); step <= steps; step += stride) yield step;
  }

  describe(
    stride === 1 ? 'two unification events, at every step' : `two unification events, at every ${stride}th step`,
    () => {
      it.each([
        ['a process should die before any one step', 'die before', 0],
        ['a process should die after any one step', 'die after', 1],
        ['any one step takes long', 'slow', 2],
        ['the answer to any one step takes long', 'slow answer', 3],
      ] as const)('I2 I4 I5 end the same where %s', { timeout }, async (_, kind, number) => {
        const undisturbed = await playUndisturbed();
        const expected = { end: endOf(undisturbed), history: historyOf(undisturbed) };
        for (const step of stepsOf(undisturbed, number)) {
          const simulation = await playWith(step, kind);
          expect({ end: endOf(simulation), history: historyOf(simulation) }, `step ${step}`).toEqual(expected);
          expect(simulation.errors, `step ${step}`).toEqual([]);
          // What the dead process wrote is read back, not written again.
          expect(redundantWrites(simulation), `step ${step}`).toBe(0);
          expect(simulation.watches, `step ${step}`).toBe(0);
        }
      });

      it('I2 I4 I5 I6 end the same where a process is held up before any one step until its lock is lost', {
        timeout,
      }, async () => {
        // What it keeps as pending when it goes on at last, a third run finds and lets go of.
        const playThird = async (simulation: Simulation) => {
          simulation.clock.advance(3_600_000);
          simulation.post({ eventId: 'third' });
          await simulation.run();
          return { end: endOf(simulation), history: historyOf(simulation) };
        };
        const undisturbed = await playUndisturbed();
        const steps = [...stepsOf(undisturbed, 4)];
        const expected = await playThird(undisturbed);
        for (const step of steps) {
          const simulation = await playWith(step, 'freeze');
          expect(await playThird(simulation), `step ${step}`).toEqual(expected);
          expect(simulation.errors, `step ${step}`).toEqual([]);
        }
      });
    },
  );
}
