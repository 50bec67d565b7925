import { afterAll, beforeAll, describe, it } from 'vitest';
import { interruptedGrants } from './interrupted-grants.ts';

describe('backstamp grant, interrupted at some of its writes', () => {
  let grants: Awaited<ReturnType<typeof interruptedGrants>>;
  beforeAll(async () => {
    grants = await interruptedGrants();
  });
  afterAll(() => grants.close());

  it('ends with what was asked after one more run, and others have what they had', async () => {
    await grants.cutOff(undefined, ['--table', 'lead', '--ownership', '--bypass'], 5);
  }, 30_000);
});
