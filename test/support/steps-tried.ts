import type { Simulation } from './simulation.ts';

/**
 * The steps of a story at which something befalls its process: a sample of them, and every one in the tests that take
 * minutes (vitest.long.config.ts).
 * @param first where the sample begins, so that each kind of fault has another one
 */
export function* stepsTried({ world: { steps } }: Simulation, first: number): Generator<number> {
  const stride = process.env.EVERY_STEP === undefined ? 12 : 1;
  for (let step = 1 + (first % stride); step <= steps; step += stride) yield step;
}
