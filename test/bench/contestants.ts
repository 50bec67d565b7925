/** A contender: who runs, how, and with which of the numbers of requests at once it is at its best. */
export interface Contestant {
  readonly name: string;
  /** Name in the worker process. */
  readonly worker: 'rowByRow' | 'inBatches' | 'updateMultiple';
  readonly batch: number;
  /** Each is tried; the best one counts. */
  readonly concurrency: readonly number[];
  /** It runs through all rows, as Backstamp does: its first windows alone would flatter it. */
  readonly linksAll?: boolean;
}

/** Whom Backstamp is compared with. */
export const contestants: readonly Contestant[] = [
  { name: 'one request per row (dynamics-web-api)', worker: 'rowByRow', batch: 1, concurrency: [4, 16] },
  { name: '$batch of 100 (dynamics-web-api)', worker: 'inBatches', batch: 100, concurrency: [5, 10] },
  { name: '$batch of 1,000 (dynamics-web-api)', worker: 'inBatches', batch: 1_000, concurrency: [5] },
  { name: 'UpdateMultiple of 100, 5 at once', worker: 'updateMultiple', batch: 100, concurrency: [5], linksAll: true },
  { name: 'UpdateMultiple of 1,000, one by one', worker: 'updateMultiple', batch: 1_000, concurrency: [1] },
];
