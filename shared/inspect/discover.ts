import { z } from 'zod';
import { type SourceTable, type UnificationSetup, unificationSetupSchema } from '../contracts/unification-setup.ts';
import { mapTable } from '../customer-insights/names.ts';
import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { TerminalError } from '../errors.ts';
import { type MapSource, mapSources } from './map-sources.ts';
import { type Candidate, matchSource } from './match-source.ts';

export const discoveredSourceSchema = z.object({
  dataSource: z.string(),
  entity: z.string(),
  /** Logical name of the table it is; absent where none was found. */
  table: z.string().optional(),
  certainty: z.enum(['certain', 'guessed', 'skipped']),
  reason: z.string(),
});
export type DiscoveredSource = z.infer<typeof discoveredSourceSchema>;

export const discoverySchema = z.object({
  /** Ready for the setting BACKSTAMP_UNIFICATION; absent where no source table was found. */
  setup: unificationSetupSchema.optional(),
  sources: z.array(discoveredSourceSchema),
  /** What no data tells and was assumed; to be read before the set-up is used. */
  assumptions: z.array(z.string()),
});
export type Discovery = z.infer<typeof discoverySchema>;

/** Reading a few rows of some dozens of sources takes seconds; what takes longer does not answer, in milliseconds. */
const limitMs = 120_000;

const assumptions = [
  'The environment is for individual customers and writes its output to Dataverse: with any other there would be nothing to link.',
  'Each table is ingested through the Microsoft Dataverse connector: set "connector" to "powerQueryDataverse" or "other" where it is not.',
  "The primary key chosen in unification is each table's own: the keys looked up agree.",
];

/** Reads the map and says which tables it is about, with a set-up ready to use. Changes nothing. */
export async function discover(dataverse: InspectableDataverse): Promise<Discovery> {
  const signal = AbortSignal.timeout(limitMs);
  const map = (await dataverse.readTables({ tables: [mapTable] }, signal)).get(mapTable);
  if (map === undefined) {
    throw new TerminalError(
      `The organisation has no table ${mapTable}. Link Customer Insights - Data to this Dataverse environment and unify once; check DATAVERSE_URL.`,
    );
  }
  const candidates = await readCandidates(dataverse, signal);
  const sources: DiscoveredSource[] = [];
  const tables: SourceTable[] = [];
  const taken = new Set<string>();
  for await (const source of mapSources(dataverse, map, signal)) {
    const match = await matchSource(dataverse, source, candidates, signal);
    const { dataSource, entity } = source;
    if (match.kind === 'none') {
      sources.push({ dataSource, entity, certainty: 'skipped', reason: match.reason });
    } else if (taken.has(match.candidate.table)) {
      const reason = `${match.reason} Another source of the map is this table already; a table can be linked from one source only.`;
      sources.push({ dataSource, entity, table: match.candidate.table, certainty: 'skipped', reason });
    } else {
      taken.add(match.candidate.table);
      tables.push(toSourceTable(source, match.candidate));
      sources.push({ dataSource, entity, table: match.candidate.table, certainty: match.kind, reason: match.reason });
    }
  }
  const setup: UnificationSetup = { environmentKind: 'individual', output: 'dataverse', tables };
  return { ...(tables.length === 0 ? {} : { setup }), sources, assumptions };
}

const toSourceTable = ({ dataSource, entity }: MapSource, { table, primaryId }: Candidate): SourceTable => ({
  table,
  dataSource,
  entity,
  connector: 'dataverse',
  primaryKey: primaryId,
});

/** Every table that could be a source: the map's and the profile's own family, and virtual tables, cannot. */
async function readCandidates(dataverse: InspectableDataverse, signal: AbortSignal): Promise<Candidate[]> {
  const path =
    'EntityDefinitions?$select=LogicalName,DisplayName,EntitySetName,PrimaryIdAttribute,TableType' +
    `&$filter=${encodeURIComponent("TableType ne 'Virtual'")}`;
  const { value } = await dataverse.readObject(path, "read the organisation's tables", signal);
  const definitions = (value ?? []) as {
    LogicalName: string;
    DisplayName?: { UserLocalizedLabel?: { Label?: string } | null };
    EntitySetName: string | null;
    PrimaryIdAttribute: string | null;
    TableType: string | null;
  }[];
  return definitions
    .filter(({ LogicalName, TableType }) => TableType !== 'Virtual' && !LogicalName.startsWith('msdynci_'))
    .map((definition) => ({
      table: definition.LogicalName,
      displayName: definition.DisplayName?.UserLocalizedLabel?.Label ?? definition.LogicalName,
      entitySetName: definition.EntitySetName ?? '',
      primaryId: definition.PrimaryIdAttribute ?? '',
    }))
    .filter(({ entitySetName, primaryId }) => entitySetName !== '' && primaryId !== '');
}
