import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noRows } from '../../shared/contracts/counters.ts';
import { parseSettings } from '../../shared/settings.ts';
import { RowOutcomes } from '../../shared/state/row-outcomes.ts';
import { Runs } from '../../shared/state/runs.ts';
import { openTable } from '../../shared/state/table-storage.ts';
import { failedRow, rowId, sampleRun, sampleTask } from '../api/records.ts';
import { startWith, twoTables } from '../operate/sample-stack.ts';
import type { TestStack } from '../support/stack.ts';
import { browserPath, expectAccessible, launch, openPage, screenshot } from './browser.ts';

const runCount = 500;
const failedCount = 100_000;
/** A storage emulator needs seconds for what the service does in milliseconds. */
const patience = { timeout: 20_000 };
const tables = ['contact', 'lead', ...Array.from({ length: 8 }, (_, index) => `new_table${index}`)];

describe('a long history: 500 runs of 10 tables, 100,000 failed rows', () => {
  let stack: TestStack;
  let browser: Browser | undefined;
  let page: Page;
  const newest = sampleRun(runCount, { status: 'Completed with warnings' });

  beforeAll(async () => {
    // The records are of one certain day: they must not be pruned as too old.
    stack = await startWith(twoTables, { BACKSTAMP_RETENTION_DAYS: '3650' });
    const settings = parseSettings(stack.settings);
    const runs = new Runs(openTable(settings, 'BackstampRuns'));
    for (let start = 1; start <= runCount; start += 10) {
      const some = Array.from({ length: 10 }, (_, index) => start + index);
      await Promise.all(
        some.map(async (number) => {
          const run = number === runCount ? newest : sampleRun(number, number === 250 ? { status: 'Failed' } : {});
          await runs.record(run);
          for (const table of tables) {
            const linked = (number * 37) % 400;
            const counters = { ...noRows, read: 20_000 + linked, linked, unchanged: 20_000 };
            const failed = { ...counters, failed: failedCount };
            await runs.recordTask(
              sampleTask(run, table, { counters: run === newest && table === 'contact' ? failed : counters }),
            );
          }
        }),
      );
    }
    const outcomes = new RowOutcomes(openTable(settings, 'BackstampRowOutcomes'));
    const pieces = Array.from({ length: failedCount / 5000 }, (_, index) => index * 5000);
    for (let at = 0; at < pieces.length; at += 2) {
      await Promise.all(
        pieces.slice(at, at + 2).map((first) =>
          outcomes.record(
            newest.runId,
            'contact',
            Array.from({ length: 5000 }, (_, index) =>
              failedRow(first + index, first + index === 54_321 ? 'Only this one: the owner is disabled.' : undefined),
            ),
          ),
        ),
      );
    }
    if (browserPath === undefined) return;
    browser = await launch();
    page = await openPage(browser, stack, { height: 1000 });
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('answers the status in under 50 ms', async () => {
    const times: number[] = [];
    for (let call = 0; call < 21; call++) {
      const begun = performance.now();
      const response = await stack.call('/api/status');
      await response.text();
      times.push(performance.now() - begun);
    }
    const median = times.sort((a, b) => a - b)[10] ?? Number.POSITIVE_INFINITY;
    console.info(`Status with ${runCount} runs of ${tables.length} tables: median ${median.toFixed(1)} ms`);
    expect(median).toBeLessThan(50);
  });

  describe.skipIf(browserPath === undefined)('on the page', () => {
    it('shows all 500 runs, a hundred at a time, with a chart', async () => {
      await page.getByRole('link', { name: 'Runs', exact: true }).click();
      const runs = page.getByRole('table', { name: 'Runs, newest first' }).getByRole('rowheader');
      await expect.poll(() => runs.count(), patience).toBe(20);
      await page.getByRole('group', { name: /finished runs/ }).waitFor();
      await screenshot(page, '20-history');
      await expectAccessible(page);

      for (const shown of [120, 220, 320, 420, 500]) {
        await page.getByRole('button', { name: /^Older runs/ }).click();
        await expect.poll(() => runs.count(), patience).toBe(shown);
      }

      expect(await page.getByRole('button', { name: /^Older runs/ }).count()).toBe(0);
    });

    it('pages through failed rows, searches them, and goes back', async () => {
      await page.getByRole('link', { name: 'Status', exact: true }).click();
      await page.getByRole('link', { name: 'Details of contact' }).click();
      await page.getByRole('link', { name: 'Rows', exact: true }).click();
      const pane = page.getByRole('main');
      await pane.getByRole('link', { name: 'failed 100,000' }).click();
      const firstId = async () => (await pane.getByRole('rowheader').first().textContent())?.slice(0, 36);
      await expect.poll(firstId, patience).toBe(rowId(0));
      await pane.getByRole('button', { name: 'Next page' }).click();
      await expect.poll(firstId, patience).toBe(rowId(100));
      await pane.getByRole('button', { name: 'Next page' }).click();
      await expect.poll(firstId, patience).toBe(rowId(200));
      await pane.getByRole('button', { name: 'Previous page' }).click();
      await expect.poll(firstId, patience).toBe(rowId(100));
      await screenshot(page, '21-failed-rows');
      await expectAccessible(page);

      await pane.getByLabel('Id, reason or customer').fill('owner is disabled');
      await pane.getByRole('button', { name: 'Search' }).click();
      while ((await pane.getByText(rowId(54_321)).count()) === 0) {
        const next = pane.getByRole('button', { name: 'Next page' });
        await expect.poll(() => next.isEnabled(), patience).toBe(true);
        await next.click();
        await expect.poll(() => pane.getByText('Loading …').count(), patience).toBe(0);
      }
      await pane.getByText('Only this one: the owner is disabled.').waitFor();
    });

    it('saves what was chosen as one CSV', async () => {
      const pane = page.getByRole('main');
      await pane.getByLabel('Id, reason or customer').fill(rowId(99_999));
      await pane.getByRole('button', { name: 'Search' }).click();
      // An id is found by its key: nothing has to be gone through.
      await pane.getByText(rowId(99_999)).waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        pane.getByRole('button', { name: 'Save as CSV' }).click(),
      ]);
      const chunks: Buffer[] = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
      const lines = Buffer.concat(chunks).toString().trim().split('\r\n');

      expect(download.suggestedFilename()).toMatch(/^contact-failed-[0-9a-f]{8}\.csv$/);
      expect(lines).toHaveLength(2);
      expect(lines[1]).toContain(rowId(99_999));
    });
  });
});
