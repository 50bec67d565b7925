import { type InstancesResult, simulateInstances } from './simulate-instances.ts';

/** Several processes that share identities, in virtual time. */
export interface InstancesFigures extends Pick<InstancesResult, 'rowsPerSecond' | 'shareOfLimit' | 'refusedShare'> {
  readonly processes: number;
  /** Tables that each process works on. */
  readonly tables: number;
  readonly identities: number;
}

/** More would be measured in one process alone: the platform starts one for eight tables at most. */
const many = 40;
const worlds = [1, 4].flatMap((identities) => [
  { processes: 1, tables: many, identities },
  { processes: 1, tables: 8, identities },
  { processes: 3, tables: 8, identities },
  { processes: 5, tables: 8, identities },
  { processes: 12, tables: 4, identities },
]);

/** Each number of processes and identities, over ten windows of service protection. */
export async function measureInstances(): Promise<InstancesFigures[]> {
  const figures: InstancesFigures[] = [];
  for (const world of worlds) {
    const { rowsPerSecond, shareOfLimit, refusedShare } = await simulateInstances({
      ...world,
      seed: 1,
      seconds: 3_000,
    });
    figures.push({ ...world, rowsPerSecond, shareOfLimit, refusedShare });
  }
  return figures;
}
