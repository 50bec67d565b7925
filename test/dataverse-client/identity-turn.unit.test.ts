import { describe, expect, it } from 'vitest';
import { Random } from '../../local/sample/random.ts';
import { IdentityTurn } from '../../shared/dataverse/identity-turn.ts';
import { Throttle } from '../../shared/dataverse/throttle.ts';
import { IdentityLeases } from '../../shared/state/identity-leases.ts';
import { silentTelemetry, type Telemetry } from '../../shared/telemetry/telemetry.ts';
import { JumpingClock } from '../scale/jumping-clock.ts';
import { StoredLeases } from '../scale/stored-leases.ts';

/** Processes with one identity, on a clock that jumps. */
function createProcesses() {
  const clock = new JumpingClock();
  const stored = new StoredLeases(clock, new Random(1));
  const warnings: string[] = [];
  const telemetry: Telemetry = { ...silentTelemetry, log: (_level, message) => void warnings.push(message) };
  const start = (processId: string) => {
    const process = { isAlive: true, isWaiting: true, frozenUntil: 0 };
    /** A process that is frozen wakes when it is frozen no more, however early its timers were due. */
    const sleep = async (ms: number) => {
      await clock.sleep(ms);
      while (process.frozenUntil > clock.now()) await clock.sleep(process.frozenUntil - clock.now());
    };
    const throttle = new Throttle({ maxConcurrency: 8, freeBudgetPercent: 0 });
    const turn = new IdentityTurn({
      clientId: 'identity',
      throttle,
      leases: new IdentityLeases(stored.connect(() => process.isAlive)),
      processId,
      clock: { now: clock.now, sleep },
      epochNow: clock.now,
      telemetry,
      isWaiting: () => process.isWaiting,
      onChange: () => undefined,
    });
    turn.want();
    return Object.assign(process, { turn, throttle, mayWrite: () => turn.admits('write', clock.now()) });
  };
  return { clock, stored, warnings, start };
}

describe('the turn of a process with an identity', () => {
  it('comes at once where nobody else has it', async () => {
    const { clock, start } = createProcesses();
    const one = start('one');
    expect(one.mayWrite()).toBe(false);
    await clock.sleep(500);

    expect(one.mayWrite()).toBe(true);
  });

  it('is never that of two, and goes round among those that work without end', async () => {
    const { clock, start } = createProcesses();
    const all = ['one', 'two', 'three'].map(start);
    const had = new Set<number>();
    for (let second = 0; second < 400; second++) {
      await clock.sleep(1_000);
      const those = all.flatMap((process, n) => (process.mayWrite() ? [n] : []));
      expect(those.length).toBeLessThanOrEqual(1);
      for (const n of those) had.add(n);
    }
    expect(had.size).toBe(3);
  });

  it('is handed over within seconds by who has nothing left to send', async () => {
    const { clock, start } = createProcesses();
    const one = start('one');
    await clock.sleep(1_000);
    const two = start('two');
    await clock.sleep(3_000);
    expect([one.mayWrite(), two.mayWrite()]).toEqual([true, false]);
    one.isWaiting = false;
    await clock.sleep(5_000);

    expect([one.mayWrite(), two.mayWrite()]).toEqual([false, true]);
  });

  it('is lost within seconds by who dies', async () => {
    const { clock, start } = createProcesses();
    const one = start('one');
    await clock.sleep(1_000);
    const two = start('two');
    await clock.sleep(3_000);
    expect(two.mayWrite()).toBe(false);
    one.isAlive = false;
    await clock.sleep(12_000);

    expect(two.mayWrite()).toBe(true);
  });

  it('is not taken for granted by who was frozen for a minute and wakes up', async () => {
    const { clock, start } = createProcesses();
    const one = start('one');
    await clock.sleep(1_000);
    const two = start('two');
    await clock.sleep(3_000);
    expect([one.mayWrite(), two.mayWrite()]).toEqual([true, false]);
    one.frozenUntil = clock.now() + 60_000;
    await clock.sleep(59_999);
    expect(two.mayWrite()).toBe(true);
    for (let awake = 0; awake < 5_000; awake += 10) {
      await clock.sleep(10);
      expect(one.mayWrite() && two.mayWrite()).toBe(false);
    }
  });

  it('is not that of two where a write was done that seemed to fail, and its process was slow to look', async () => {
    for (let slowMs = 6_000; slowMs < 10_000; slowMs += 500) {
      const { clock, stored, start } = createProcesses();
      const one = start('one');
      await clock.sleep(1_000);
      const two = start('two');
      await clock.sleep(3_000);
      stored.failsAfter = (document) => {
        const isOurs = document.holder === 'one' && document.isTaken === true && one.frozenUntil === 0;
        if (isOurs) one.frozenUntil = clock.now() + slowMs;
        return isOurs;
      };
      for (let passed = 0; passed < 16_000; passed += 100) {
        await clock.sleep(100);
        expect(one.mayWrite() && two.mayWrite(), `after ${slowMs} ms`).toBe(false);
      }
    }
  });

  it('brings what others have spent, and the pause that they were asked for', async () => {
    const { clock, start } = createProcesses();
    const one = start('one');
    await clock.sleep(1_000);
    one.throttle.start(clock.now());
    one.throttle.finish(clock.now(), { durationMs: 600_000 });
    one.throttle.stop(clock.now() + 100_000);
    await clock.sleep(3_000);
    const two = start('two');
    await clock.sleep(3_000);
    one.isWaiting = false;
    await clock.sleep(5_000);

    expect(two.mayWrite()).toBe(true);
    expect(two.throttle.budgetUsed(clock.now())).toBeGreaterThan(0.5);
    expect(two.throttle.admit(clock.now())).toMatchObject({ admitted: false, cause: 'retryAfter' });
  });

  it('is not awaited for a few reads', async () => {
    const { clock, start } = createProcesses();
    start('one');
    await clock.sleep(1_000);
    const two = start('two');
    for (let read = 0; read < 30; read++) {
      expect(two.turn.admits('read', clock.now())).toBe(true);
      two.turn.sent(clock.now());
    }
    expect(two.turn.admits('read', clock.now())).toBe(false);
    await clock.sleep(16_000);

    expect(two.turn.admits('read', clock.now())).toBe(true);
  });

  it('is done without where storage answers nothing, one request at a time, and it says so once', async () => {
    const { clock, stored, warnings, start } = createProcesses();
    stored.isOut = true;
    const one = start('one');
    await clock.sleep(5_000);
    expect(one.mayWrite()).toBe(false);
    await clock.sleep(20_000);
    expect(one.mayWrite()).toBe(true);
    one.throttle.start(clock.now());
    expect(one.mayWrite()).toBe(false);
    expect(warnings).toHaveLength(1);
    stored.isOut = false;
    await clock.sleep(5_000);

    expect(one.mayWrite()).toBe(true);
  });
});
