import type { ProfileAnswer } from '../contracts/profile.ts';
import type { UnificationSetup } from '../contracts/unification-setup.ts';
import { linkValue } from '../customer-insights/names.ts';
import type { MapReader } from '../customer-insights/place-in-map.ts';
import type { PersonalDataverse, Read } from '../dataverse/dataverse.ts';
import type { PendingRows } from '../state/pending-rows.ts';
import { insightTables, isLinkableSource } from './insight-tables.ts';
import { patiently } from './patiently.ts';
import { readProfile } from './read-profile.ts';
import { type Unlinked, unlinked, whyUnlinked } from './why-unlinked.ts';

/** What it takes to tell of the profile behind a row. */
export interface InsightParts {
  readonly dataverse: PersonalDataverse;
  readonly pendingRows: Pick<PendingRows, 'among'>;
  readonly mapIndex: MapReader['mapIndex'];
  readonly options: { readonly setup: UnificationSetup };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The profile behind a source row, or why there is none; undefined where there is no such row that the caller may read.
 * Two requests once metadata is known: the row's link, then the profile with all tables about it in one `$batch`.
 *
 * @param row `id` is a GUID in lower case
 * @param caller Entra object id of whoever asks; without one the application reads with its own rights
 */
export function showInsight(
  parts: InsightParts,
  row: { readonly table: string; readonly id: string },
  caller: string | undefined,
): Promise<ProfileAnswer | undefined> {
  return patiently(parts, (signal) => answer(parts, row, caller, signal));
}

async function answer(
  parts: InsightParts,
  { table, id }: { readonly table: string; readonly id: string },
  caller: string | undefined,
  signal: AbortSignal,
): Promise<ProfileAnswer | undefined> {
  const { dataverse, options, now } = parts;
  const sources = options.setup.tables.map((source) => source.table);
  const source = options.setup.tables.find((candidate) => candidate.table === table);
  if (source === undefined) return undefined;
  const tables = await insightTables(dataverse, sources, now());
  const metadata = tables.sources.get(table);
  if (metadata === undefined) return undefined;

  const readTogether = (reads: readonly Read[]) => dataverse.readTogether(reads, caller, signal);
  const isLinkable = isLinkableSource(tables, table);
  const select = isLinkable ? [metadata.primaryId, linkValue] : [metadata.primaryId];
  const [found] = await readTogether([{ entitySetName: metadata.entitySetName, select, id }]);
  const sourceRow = found?.kind === 'rows' ? found.rows[0] : undefined;
  if (sourceRow === undefined) return undefined;

  const no = (why: Unlinked): ProfileAnswer => ({ linked: false, table, id, ...why });
  const { profile } = tables;
  if (!isLinkable || profile === undefined) return no(unlinked('noColumn'));
  const withProfile = { ...tables, profile };
  const link = sourceRow[linkValue];
  if (typeof link !== 'string') return no(await whyUnlinked(parts, { source, id }, withProfile, readTogether, signal));
  const reading = await readProfile(withProfile, link, readTogether);
  // Whether a profile of another unit exists is nobody's business there.
  const isKeptApart = caller !== undefined && options.setup.businessUnits !== undefined;
  if (reading.kind === 'denied' || (reading.kind === 'missing' && isKeptApart)) return no(unlinked('notVisible'));
  if (reading.kind === 'missing') return no(unlinked('orphan'));
  return { linked: true, table, id, profile: reading.profile };
}
