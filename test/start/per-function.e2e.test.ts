import { expect, it } from 'vitest';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { playScenario, prepareScenario } from '../../local/start/scenario.ts';
import { startTestStack } from '../support/stack.ts';

it('links the sample organisation where each function runs in a process of its own, as on Flex Consumption', async () => {
  const scenario = await prepareScenario({ rows: 2000, data: undefined });
  const stack = await startTestStack({
    perFunctionProcesses: true,
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(scenario.organisation)),
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
    },
  });
  let shown = '';
  try {
    const isRight = await playScenario(stack, scenario, (text) => {
      shown += text;
    });

    expect(isRight, shown).toBe(true);
  } finally {
    await stack.stop();
  }
});
