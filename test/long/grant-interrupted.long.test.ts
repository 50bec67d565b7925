import { afterAll, beforeAll, describe, it } from 'vitest';
import { interruptedGrants } from '../cli/interrupted-grants.ts';

describe('backstamp grant, interrupted at any write', () => {
  let grants: Awaited<ReturnType<typeof interruptedGrants>>;
  beforeAll(async () => {
    grants = await interruptedGrants();
  });
  afterAll(() => grants.close());

  const much = ['--table', 'lead', '--ownership', '--bypass'];
  it.each([
    ['from nothing', undefined, much],
    ['with more than before', ['--business-units'], much],
    ['with less than before', much, []],
  ] as const)(
    'ends with what was asked after one more run, %s',
    async (_, earlier, asked) => {
      await grants.cutOff(earlier, asked, 1);
    },
    120_000,
  );
});
