import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepUnitsApart, unitOfCustomer } from '../../local/sample/business-units.ts';
import { putApplicationUser } from '../../local/sample/control-plane.ts';
import { localClientId } from '../../local/stack.ts';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { browserPath, expectAccessible, launch, openPage, screenshot } from './browser.ts';

describe.skipIf(browserPath === undefined)('an administrator who looks at segments, on the page', () => {
  let app: SampleApp;
  let browser: Browser;
  let page: Page;
  const pane = () => page.getByRole('main');

  beforeAll(async () => {
    app = await startSampleApp({ rows: 500, change: (setup) => ({ ...setup, businessUnits: {} }) });
    await putApplicationUser(app.stack.dataverseUrl, localClientId, 'all');
    await keepUnitsApart(app.stack.dataverseUrl, app.organisation);
    browser = await launch();
    page = await openPage(browser, app.stack);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stack.stop();
  });

  it('sees where their members belong, and who is in the way', async () => {
    await page.getByRole('link', { name: 'Segments' }).press('Enter');
    const row = pane().getByRole('row', { name: /^HighValueCustomers/ });
    await row.waitFor();

    const members = [...app.organisation.rowsOf('msdynci_segmentmembership')]
      .filter((one) => String(one.msdynci_segments).includes('"HighValueCustomers"'))
      .map((one) => unitOfCustomer(String(one.msdynci_customerid)).name);
    const text = (await row.textContent()) ?? '';
    expect(text).toContain(`not ready${members.length}`);
    for (const unit of new Set(members)) {
      expect(text).toContain(`${unit} ${members.filter((name) => name === unit).length}`);
    }
    await pane().getByText('Its members belong to 3 business units.').first().waitFor();
    const inTheWay = pane().getByRole('list', { name: 'In the way of HighValueCustomers' }).getByRole('listitem');
    expect(await inTheWay.count()).toBeGreaterThan(0);
    await screenshot(page, '40-segments');
    await expectAccessible(page);
  });

  it('reads them in the dark at a width of 360', async () => {
    const dark = await openPage(browser, app.stack, { colorScheme: 'dark', width: 360 });
    await dark.getByRole('link', { name: 'Segments' }).click();
    await dark.getByText('Its owner cannot be told.').first().waitFor();
    await screenshot(dark, '41-segments-narrow');
    await expectAccessible(dark);
  });

  it('is told why they cannot be counted', async () => {
    const fault = { status: 403, code: '0x80040220', message: 'Principal user is missing prvRead privilege.' };
    await app.control('POST', 'faults', { match: { path: 'msdynci_segmentmemberships' }, fault });
    await pane().getByRole('button', { name: 'Look again' }).click();
    await pane().getByRole('alert').getByText('prvRead').waitFor();
    await app.control('DELETE', 'faults');
  });
});
