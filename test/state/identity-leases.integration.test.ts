import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../shared/dataverse/clock.ts';
import { IdentityTurn } from '../../shared/dataverse/identity-turn.ts';
import { Throttle } from '../../shared/dataverse/throttle.ts';
import { IdentityLeases } from '../../shared/state/identity-leases.ts';
import { TableStorage } from '../../shared/state/table-storage.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { type Azurite, startAzurite } from '../support/azurite.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite?.stop());

it('of processes that begin at once one has the turn in Table Storage, and hands it to the others with what it spent', async () => {
  // The table is made before anybody waits for it.
  await new IdentityLeases(new TableStorage(azurite.open('Leases'))).read('identity');
  const coming: (() => void)[] = [];
  const start = () => {
    const process = { isWaiting: true };
    const throttle = new Throttle({ maxConcurrency: 8, freeBudgetPercent: 0 });
    const turn = new IdentityTurn({
      clientId: 'identity',
      throttle,
      leases: new IdentityLeases(new TableStorage(azurite.open('Leases'))),
      processId: randomUUID(),
      clock: systemClock,
      epochNow: Date.now,
      telemetry: silentTelemetry,
      isWaiting: () => process.isWaiting,
      onChange: () => coming.shift()?.(),
    });
    turn.want();
    return Object.assign(process, { throttle, isOn: () => turn.admits('write', systemClock.now()) });
  };
  const all = [start(), start(), start()];
  let spentMs = 0;
  const served = new Set<(typeof all)[number]>();
  while (served.size < all.length) {
    const on = all.filter(({ isOn }) => isOn());
    expect(on.length).toBeLessThanOrEqual(1);
    for (const process of on.filter((one) => !served.has(one))) {
      expect(process.throttle.budgetUsed(systemClock.now())).toBeCloseTo(spentMs / (1_200_000 * 0.985), 2);
      process.throttle.start(systemClock.now());
      process.throttle.finish(systemClock.now(), { durationMs: 100_000 });
      spentMs += 100_000;
      process.isWaiting = false;
      served.add(process);
    }
    await new Promise<void>((resolve) => coming.push(resolve));
  }
});
