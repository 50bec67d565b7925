import { Random } from '../../local/sample/random.ts';
import { IdentityPool } from '../../shared/dataverse/identity-pool.ts';
import { Sender } from '../../shared/dataverse/sender.ts';
import { Throttle } from '../../shared/dataverse/throttle.ts';
import { isRetryableError } from '../../shared/errors.ts';
import { IdentityLeases } from '../../shared/state/identity-leases.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { limitRowsPerSecond, model } from '../bench/model.ts';
import { JumpingClock } from './jumping-clock.ts';
import { ModelledOrganisation } from './modelled-organisation.ts';
import { StoredLeases } from './stored-leases.ts';

/** Several processes that link tables of one organisation in the names of the same identities. */
export interface Instances {
  readonly processes: number;
  /** Tables that each process works on at once. */
  readonly tables: number;
  readonly identities: number;
  readonly seed: number;
  readonly seconds: number;
  /** Whether the processes agree on whose turn it is, as they do; false shows why. */
  readonly isTakingTurns?: boolean;
  /** Processes that die, and when; the platform brings another one, which has their tables a minute later. */
  readonly deaths?: readonly { readonly process: number; readonly atSeconds: number }[];
  /** When storage stops answering for the rest of the time. */
  readonly storageOutAtSeconds?: number;
  /** Another program that writes in the first identity's name: requests of so many rows, one after another. */
  readonly neighbour?: { readonly rows: number; readonly pauseMs: number; readonly atOnce: number };
}

export interface InstancesResult {
  readonly rowsPerSecond: number;
  /** Of what the identities' budgets permit; 0 to 1. */
  readonly shareOfLimit: number;
  /** Requests refused with 429, of all. */
  readonly refusedShare: number;
  /** Rows per second in each window of service protection. */
  readonly overTime: readonly number[];
  /** Rows of the table with the fewest, against those of the one with the most. */
  readonly leastShare: number;
}

const SLICE_MS = 240_000;
const ROWS_OF_REQUEST = 1_000;
const REQUESTS_OF_PAGE = 5;
/** Map, profiles and present links of a page. */
const READS_OF_PAGE = 3;
/** A dead process's locks are free again after this long. */
const LOCK_MS = 60_000;

/** Lets all processes work for a time on a clock that jumps. The same seed gives the same course. */
export async function simulateInstances(given: Instances): Promise<InstancesResult> {
  const clock = new JumpingClock();
  const organisation = new ModelledOrganisation(clock, given.seed);
  const random = new Random(given.seed, 2);
  const chance = Math.random;
  // Pauses are jittered with it.
  Math.random = () => random.next();
  try {
    const rows = new Map<string, number>();
    const stored = new StoredLeases(clock, random);
    const leases = (isAlive: () => boolean) => new IdentityLeases(stored.connect(isAlive));
    let births = 0;
    for (let process = 0; process < given.processes; process++) {
      const tables = Array.from({ length: given.tables }, (_, n) => `table${process}x${n}`);
      const deaths = (given.deaths ?? []).filter((death) => death.process === process);
      const birthMs = random.whole(0, 10_000);
      void live(
        {
          clock,
          organisation,
          given,
          tables,
          rows,
          leases,
          nextId: () => ++births,
          deaths: deaths.map(({ atSeconds }) => atSeconds * 1000),
        },
        birthMs,
      );
    }
    if (given.neighbour !== undefined) bother(clock, organisation, given.neighbour);
    const { storageOutAtSeconds } = given;
    if (storageOutAtSeconds !== undefined) {
      void clock.sleep(storageOutAtSeconds * 1000).then(() => {
        stored.isOut = true;
      });
    }
    await clock.sleep(given.seconds * 1000);
    return judge(given, organisation, rows);
  } finally {
    clock.stop();
    Math.random = chance;
  }
}

const identityName = (n: number): string => `identity-${n + 1}`;

interface Life {
  readonly clock: JumpingClock;
  readonly organisation: ModelledOrganisation;
  readonly given: Instances;
  readonly tables: readonly string[];
  readonly rows: Map<string, number>;
  readonly deaths: readonly number[];
  readonly leases: (isAlive: () => boolean) => IdentityLeases;
  readonly nextId: () => number;
}

/** One process from its birth to its death, and those that follow it. */
async function live(life: Life, birthMs: number): Promise<void> {
  const {
    clock,
    given,
    tables,
    organisation,
    deaths: [deathMs, ...later],
  } = life;
  await clock.sleep(birthMs - clock.now());
  let isAlive = true;
  const pool = new IdentityPool({
    identities: Array.from({ length: given.identities }, (_, n) => ({
      clientId: identityName(n),
      credential: { getToken: async () => ({ token: identityName(n), expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) },
    })),
    scope: '',
    clock,
    telemetry: silentTelemetry,
    ...(given.isTakingTurns === false
      ? {}
      : {
          sharing: { leases: life.leases(() => isAlive), processId: `process-${life.nextId()}`, epochNow: clock.now },
        }),
    createThrottle: () => new Throttle({ maxConcurrency: model.concurrency, freeBudgetPercent: 0 }),
  });
  const sender = new Sender({
    origin: 'https://organisation',
    pool,
    transport: organisation.connect(() => isAlive),
    clock,
    telemetry: silentTelemetry,
  });
  for (const table of tables) void link(life, sender, table, () => isAlive);
  if (deathMs === undefined) return;
  await clock.sleep(deathMs - clock.now());
  isAlive = false;
  void live({ ...life, deaths: later }, clock.now() + LOCK_MS);
}

/** Links a table that never ends: slices, pages, and what each page reads and writes. */
async function link({ clock, rows }: Life, sender: Sender, table: string, isAlive: () => boolean): Promise<void> {
  while (isAlive()) {
    const slice = new AbortController();
    const endsAt = clock.now() + SLICE_MS;
    void clock.sleep(SLICE_MS).then(() => slice.abort(new Error('The slice is over.')));
    const { signal } = slice;
    while (isAlive() && clock.now() < endsAt) {
      try {
        for (let read = 0; read < READS_OF_PAGE; read++)
          await sender.send({ kind: 'readPage', table, method: 'GET', path: table, what: 'read', signal });
      } catch (error) {
        // An unavailable service: the message comes again after a pause.
        if (isRetryableError(error)) await clock.sleep(30_000);
        continue;
      }
      const requests = Array.from({ length: REQUESTS_OF_PAGE }, async () => {
        await sender.send({
          kind: 'updateMultiple',
          table,
          method: 'POST',
          path: table,
          body: String(ROWS_OF_REQUEST),
          what: 'write',
          rows: ROWS_OF_REQUEST,
          signal,
        });
        rows.set(table, (rows.get(table) ?? 0) + ROWS_OF_REQUEST);
      });
      await Promise.allSettled(requests);
    }
  }
}

/** Another program, which heeds what Retry-After says. */
function bother(
  clock: JumpingClock,
  organisation: ModelledOrganisation,
  { rows, pauseMs, atOnce }: NonNullable<Instances['neighbour']>,
): void {
  const write = async (): Promise<void> => {
    for (;;) {
      const { status, headers } = await organisation.answer(identityName(0), rows);
      await clock.sleep(status === 429 ? Number(headers.get('Retry-After')) * 1000 : pauseMs);
    }
  };
  for (let lane = 0; lane < atOnce; lane++) void write();
}

function judge(
  { seconds, identities, processes, tables }: Instances,
  { written, own }: ModelledOrganisation,
  rows: ReadonlyMap<string, number>,
): InstancesResult {
  const windows = Math.floor(seconds / model.windowSeconds);
  const overTime = new Array<number>(windows).fill(0);
  for (const one of written) {
    const window = Math.floor(one.at / 1000 / model.windowSeconds);
    if (window < windows) overTime[window] = (overTime[window] ?? 0) + one.rows / model.windowSeconds;
  }
  const rowsPerSecond = overTime.reduce((sum, rate) => sum + rate, 0) / windows;
  const byTable = [...rows.values()];
  const least = byTable.length < processes * tables ? 0 : Math.min(...byTable);
  return {
    rowsPerSecond,
    shareOfLimit: rowsPerSecond / (limitRowsPerSecond(model) * identities),
    refusedShare: own.refused / Math.max(1, own.requests),
    overTime: overTime.map(Math.round),
    leastShare: least / Math.max(1, ...byTable),
  };
}
