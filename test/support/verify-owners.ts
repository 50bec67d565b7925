import { businessUnits, regionColumn, teamNameOf } from '../../local/sample/business-units.ts';
import type { GeneratedOrganisation } from '../../local/sample/generator.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { localClientId } from '../../local/stack.ts';
import { ownedTables, type UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { createDataverse } from '../../shared/dataverse/client.ts';
import { createIdentities } from '../../shared/dataverse/identities.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';

/** The set-up that gives the sample's units their customers; those named here, or all. */
export const owningSetup = (
  organisation: GeneratedOrganisation,
  units: readonly { readonly name: string }[] = businessUnits,
): UnificationSetup => ({
  ...unificationSetup(organisation),
  businessUnits: {
    ownership: { column: regionColumn },
    teams: units.map(({ name }) => ({ businessUnit: name, team: teamNameOf({ name }), values: [name] })),
  },
});

/** What was found of a table's owners. */
export interface OwnersCheck {
  readonly table: string;
  readonly rows: number;
  /** Ids of rows that somebody else owns than should. */
  readonly wrong: readonly string[];
}

/** The stand-in as the app's own identity sees it. */
const connectTo = (url: string) =>
  createDataverse({
    url,
    identities: createIdentities(url, [localClientId]),
    telemetry: silentTelemetry,
    maxConcurrency: 4,
    freeBudgetPercent: 0,
    bypass: { customLogic: 'none', flows: false },
  });

/** Id of the team that came with the root unit. */
export async function rootTeam(url: string): Promise<string> {
  const request = { entitySetName: 'teams', select: ['teamid'], filter: 'isdefault eq true', pageSize: 1 };
  return String((await connectTo(url).readPage(request)).rows[0]?.teamid);
}

/** Reads every row of the owned tables back, and compares its owner with the team that its customer calls for. */
export async function verifyOwners(
  url: string,
  teamOf: (customerId: string, root: string) => string,
): Promise<OwnersCheck[]> {
  const dataverse = connectTo(url);
  const root = await rootTeam(url);
  const tables = await dataverse.readTables({ tables: ownedTables });
  const checks: OwnersCheck[] = [];
  for (const { logicalName, entitySetName, primaryId } of tables.values()) {
    const wrong: string[] = [];
    let rows = 0;
    let nextLink: string | undefined;
    do {
      const select = ['msdynci_customerid', '_ownerid_value'];
      const page = await dataverse.readPage({ entitySetName, select, pageSize: 5000, nextLink });
      rows += page.rows.length;
      for (const row of page.rows) {
        const wanted = teamOf(String(row.msdynci_customerid), root);
        if (row._ownerid_value !== wanted) wrong.push(String(row[primaryId]));
      }
      nextLink = page.nextLink;
    } while (nextLink !== undefined);
    checks.push({ table: logicalName, rows, wrong });
  }
  return checks;
}
