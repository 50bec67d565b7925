import { createInterface } from 'node:readline';
import type { Assignment, Performance } from './contender.ts';
import { createLinker, type Linker } from './contenders/backstamp.ts';

/**
 * A process of one contender: `node worker.ts <name> <assignment as JSON>`. Each line on its input makes it work once and answer
 * with one line of JSON; it ends with its input. Backstamp keeps what it knows between two lines, as between two runs.
 */
const [name = '', json = '{}'] = process.argv.slice(2);
const assignment = JSON.parse(json) as Assignment;

let linker: Linker | undefined;

async function work(): Promise<Performance> {
  switch (name) {
    case 'backstamp':
      linker ??= createLinker(assignment);
      return linker.pass();
    case 'updateMultiple': {
      const { updateMultiple } = await import('./contenders/update-multiple.ts');
      return updateMultiple(assignment);
    }
    case 'rowByRow': {
      const { rowByRow } = await import('./contenders/dynamics-web-api.ts');
      return rowByRow(assignment);
    }
    case 'inBatches': {
      const { inBatches } = await import('./contenders/dynamics-web-api.ts');
      return inBatches(assignment);
    }
    default:
      throw new Error(`There is no contender "${name}".`);
  }
}

for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await work())}\n`);
}
