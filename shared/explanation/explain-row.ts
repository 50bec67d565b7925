import type { Explanation } from '../contracts/explanation.ts';
import type { SourceTable, UnificationSetup } from '../contracts/unification-setup.ts';
import { guidAt } from '../customer-insights/guid.ts';
import type { MapEntry } from '../customer-insights/map-row.ts';
import { linkValue, mapColumns } from '../customer-insights/names.ts';
import { unitColumn, unitValue } from '../customer-insights/owner-columns.ts';
import { mapRowsNaming } from '../customer-insights/place-in-map.ts';
import type { Row, TableMetadata } from '../dataverse/dataverse.ts';
import { type InsightTables, insightTables, isLinkableSource } from '../insight/insight-tables.ts';
import { patiently } from '../insight/patiently.ts';
import type { InsightParts } from '../insight/show-insight.ts';
import type { LinkingParts } from '../linking/parts.ts';
import type { LinkStates } from '../state/link-states.ts';
import type { RowOutcomes } from '../state/row-outcomes.ts';
import { CustomerRing } from './customer-ring.ts';
import { changesOf, earlierCustomers } from './earlier-customers.ts';
import { holdingBack } from './holding-back.ts';
import { nextStep } from './next-step.ts';
import { choiceOf, mapRowsTold, mostMapRows } from './place-told.ts';
import { foundOrNot, type ProfileKnown, ProfilesRead } from './profiles-read.ts';
import { Reads } from './reads.ts';
import { type RequirementParts, requirementsOf } from './requirements-of.ts';

/** What it takes to explain a row. */
export interface ExplanationParts extends InsightParts, RequirementParts {
  readonly rowOutcomes: Pick<RowOutcomes, 'ofRowInAllRuns'>;
  readonly linkStates: Pick<LinkStates, 'load'>;
  readonly ownUsers: LinkingParts['ownUsers'];
  readonly options: { readonly setup: UnificationSetup; readonly dataverseUrl: string };
}

interface Named {
  readonly table: string;
  /** A GUID in lower case. */
  readonly id: string;
}

/**
 * Why a source row has the link that it has, or none; undefined where there is no such row that the caller may read.
 *
 * Once metadata and requirements are known, three requests: the row and its map rows side by side, then all that those name in one
 * `$batch`; and at most three reads of the state. The map stands in the root business unit, so the application reads it;
 * rows and profiles are read in the name of whoever asks.
 * @param caller Entra object id of whoever asks; without one the application reads with its own rights
 */
export function explainRow(
  parts: ExplanationParts,
  row: Named,
  caller: string | undefined,
): Promise<Explanation | undefined> {
  return patiently(parts, (signal) => explain(parts, row, caller, signal));
}

async function explain(
  parts: ExplanationParts,
  named: Named,
  caller: string | undefined,
  signal: AbortSignal,
): Promise<Explanation | undefined> {
  const { dataverse, options, now } = parts;
  const { businessUnits, tables: sources } = options.setup;
  const source = sources.find(({ table }) => table === named.table);
  if (source === undefined) return undefined;
  const names = sources.map(({ table }) => table);
  const tables = await insightTables(dataverse, names, now());
  const metadata = tables.sources.get(named.table);
  if (metadata === undefined) return undefined;
  const isKeptApart = caller !== undefined && businessUnits !== undefined;
  const withUnit = businessUnits?.acrossUnits === 'leaveUnlinked' && hasLookup(metadata, unitColumn);
  const first = await readFirst(parts, { ...named, source, tables, metadata, withUnit }, caller, signal);
  if (first === undefined) return undefined;
  const { row, naming, past, requirements, ownIds } = first;

  const reads = new Reads();
  const profiles = new ProfilesRead(reads, tables.profile, { isKeptApart, withUnit });
  for (const { entry } of naming) profiles.wantOf(entry);
  const link = guidAt(row, linkValue);
  if (link !== undefined) profiles.want(link);
  const changes = changesOf(past, profiles);
  const rings = naming.map((one) => new CustomerRing(reads, one, source, sources, tables));
  const changed = whoChanged(row, ownIds, reads);
  await reads.send(dataverse, caller, signal);

  const entries = naming.map(({ entry }) => entry);
  const known = (entry: MapEntry) => profiles.of(entry);
  const choice = choiceOf(entries, known);
  const unit = withUnit ? guidAt(row, unitValue) : undefined;
  const step = nextStep({ requirements, choice, entries, known, link, unit });
  const { hold, ...back } = await holdingBack(parts, named, step, past);
  const ring = rings.find((one) => one.entry === choice?.entry);
  return {
    ...named,
    ...(link === undefined ? {} : { link: linkTold(link, profiles.get(link)) }),
    requirements: [...requirements],
    mapRows: mapRowsTold(naming, choice, known),
    ...(ring === undefined ? {} : ring.told(known(ring.entry), isKeptApart)),
    earlier: earlierCustomers(changes, profiles),
    ...back,
    // A hold is about rows of every unit.
    ...(hold === undefined || isKeptApart ? {} : { hold }),
    ...changed(),
    notKnown,
  };
}

/** What is read before anything else can be asked; undefined where there is no such row that the caller may read. */
async function readFirst(
  parts: ExplanationParts,
  about: Named & {
    readonly source: SourceTable;
    readonly tables: InsightTables;
    readonly metadata: TableMetadata;
    readonly withUnit: boolean;
  },
  caller: string | undefined,
  signal: AbortSignal,
) {
  const { table, id, source, tables, metadata, withUnit } = about;
  const { map } = tables;
  const select = rowColumns(metadata, isLinkableSource(tables, table), withUnit);
  const [[found], naming, past, requirements, ownIds] = await Promise.all([
    parts.dataverse.readTogether([{ entitySetName: metadata.entitySetName, select, id }], caller, signal),
    map === undefined ? [] : mapRowsNaming(parts, { source, map }, [id], signal, [mapColumns.keyRing]),
    parts.rowOutcomes.ofRowInAllRuns(table, id),
    requirementsOf(parts, source, tables, signal),
    parts.ownUsers(signal),
  ]);
  const row = found?.kind === 'rows' ? found.rows[0] : undefined;
  const newestFirst = naming.sort((a, b) => b.entry.version - a.entry.version).slice(0, mostMapRows);
  return row && { row, naming: newestFirst, past, requirements, ownIds };
}

const linkTold = (profileId: string, profile: ProfileKnown): NonNullable<Explanation['link']> => ({
  profileId: profile === 'hidden' ? null : profileId,
  customerId: foundOrNot(profile)?.customerId ?? null,
});

const notKnown = [
  'Dataverse does not hold which rule matched this row, nor with what score. Customer Insights - Data has it: Data, Unify, Matching conditions.',
  'Dataverse tells who changed a row last, not who changed its link; where auditing is on, the audit history of the row tells that.',
];

const hasLookup = ({ lookups }: TableMetadata, column: string): boolean =>
  lookups.some((lookup) => lookup.column === column);

const [changedBy, changedOn] = ['modifiedby', 'modifiedon'];

function rowColumns(table: TableMetadata, isLinkable: boolean, withUnit: boolean): string[] {
  return [
    table.primaryId,
    ...(isLinkable ? [linkValue] : []),
    // A table whose rows tell who changed them tells when, too.
    ...(hasLookup(table, changedBy) ? [`_${changedBy}_value`, changedOn] : []),
    ...(withUnit ? [unitValue] : []),
  ];
}

/** Who changed the row last; the name travels with the batch. */
function whoChanged(row: Row, ownIds: readonly string[], reads: Reads): () => Pick<Explanation, 'changed'> {
  const by = guidAt(row, `_${changedBy}_value`);
  const at = row[changedOn];
  if (typeof at !== 'string') return () => ({});
  const user = by === undefined ? undefined : reads.add({ entitySetName: 'systemusers', select: ['fullname'], id: by });
  return () => {
    const answer = user?.();
    const name = answer?.kind === 'rows' ? answer.rows[0]?.fullname : undefined;
    return {
      changed: {
        at,
        by: by ?? null,
        byName: typeof name === 'string' ? name : null,
        isThisApp: by !== undefined && ownIds.includes(by),
      },
    };
  };
}
