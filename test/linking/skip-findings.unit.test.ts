import { describe, expect, it } from 'vitest';
import type { SourceTable } from '../../shared/contracts/unification-setup.ts';
import type { Dataverse } from '../../shared/dataverse/dataverse.ts';
import type { LinkingParts } from '../../shared/linking/parts.ts';
import { skipFindings } from '../../shared/linking/skip-findings.ts';

const source = (table: string, connector: SourceTable['connector']): SourceTable => ({
  table,
  dataSource: 'crm',
  entity: table,
  connector,
  primaryKey: `${table}id`,
});

/** Parts as far as this needs them; `readTables` answers for an organisation without Customer Insights' tables. */
function partsWith(readTables: Dataverse['readTables']): LinkingParts {
  const setup = { environmentKind: 'individual', output: 'dataverse', tables: [] };
  return {
    options: { setup, dataverseUrl: 'https://contoso.crm.dynamics.com' },
    dataverse: { readTables },
  } as unknown as LinkingParts;
}

const codesOf = async (parts: LinkingParts, sources: readonly SourceTable[]) =>
  [...(await skipFindings(parts, sources))].map(([table, findings]) => [table, findings.map(({ code }) => code)]);

describe('skipFindings', () => {
  it('I5 names every rule that a skipped table fails, those of Dataverse too, and asks for no other table', async () => {
    let asked: readonly string[] = [];
    const parts = partsWith(async ({ tables }) => {
      asked = tables;
      return new Map();
    });

    const found = await codesOf(parts, [source('contact', 'dataverse'), source('lead', 'other')]);

    expect(found).toEqual([['lead', ['connector', 'no-customer-insights', 'table-missing']]]);
    expect(asked).not.toContain('contact');
  });

  it('I5 says what could not be checked, and keeps what the set-up told', async () => {
    const parts = partsWith(() => Promise.reject(new Error('out of reach')));

    expect(await codesOf(parts, [source('lead', 'other')])).toEqual([['lead', ['connector', 'unchecked']]]);
  });

  it('asks nothing where every table qualifies', async () => {
    const parts = partsWith(() => Promise.reject(new Error('asked')));

    expect(await codesOf(parts, [source('contact', 'dataverse')])).toEqual([]);
  });
});
