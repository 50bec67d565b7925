import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noRows } from '../../shared/contracts/counters.ts';
import type { Status } from '../../shared/contracts/status.ts';
import { parseSettings } from '../../shared/settings.ts';
import { Runs } from '../../shared/state/runs.ts';
import { openTable } from '../../shared/state/table-storage.ts';
import { sampleRun, sampleTask } from '../api/records.ts';
import { startWith, twoTables } from '../operate/sample-stack.ts';
import type { TestStack } from '../support/stack.ts';
import { browserPath, expectAccessible, expectNothingCutOff, launch, openPage, screenshot } from './browser.ts';

/** As long as a logical name may be, among names as they are. */
const longName = `new_${'averyverylongnameofacustomtable'.repeat(4)}`.slice(0, 100);
const tables = [longName, ...Array.from({ length: 29 }, (_, index) => `new_table${String(index).padStart(2, '0')}`)];
const [source] = twoTables.tables;
if (source === undefined) throw new Error('There is no table to go by.');
const setup = {
  ...twoTables,
  tables: tables.map((table) => ({ ...source, table, entity: table, primaryKey: `${table}id` })),
};

const statusOf = (index: number): Status =>
  index === 0 || index === 9 || index === 27
    ? 'Failed'
    : index === 5 || index === 20
      ? 'Completed with warnings'
      : 'Successful';

describe.skipIf(browserPath === undefined)('thirty tables, on the page', () => {
  let stack: TestStack;
  let browser: Browser;
  const rowsOf = (page: Page) => page.getByRole('table', { name: 'Dataverse Hydration' }).getByRole('rowheader');

  beforeAll(async () => {
    // The records are of one certain day: they must not be pruned as too old.
    stack = await startWith(setup, { BACKSTAMP_RETENTION_DAYS: '3650' });
    const runs = new Runs(openTable(parseSettings(stack.settings), 'BackstampRuns'));
    await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const now = new Date().toISOString();
        const isGoing = number === 19;
        const going = { status: 'Refreshing', receivedAt: now, endedAt: undefined } as const;
        const run = sampleRun(number, { tables, ...(isGoing ? going : {}) });
        await runs.record(run);
        for (const [index, table] of tables.entries()) {
          const status = isGoing && index === 13 ? 'Refreshing' : statusOf(index);
          const failed = status === 'Completed with warnings' ? 12 : 0;
          await runs.recordTask(
            sampleTask(run, table, {
              status,
              ...(status === 'Refreshing' ? { endedAt: undefined } : { endedAt: run.receivedAt }),
              updatedAt: now,
              counters: { ...noRows, read: 900_000, linked: index * 1_000, failed },
            }),
          );
        }
      }),
    );
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('are summed up in a line, those that failed first, most of them folded', async () => {
    const page = await openPage(browser, stack);
    const summary = page.getByRole('navigation', { name: 'Dataverse Hydration by status' });
    await summary.waitFor();
    expect(await summary.getByRole('link').allTextContents()).toEqual([
      '30 tables',
      '3 failed',
      '2 with warnings',
      '1 at work',
      '24 successful',
    ]);
    expect(await rowsOf(page).count()).toBe(12);
    expect((await rowsOf(page).allTextContents()).slice(0, 3).sort()).toEqual([longName, 'new_table08', 'new_table26']);

    await page.getByRole('link', { name: 'Show the other 18 tables' }).click();
    await expect.poll(() => rowsOf(page).count()).toBe(30);
    await page.getByRole('link', { name: '2 with warnings' }).click();
    await expect.poll(() => rowsOf(page).count()).toBe(2);
    // What is filtered is in the address.
    await page.reload();
    await expect.poll(() => rowsOf(page).count()).toBe(2);
    await page.goBack();
    await expect.poll(() => rowsOf(page).count()).toBe(30);
    await page.context().close();
  });

  it('are searched while one types, and ordered by a column, either way', async () => {
    const page = await openPage(browser, stack, { at: '#/?all=yes' });
    await page.getByRole('link', { name: 'Rows changed' }).click();
    await expect.poll(() => rowsOf(page).first().textContent()).toBe('new_table28');
    expect(await page.getByRole('columnheader', { name: 'Rows changed' }).getAttribute('aria-sort')).toBe('descending');
    await page.getByRole('link', { name: 'Rows changed' }).click();
    await expect.poll(() => rowsOf(page).first().textContent()).toBe(longName);
    await page.getByLabel('Find a table').pressSequentially('table1');
    await expect.poll(() => rowsOf(page).count()).toBe(10);
    expect(page.url()).toContain('search=table1');
    await page.context().close();
  });

  it.each([
    ['light', 1280],
    ['dark', 768],
    ['light', 360],
  ] as const)('are read %s at a width of %i, with nothing cut off', async (colorScheme, width) => {
    const page = await openPage(browser, stack, { colorScheme, width });
    await rowsOf(page).first().waitFor();
    await screenshot(page, `50-thirty-tables-${width}`);
    await expectAccessible(page);
    await expectNothingCutOff(page);
    await page.getByRole('link', { name: `Details of ${longName}` }).click();
    await page.getByRole('heading', { name: longName, level: 2 }).waitFor();
    await page.getByText('read from the map').waitFor();
    await screenshot(page, `51-long-name-${width}`);
    await expectAccessible(page);
    await expectNothingCutOff(page);
    await page.getByRole('link', { name: 'Status', exact: true }).click();
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('dialog').getByText(longName).waitFor();
    await screenshot(page, `52-choice-${width}`);
    await expectAccessible(page);
    await page.context().close();
  });

  it('say since when they stand so, while the app does not answer', async () => {
    const page = await openPage(browser, stack);
    await rowsOf(page).first().waitFor();
    await page.route('**/api/status', (route) => route.abort());
    await page.getByRole('alert').getByText('What you see is from').waitFor();
    expect(await rowsOf(page).count()).toBe(12);
    await screenshot(page, '53-old-data');
    await expectAccessible(page);
    await page.unroute('**/api/status');
    await page.getByRole('alert').getByText('What you see is from').waitFor({ state: 'hidden' });
    await page.context().close();
  });

  it('are printed without what only a screen is for, and said to be gone where their run is', async () => {
    const page = await openPage(browser, stack);
    await rowsOf(page).first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('button', { name: 'Run now' }).isVisible()).toBe(false);
    expect(await rowsOf(page).first().isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await page.goto(`${stack.hostUrl}/api/status-page#/runs/${'0'.repeat(32)}`);
    await page.getByText('There is no such run.').waitFor();
    await page.context().close();
  });

  it('cost little traffic, even while a run is at work', async () => {
    const page = await openPage(browser, stack);
    await rowsOf(page).first().waitFor();
    let bytes = 0;
    let answers = 0;
    page.on('requestfinished', async (request) => {
      const { responseBodySize, responseHeadersSize } = await request.sizes();
      bytes += responseBodySize + responseHeadersSize;
      answers++;
    });
    await expect.poll(() => answers, { timeout: 30_000 }).toBeGreaterThanOrEqual(6);
    console.info(`${answers} answers about 30 tables and 20 runs: ${bytes} bytes`);
    expect(bytes / answers).toBeLessThan(2_000);
    await page.context().close();
  });
});
