import { expect, it } from 'vitest';
import { disagreements } from '../inspect/generated-worlds.ts';

it.each(Array.from({ length: 60 }, (_, at) => at + 1))(
  'what the doctor says and what a run does agree in generated organisation %i',
  async (seed) => {
    expect(await disagreements(seed)).toEqual([]);
  },
  60_000,
);
