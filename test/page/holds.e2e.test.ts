import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRows } from '../../local/sample/control-plane.ts';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { endOf, startRun } from '../operate/sample-stack.ts';
import { browserPath, expectAccessible, expectNothingCutOff, launch, openPage, screenshot } from './browser.ts';

describe.skipIf(browserPath === undefined)('a bad match rule that put all contacts together, on the page', () => {
  let app: SampleApp;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    app = await startSampleApp({ rows: 500 });
    await endOf(app.stack, (await startRun(app.stack, { mode: 'incremental' })).runId);
    const contacts = [...app.organisation.rowsOf('msdynci_alternatekey')].filter(
      ({ msdynci_entityname }) => msdynci_entityname === 'contact',
    );
    const [one] = contacts;
    await loadRows(
      app.stack.dataverseUrl,
      'msdynci_alternatekey',
      contacts.map((row) => ({
        ...row,
        msdynci_customerid: one?.msdynci_customerid ?? null,
        msdynci_lookupfield_customer: one?.msdynci_lookupfield_customer ?? null,
      })),
    );
    await endOf(app.stack, (await startRun(app.stack, { mode: 'incremental' })).runId);
    browser = await launch();
    page = await openPage(browser, app.stack);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stack.stop();
  });

  const hold = () => page.getByRole('article', { name: 'Hold in contact' }).first();

  it('is held and shown, with some of the rows', async () => {
    await hold().waitFor();
    await hold()
      .getByText(/none of it was done/)
      .waitFor();
    await hold().locator('summary').click();
    await hold().getByRole('rowheader').first().waitFor();
    await screenshot(page, '70-held');
    await expectAccessible(page);
    await expectNothingCutOff(page);
    const narrow = await openPage(browser, app.stack, { colorScheme: 'dark', width: 360 });
    await narrow.locator('summary').first().click();
    await screenshot(narrow, '71-held-narrow');
    await expectAccessible(narrow);
    await expectNothingCutOff(narrow);
    await narrow.context().close();
  });

  it('is done once all of it is confirmed, and no hold is left', async () => {
    for (;;) {
      await page.getByRole('link', { name: 'Status', exact: true }).click();
      await page.getByRole('link', { name: 'Details of contact' }).waitFor();
      if ((await hold().count()) === 0) break;
      await hold().getByRole('button', { name: 'Let it be done …' }).click();
      await page.getByRole('dialog').getByText('This is for these changes and no more').waitFor();
      await screenshot(page, '72-confirm');
      await expectAccessible(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
      await page
        .getByRole('main')
        .locator('.progress')
        .getByText(/Successful|Completed/)
        .waitFor();
    }
    await page.getByRole('link', { name: 'Who did what' }).click();
    await page
      .getByRole('cell', { name: /confirmed: hold/ })
      .first()
      .waitFor();
    await screenshot(page, '73-confirmed');
    expect(await page.getByRole('heading', { name: 'Held until you decide' }).count()).toBe(0);
  });
});
