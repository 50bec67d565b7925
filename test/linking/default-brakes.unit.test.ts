import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCsvOrganisation } from '../../local/sample/csv-organisation.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import {
  type LinkTruth,
  type Organisation,
  type Row,
  type TableDefinition,
  unificationSetup,
} from '../../local/sample/organisation.ts';
import { secondUnification } from '../../local/sample/second-unification.ts';
import { settingsSchema } from '../../shared/settings.ts';
import type { Simulation } from '../support/simulation.ts';
import { smallOrganisation } from '../support/small-organisation.ts';
import { linkStateOf, taskOf } from '../support/state-of.ts';

const febrl = resolve(fileURLToPath(new URL('../../', import.meta.url)), '../shared/data/febrl');

/** The limits of an app whose settings name none. */
const shape = settingsSchema.shape;
const limits = {
  orphanLimitPercent: shape.BACKSTAMP_ORPHAN_LIMIT_PERCENT.parse(undefined),
  moveLimitPercent: shape.BACKSTAMP_MOVE_LIMIT_PERCENT.parse(undefined),
  profileLimitPercent: shape.BACKSTAMP_PROFILE_LIMIT_PERCENT.parse(undefined),
};

/** What linking reads and writes of an organisation. */
const isNeeded = ({ sourceTables }: LinkTruth, table: string): boolean =>
  table === 'msdynci_alternatekey' ||
  table === 'msdynci_customerprofile' ||
  sourceTables.some((source) => source.table === table);

/** A row as Dataverse gives it: a lookup's value stands under a name of its own. */
function stored({ columns }: TableDefinition, row: Row): Record<string, unknown> {
  const lookups = new Set(columns.filter(({ type }) => type === 'Lookup').map(({ logicalName }) => logicalName));
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [lookups.has(name) ? `_${name}_value` : name, value]),
  );
}

function loaded(organisation: Organisation): Simulation {
  const options = { ...limits, setup: unificationSetup(organisation), pageSize: 5_000, sliceMs: 600_000 };
  const simulation = smallOrganisation({ contacts: 0, leads: 0 }, options);
  simulation.organisation.bulkSize = 1_000;
  for (const table of organisation.tables) {
    if (!isNeeded(organisation, table.logicalName)) continue;
    simulation.organisation.createTable({
      ...table,
      entitySetName: table.entitySetName ?? `${table.logicalName}s`,
      columns: new Map([
        [table.primaryId, 'Uniqueidentifier'],
        ['modifiedon', 'DateTime'],
        ['modifiedby', 'Lookup'],
        ...table.columns.map(({ logicalName, type }) => [logicalName, type] as const),
      ]),
    });
    for (const row of organisation.rowsOf(table.logicalName))
      simulation.organisation.put(table.logicalName, String(row[table.primaryId]), stored(table, row));
  }
  return simulation;
}

/** An event is answered: every link is right, and nothing was held. */
async function expectNothingHeld(simulation: Simulation, truth: LinkTruth, eventId: string): Promise<void> {
  simulation.clock.advance(3_600_000);
  const runId = simulation.post({ eventId });
  await simulation.run();
  for (const { table } of truth.sourceTables) {
    expect(taskOf(simulation, runId, table).status, `${eventId} on ${table}`).toBe('Successful');
    expect(linkStateOf(simulation, table).linking?.holds).toEqual([]);
    const right = [...truth.truth(table)].flatMap(({ id, profileId }) => (profileId === null ? [] : [[id, profileId]]));
    expect([...simulation.organisation.links(table)].sort()).toEqual(right.sort());
  }
}

describe('the brakes as they are unless a setting says otherwise', () => {
  it('I12 hold nothing of the sample organisation, in its first event and its second', async () => {
    const organisation = generateOrganisation({ rows: 20_000, seed: 20_261_122 });
    const simulation = loaded(organisation);
    await expectNothingHeld(simulation, organisation, 'first');
    const second = secondUnification(organisation);
    for (const table of organisation.tables) {
      if (!isNeeded(organisation, table.logicalName)) continue;
      for (const change of second.changes.get(table.logicalName) ?? []) {
        if (typeof change.$delete === 'string') simulation.organisation.remove(table.logicalName, change.$delete);
        else {
          const row = change as Row;
          simulation.organisation.put(table.logicalName, String(row[table.primaryId]), stored(table, row));
        }
      }
    }
    await expectNothingHeld(simulation, second, 'second');
  });

  it.skipIf(!existsSync(febrl) /* the public data set is not part of the repository */)(
    'I12 hold nothing of FEBRL, in its first event and its second',
    async () => {
      const organisation = await readCsvOrganisation(febrl);
      const simulation = loaded(organisation);
      await expectNothingHeld(simulation, organisation, 'first');
      await expectNothingHeld(simulation, organisation, 'second');
    },
  );
});
