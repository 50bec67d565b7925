import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { endOf, startRun } from '../operate/sample-stack.ts';
import { browserPath, expectAccessible, launch, openPage, screenshot } from './browser.ts';

describe.skipIf(browserPath === undefined)('an administrator, on the page', () => {
  let app: SampleApp;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    app = await startSampleApp({
      rows: 4_000,
      settings: { BACKSTAMP_PAGE_SIZE: '200' },
      change: (setup) => ({
        ...setup,
        tables: setup.tables.map((table) => (table.table === 'account' ? { ...table, connector: 'other' } : table)),
      }),
    });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stack.stop();
  });

  const details = () => page.getByRole('complementary');

  it('is asked for the key, told that a wrong one is wrong, and not asked twice', async () => {
    page = await (await browser.newContext()).newPage();
    await page.goto(`${app.stack.hostUrl}/api/status-page`);
    await screenshot(page, '01-key');
    await expectAccessible(page);

    await page.getByLabel('Key', { exact: true }).fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('The key is not the one of this app.').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Key', { exact: true }).fill(app.stack.functionKey);
    await page.keyboard.press('Enter');
    await page.getByText('No run yet.').waitFor();
    await page.reload();
    await page.getByText('No run yet.').waitFor();

    await screenshot(page, '02-no-run-yet');
    expect(page.url()).not.toContain(app.stack.functionKey);
  });

  it('rehearses, and sees what a run would do; nothing is written', async () => {
    page = await openPage(browser, app.stack);

    await page.getByRole('button', { name: 'Rehearsal' }).click();
    await page.getByText('Nothing is changed: no column, no row, no watermark.').waitFor();
    await screenshot(page, '03-rehearsal-asks');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Rehearse', exact: true }).click();
    await details().getByText('Successful').first().waitFor();
    await details().getByRole('button', { name: 'contact' }).click();
    await details().getByText('A rehearsal: nothing was written.').waitFor();

    await screenshot(page, '04-rehearsal-done');
    await expectAccessible(page);
    const stats = (await (await fetch(`${app.stack.dataverseUrl}/__control/stats`)).json()) as { rowsWritten: object };
    expect(stats.rowsWritten).toEqual({});
  });

  it('then runs, watches it go, and sees it finish', async () => {
    await app.control('POST', 'limits', { latencyMs: 60 });
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    await details().getByText('Refreshing').first().waitFor();
    await screenshot(page, '05-run-goes');
    await app.control('POST', 'limits', { latencyMs: 0 });

    await details().locator('dl.facts').getByText('Successful').waitFor();
    await page.getByRole('button', { name: 'Details of contact' }).click();
    await details().getByText('linked', { exact: true }).waitFor();

    await screenshot(page, '06-run-finished');
    await expectAccessible(page);
  });

  it('finds why a table was skipped, and what to do', async () => {
    await page.getByRole('button', { name: 'Details of account' }).click();

    await details().getByText('Error: Linking of Dataverse tables to the CustomerProfile table is skipped.').waitFor();
    await details().getByText('account is not ingested through a Dataverse connector.').waitFor();
    await details().getByText('Ingest it with the Microsoft Dataverse connector').waitFor();

    await screenshot(page, '07-skipped');
    await expectAccessible(page);
  });

  it('finds why a row failed, has it fixed, and sees the next run link it', async () => {
    const { organisation, stack } = app;
    const [linked] = [...organisation.truth('lead')].filter(({ profileId }) => profileId !== null);
    const id = linked?.id ?? '';
    await fetch(`${stack.dataverseUrl}/__control/rows/lead`, {
      method: 'POST',
      body: JSON.stringify({ leadid: id, msdynci_lookupfield_customerprofile: null }),
    });
    const fault = { status: 400, code: '0x80040265', message: 'Contoso.Plugins: the lead has no owner.' };
    await app.control('POST', 'faults', { match: { rowId: id }, fault });
    const failing = await startRun(stack, { mode: 'full', tables: ['lead'] });
    await endOf(stack, failing.runId);

    await page.reload();
    await page.getByText('Completed with warnings').first().waitFor();
    await page.getByRole('button', { name: 'Details of lead' }).click();
    await details()
      .getByRole('button', { name: /^failed/ })
      .click();
    await details().getByLabel('Id, reason or customer').fill('no owner');
    await page.keyboard.press('Enter');
    await details().getByText(id).waitFor();
    await details().getByText('the lead has no owner').first().waitFor();
    await screenshot(page, '08-row-failed');
    await expectAccessible(page);

    await app.control('DELETE', 'faults');
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    await details().locator('dl.facts').getByText('Successful').waitFor();
    await details().getByRole('button', { name: 'lead', exact: true }).click();
    const linkedCount = details().locator('.counters [data-key="linked"] dd');
    await expect.poll(() => linkedCount.textContent(), { timeout: 20_000 }).toBe('1');
    await screenshot(page, '09-row-linked');
  });

  it('cancels a long run', async () => {
    await app.control('POST', 'limits', { latencyMs: 1_500 });
    await page.getByRole('button', { name: 'Full pass' }).click();
    await page.getByRole('button', { name: 'Start full pass' }).click();
    await details().getByText('Refreshing').first().waitFor();

    await details().getByRole('button', { name: 'Cancel this run' }).click();
    await page.getByText('Cancel this run?').waitFor();
    await screenshot(page, '10-cancel-asks');
    await page.getByRole('button', { name: 'Cancel the run' }).click();

    await details().locator('dl.facts').getByText('Canceled').waitFor();
    await app.control('POST', 'limits', { latencyMs: 0 });
    await screenshot(page, '11-canceled');
    await expectAccessible(page);
  });

  it('can leave a dialog with Escape, and nothing is done', async () => {
    const runs = await page.getByRole('row').count();
    await page.getByRole('button', { name: 'Check for orphans' }).press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.reload();
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await expect.poll(() => page.getByRole('row').count(), { timeout: 20_000 }).toBeGreaterThan(2);
    expect(await page.getByRole('row').count()).toBeLessThanOrEqual(runs);
  });

  it.each([
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('reads it %s at a width of %i', async (colorScheme, width) => {
    const narrow = await openPage(browser, app.stack, { colorScheme, width });
    await narrow.getByRole('button', { name: 'Details of contact' }).click();
    await narrow.getByRole('heading', { name: 'Rows' }).waitFor();

    await screenshot(narrow, `12-${colorScheme}-${width}`);
    await expectAccessible(narrow);
    expect(await narrow.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await narrow.context().close();
  });

  it('gets a page of less than 100 KB that asks nobody else for anything', async () => {
    const fresh = await (await browser.newContext()).newPage();
    const asked: string[] = [];
    let bytes = 0;
    fresh.on('request', (request) => asked.push(new URL(request.url()).protocol + new URL(request.url()).host));
    fresh.on('response', async (response) => {
      bytes += (await response.body()).length;
    });
    await fresh.goto(`${app.stack.hostUrl}/api/status-page`);
    await fresh.getByLabel('Key', { exact: true }).waitFor();
    await expect.poll(() => bytes, { timeout: 20_000 }).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(100_000);
    expect(new Set(asked.filter((one) => !one.startsWith('data:')))).toEqual(
      new Set([`http:${new URL(app.stack.hostUrl).host}`]),
    );
  });
});
