import type { SourceTable } from '../contracts/unification-setup.ts';
import { mapTable, profileTable } from '../customer-insights/names.ts';
import type { LinkingParts } from './parts.ts';
import { checkSetup, checkTable, type UnmetRequirement } from './requirements.ts';

/** How long Dataverse is asked for the rest of a skipped table's findings, in milliseconds. */
const answerWithinMs = 10_000;

/**
 * Why tables are to be skipped, by table; empty where all of them qualify as far as the set-up tells. A table that
 * fails a rule of the set-up is held against Dataverse's rules too, so that its administrator sees everything at once.
 * What cannot be asked now is said, and keeps nothing from going on.
 */
export async function skipFindings(
  parts: Pick<LinkingParts, 'dataverse' | 'options'>,
  sources: readonly SourceTable[],
): Promise<Map<string, UnmetRequirement[]>> {
  const { setup, dataverseUrl } = parts.options;
  const found = new Map<string, UnmetRequirement[]>();
  for (const source of sources) {
    const findings = checkSetup({ setup, source, dataverseUrl });
    if (findings.length > 0) found.set(source.table, findings);
  }
  const skipped = sources.filter(({ table }) => found.has(table));
  if (skipped.length === 0) return found;

  const names = skipped.map(({ table }) => table);
  const request = { tables: [...names, profileTable, mapTable], withColumns: names };
  const metadata = await parts.dataverse
    .readTables(request, AbortSignal.timeout(answerWithinMs))
    // Whatever keeps Dataverse from answering: the set-up's findings stand by themselves.
    .catch(() => undefined);
  for (const source of skipped) {
    const table = metadata?.get(source.table);
    const more =
      metadata === undefined
        ? [unchecked]
        : checkTable({
            source,
            table,
            profile: metadata.get(profileTable),
            map: metadata.get(mapTable),
            columns: table?.columns ?? new Map(),
          });
    found.get(source.table)?.push(...more);
  }
  return found;
}

const unchecked: UnmetRequirement = {
  code: 'unchecked',
  finding: 'What the tables of the organisation look like could not be asked: Dataverse did not answer.',
  remedy: 'Run the doctor when Dataverse can be reached again; it checks the rest.',
};
