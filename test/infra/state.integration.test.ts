import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportState, importState, type OpenTable, savedTables } from '../../infra/scripts/state.ts';
import { LinkStates } from '../../shared/state/link-states.ts';
import { TableStorage } from '../../shared/state/table-storage.ts';
import { WatchNotebook } from '../../shared/state/watch-notes.ts';
import { type Azurite, startAzurite } from '../support/azurite.ts';

let azurite: Azurite;
let installations = 0;
/** Tables of an installation of its own, in one account. */
function installation(): OpenTable {
  const number = ++installations;
  return (name) => azurite.open(`${name}${number}`);
}

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite?.stop());

async function saved(open: OpenTable): Promise<string[]> {
  const lines: string[] = [];
  await exportState(open, (line) => lines.push(line));
  return lines;
}

/** Some state, written as the program writes it. */
async function filled(): Promise<OpenTable> {
  const open = installation();
  const states = new LinkStates(new TableStorage(open('BackstampLinkStates')));
  const { state, etag } = await states.load({ table: 'contact' });
  await states.save({ table: 'contact' }, { ...state, pendingRows: 7, lastWalkAt: '2026-11-22T00:00:00Z' }, etag);
  await new WatchNotebook(new TableStorage(open('BackstampLinkStates'))).write(
    { firstBeatAt: '2026-11-22T00:00:00Z', pendingRows: { contact: 7 }, linkedRows: {} },
    undefined,
  );
  const rows = new TableStorage(open('BackstampPendingRows'));
  const upserts = Array.from({ length: 130 }, (_, row) => ({
    rowKey: String(row).padStart(4, '0'),
    document: { reason: 'Größe '.repeat(row % 4 === 0 ? 7_000 : 10) },
  }));
  await rows.applyAll('contact', { upserts });
  return open;
}

describe('a saved state', () => {
  it('is put back as it was, long documents and all', async () => {
    const lines = await saved(await filled());
    const other = installation();

    expect(await importState(other, lines)).toBe(lines.length - 1);

    expect((await saved(other)).slice(1)).toEqual(lines.slice(1));
    const states = new LinkStates(new TableStorage(other('BackstampLinkStates')));
    expect((await states.load({ table: 'contact' })).state).toMatchObject({ pendingRows: 7 });
    const notes = await new WatchNotebook(new TableStorage(other('BackstampLinkStates'))).read();
    expect(notes?.value.pendingRows).toEqual({ contact: 7 });
  });

  it('has watermarks before the rows that wait: what moves meanwhile is read once more', async () => {
    const tables = (await saved(await filled())).slice(1).map((line) => (JSON.parse(line) as { table: string }).table);

    expect(tables.lastIndexOf('BackstampLinkStates')).toBeLessThan(tables.indexOf('BackstampPendingRows'));
  });

  it('of an installation that has none yet is empty', async () => {
    expect(await saved(installation())).toHaveLength(1);
  });

  it('is not mixed with another one', async () => {
    const open = await filled();
    const lines = await saved(open);

    await expect(importState(open, lines)).rejects.toThrow('There is a state already');
  });

  it.each([
    ['nothing', []],
    ['something else', ['{"value":[]}']],
    ['a broken line', ['{"schema":"backstamp.saved-state/1","savedAt":"2026-11-22T00:00:00Z"}', '{"table":"contact"']],
    [
      'a table of others',
      [
        '{"schema":"backstamp.saved-state/1","savedAt":"2026-11-22T00:00:00Z"}',
        '{"table":"Users","partitionKey":"a","rowKey":"b","properties":{}}',
      ],
    ],
  ])('is refused before anything is written, where the file holds %s', async (_, lines) => {
    const open = installation();

    await expect(importState(open, lines)).rejects.toThrow(/no saved/);
    expect(await saved(open)).toHaveLength(1);
  });

  it('has every table of the program but that of outcomes', () => {
    const program = readFileSync(join(import.meta.dirname, '..', '..', 'shared', 'services.ts'), 'utf8');
    const tables = new Set([...program.matchAll(/openTable\(settings, '(\w+)'\)/g)].map(([, name]) => name));

    expect([...savedTables, 'BackstampRowOutcomes'].toSorted()).toEqual([...tables].toSorted());
  });
});
