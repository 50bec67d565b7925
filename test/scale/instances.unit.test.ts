import { describe, expect, it } from 'vitest';
import { type Instances, type InstancesResult, simulateInstances } from './simulate-instances.ts';

const simulate = (given: Partial<Instances>): Promise<InstancesResult> =>
  simulateInstances({ processes: 5, tables: 8, identities: 1, seed: 1, seconds: 1_800, ...given });

/** Windows of service protection in which next to nothing was written. */
const standstills = ({ overTime }: InstancesResult): number => overTime.filter((rate) => rate < 40).length;

describe('several processes that share identities', { timeout: 240_000 }, () => {
  it.each([
    { processes: 1, tables: 8, identities: 1 },
    { processes: 3, tables: 8, identities: 1 },
    { processes: 5, tables: 8, identities: 1 },
    { processes: 12, tables: 4, identities: 1 },
    { processes: 1, tables: 40, identities: 1 },
    { processes: 5, tables: 8, identities: 4 },
  ])(
    '$processes with $identities and $tables tables each reach 95 % of the limit and draw hardly a 429',
    async (given) => {
      const result = await simulate(given);

      expect(result.shareOfLimit).toBeGreaterThan(0.95);
      expect(result.refusedShare).toBeLessThan(0.02);
      expect(standstills(result)).toBe(0);
      // Every table gets on.
      expect(result.leastShare).toBeGreaterThan(0);
    },
  );

  it('would stand still for whole windows if each knew only of itself', async () => {
    const result = await simulate({ processes: 12, tables: 4, isTakingTurns: false });

    expect(standstills(result)).toBeGreaterThan(0);
    expect(result.refusedShare).toBeGreaterThan(0.3);
  });

  it('do so whichever of them dies', async () => {
    const deaths = [0, 1, 2, 3, 4].map((process) => ({ process, atSeconds: 300 + 270 * process }));
    const result = await simulate({ deaths });

    expect(result.shareOfLimit).toBeGreaterThan(0.95);
    expect(result.refusedShare).toBeLessThan(0.02);
    expect(standstills(result)).toBe(0);
  });

  it('do so beside another program that writes in the same name', async () => {
    const result = await simulate({ neighbour: { rows: 100, pauseMs: 0, atOnce: 2 } });

    expect(result.shareOfLimit).toBeGreaterThan(0.95);
    expect(result.refusedShare).toBeLessThan(0.02);
    expect(standstills(result)).toBe(0);
  });

  it('go on, one request at a time, where storage takes no leases', async () => {
    const result = await simulate({ processes: 3, storageOutAtSeconds: 0 });

    expect(standstills(result)).toBe(0);
    expect(result.shareOfLimit).toBeGreaterThan(0.6);
    expect(result.refusedShare).toBeLessThan(0.02);
  });

  it('take the same course with the same seed', async () => {
    const given = { processes: 3, seconds: 600 };

    expect(await simulate(given)).toEqual(await simulate(given));
  });
});
