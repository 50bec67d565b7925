/** Who runs, how, and with which of the numbers of requests at once it is at its best. */
export interface Contestant {
  readonly name: string;
  /** Name in the worker process. */
  readonly worker: 'backstamp' | 'rowByRow' | 'inBatches' | 'updateMultiple';
  readonly batch: number;
  /** Each is tried; the best one counts. Ignored by Backstamp, which finds its own. */
  readonly concurrency: readonly number[];
  /** How much faster than real the organisation runs: many small answers need a slower one, or the machine is measured. */
  readonly timeScale: number;
  /** The same for `--quick`. */
  readonly quickTimeScale: number;
}

/** All contenders of the first table, Backstamp first. */
export const contestants: readonly Contestant[] = [
  { name: 'Backstamp', worker: 'backstamp', batch: 0, concurrency: [0], timeScale: 15, quickTimeScale: 40 },
  {
    name: 'one request per row (dynamics-web-api)',
    worker: 'rowByRow',
    batch: 1,
    concurrency: [4, 16],
    timeScale: 20,
    quickTimeScale: 40,
  },
  {
    name: '$batch of 100 (dynamics-web-api)',
    worker: 'inBatches',
    batch: 100,
    concurrency: [5, 10],
    timeScale: 20,
    quickTimeScale: 80,
  },
  {
    name: '$batch of 1,000 (dynamics-web-api)',
    worker: 'inBatches',
    batch: 1_000,
    concurrency: [5],
    timeScale: 20,
    quickTimeScale: 80,
  },
  {
    name: 'UpdateMultiple of 100, 5 at once',
    worker: 'updateMultiple',
    batch: 100,
    concurrency: [5],
    timeScale: 20,
    quickTimeScale: 60,
  },
  {
    name: 'UpdateMultiple of 1,000, one by one',
    worker: 'updateMultiple',
    batch: 1_000,
    concurrency: [1],
    timeScale: 50,
    quickTimeScale: 100,
  },
];
