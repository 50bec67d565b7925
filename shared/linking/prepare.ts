import { createHash } from 'node:crypto';
import type { FeedKind } from '../contracts/feed-kind.ts';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { linkColumn, linkDisplayName, mapTable, profileTable } from '../customer-insights/names.ts';
import { bestFeed } from '../dataverse/change-feed.ts';
import type { LookupMetadata, TableMetadata } from '../dataverse/dataverse.ts';
import { isRefusedDefinition } from '../dataverse/service-failure.ts';
import { RetryableError } from '../errors.ts';
import type { LinkingParts } from './parts.ts';
import { checkTable, refusedColumn, type UnmetRequirement } from './requirements.ts';
import { sampleKeys } from './sample-keys.ts';
import { linkedTableOf, linkOf, relationshipName, takenRelationships } from './table-lookup.ts';
import { type WatermarkOf, watermarkOf } from './watermark-of.ts';

/** What metadata tells a slice about its table; nothing of it is hard-coded. */
export interface TableContext {
  readonly source: SourceTable;
  readonly table: TableMetadata;
  readonly profile: TableMetadata;
  readonly map: TableMetadata;
  /** The lookup towards the profile; undefined only in a rehearsal before the column was ever made. */
  readonly link: LookupMetadata | undefined;
  /** The column was made just now. */
  readonly columnCreated: boolean;
  readonly feed: FeedKind;
  /** Changes when the profile table's columns do. */
  readonly profileSchema: string;
  readonly of: WatermarkOf;
}

export type Preparation =
  | {
      readonly kind: 'ready';
      readonly context: TableContext;
      /** What there is to say of the requirements, though they hold as far as is known. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'skipped'; readonly findings: readonly UnmetRequirement[] };

/**
 * Reads the metadata of a source table, the profile table and the map in one request, checks the requirements that
 * only Dataverse can tell, and makes the lookup column where it is missing (never in a rehearsal).
 * @throws TerminalError where the column may not be made
 */
export async function prepare(
  parts: LinkingParts,
  source: SourceTable,
  {
    mayCreate,
    isBeginning,
    beforeCreate,
    signal,
  }: {
    readonly mayCreate: boolean;
    /** Nothing was done yet: what the app may do is checked too. */
    readonly isBeginning: boolean;
    /** Done before the column is made. */
    readonly beforeCreate: () => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<Preparation> {
  const read = async (strong: boolean) =>
    parts.dataverse.readTables(
      { tables: [source.table, profileTable, mapTable], withColumns: [source.table, profileTable], strong },
      signal,
    );
  let tables = await read(false);
  let columnCreated = false;
  let notes: readonly string[] = [];
  for (;;) {
    const [table, profile, map] = [tables.get(source.table), tables.get(profileTable), tables.get(mapTable)];
    const findings = checkTable({ source, table, profile, map, columns: table?.columns ?? new Map() });
    if (findings.length > 0 || table === undefined || profile === undefined || map === undefined) {
      return { kind: 'skipped', findings };
    }
    const link = linkOf(table);
    if (isBeginning && !columnCreated) {
      const taken = (await takenRelationships(parts.dataverse, [table], signal)).get(source.table);
      const privileges = (await parts.checkPrivileges([linkedTableOf(table, map)], signal)).get(source.table);
      const found = [...(taken === undefined ? [] : [taken]), ...(privileges?.findings ?? [])];
      if (found.length > 0) return { kind: 'skipped', findings: found };
      notes = privileges?.notes ?? [];
      const unseen = link === undefined ? [{ source, table }] : [];
      const { elsewhere } = (await sampleKeys(parts.dataverse, map, unseen, signal)).get(source.table) ?? {};
      if (elsewhere !== undefined) return { kind: 'skipped', findings: [elsewhere] };
    }
    if (link !== undefined || !mayCreate) {
      return {
        kind: 'ready',
        notes,
        context: {
          source,
          table,
          profile,
          map,
          link,
          columnCreated,
          feed: bestFeed(map),
          profileSchema: fingerprint(profile),
          of: watermarkOf(
            { id: await parts.organisationId(signal), origin: parts.options.dataverseUrl },
            source,
            map,
            link,
          ),
        },
      };
    }
    if (columnCreated)
      throw new RetryableError(`${linkColumn} was made on ${source.table} and cannot be seen yet`, {
        retryAfterMs: 30_000,
      });
    await beforeCreate();
    let made: 'created' | 'exists';
    try {
      made = await parts.dataverse.createLookup(
        {
          table,
          referencedTable: profile,
          schemaName: linkColumn,
          displayName: linkDisplayName,
          description: 'Unified customer profile of this row',
          relationshipSchemaName: relationshipName(table.logicalName),
        },
        signal,
      );
    } catch (error) {
      if (!isRefusedDefinition(error)) throw error;
      return { kind: 'skipped', findings: [refusedColumn(source.table, error)] };
    }
    columnCreated = made === 'created';
    tables = await read(true);
    if (made === 'exists') {
      // Somebody else made it a moment ago; whether it is ours, the next round tells.
      const nowThere = tables.get(source.table)?.lookups.some(({ column }) => column === linkColumn);
      if (!nowThere)
        throw new RetryableError(`${linkColumn} of ${source.table} cannot be seen yet`, { retryAfterMs: 30_000 });
    }
  }
}

const fingerprint = (table: TableMetadata): string =>
  createHash('sha256')
    .update(
      [...table.columns]
        .map(([name, type]) => `${name}:${type}`)
        .sort()
        .join('\n'),
    )
    .digest('hex')
    .slice(0, 16);
