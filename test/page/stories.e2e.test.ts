import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { endOf, startRun } from '../operate/sample-stack.ts';
import { browserPath, expectAccessible, expectNothingCutOff, launch, openPage, screenshot } from './browser.ts';

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

  const main = () => page.getByRole('main');
  const toStatus = () => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Status' }).click();

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
    const { host } = new URL(app.stack.dataverseUrl);
    await page.getByRole('banner').getByText(host).waitFor();
    await page.getByRole('banner').getByText('version 0.1.0').waitFor();
    expect(await page.title()).toBe(`Status – ${host} – Backstamp`);
    expect(page.url()).not.toContain(app.stack.functionKey);
  });

  it('rehearses, and sees what a run would do; nothing is written', async () => {
    page = await openPage(browser, app.stack);

    await page.getByRole('button', { name: 'Rehearsal' }).click();
    await page.getByText('Nothing is changed: no column, no row, no watermark.').waitFor();
    await screenshot(page, '03-rehearsal-asks');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Rehearse', exact: true }).click();
    await main().getByRole('link', { name: '4 tables' }).waitFor();
    await main().locator('.progress').getByText('Successful').waitFor();
    await page.getByRole('link', { name: 'Details of contact' }).click();
    await page.getByRole('link', { name: 'Rows', exact: true }).click();
    await main().getByText('A rehearsal: nothing was written.').waitFor();

    await screenshot(page, '04-rehearsal-done');
    await expectAccessible(page);
    const stats = (await (await fetch(`${app.stack.dataverseUrl}/__control/stats`)).json()) as { rowsWritten: object };
    expect(stats.rowsWritten).toEqual({});
  });

  it('then runs, watches it go, and sees it finish', async () => {
    await app.control('POST', 'limits', { latencyMs: 60 });
    await toStatus();
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    await main().getByText('Refreshing').first().waitFor();
    await page.getByRole('link', { name: 'Details of contact' }).click();
    await main()
      .locator('.progress')
      .getByText(/ of about [\d,]+ rows, \d+ %, in .* rows\/s, about .* left$/)
      .waitFor();
    await screenshot(page, '05-run-goes');
    await page.keyboard.press('Escape');
    await app.control('POST', 'limits', { latencyMs: 0 });

    await main().locator('.progress').getByText('Successful').waitFor();
    await page.getByRole('link', { name: 'Details of contact' }).click();
    await main().getByText('linked', { exact: true }).waitFor();

    await screenshot(page, '06-run-finished');
    await expectAccessible(page);
  });

  it('finds why a table was skipped, and what to do', async () => {
    await toStatus();
    await page.getByRole('link', { name: 'Details of account' }).click();

    await main().getByText('Error: Linking of Dataverse tables to the CustomerProfile table is skipped.').waitFor();
    await main().getByText('account is not ingested through a Dataverse connector.').waitFor();
    await main().getByText('Ingest it with the Microsoft Dataverse connector').waitFor();

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

    await toStatus();
    await page.getByText('Completed with warnings').first().waitFor();
    await page.getByRole('link', { name: 'Details of lead' }).click();
    await page.getByRole('link', { name: 'Rows', exact: true }).click();
    await page.getByRole('link', { name: /^failed/ }).click();
    await main().getByLabel('Id, reason or customer').fill('no owner');
    await page.keyboard.press('Enter');
    await main().getByText(id).waitFor();
    await main().getByText('the lead has no owner').first().waitFor();
    await screenshot(page, '08-row-failed');
    await expectAccessible(page);

    await app.control('DELETE', 'faults');
    await toStatus();
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    await main().locator('.progress').getByText('Successful').waitFor();
    await page.getByRole('link', { name: 'Details of lead' }).click();
    const linkedCount = main().locator('.counters [data-counter="linked"] dd');
    await expect.poll(() => linkedCount.textContent(), { timeout: 20_000 }).toBe('1');
    await screenshot(page, '09-row-linked');
  });

  it('looks rows up: one that is linked, one that failed once, one that is none of a customer, one that is not there', async () => {
    const { organisation, stack } = app;
    const lookUp = async (text: string) => {
      await page.getByLabel('Id of a row').fill(text);
      await page.keyboard.press('Enter');
    };
    await page.getByRole('link', { name: 'Look up a row' }).click();
    const truth = [...organisation.truth('lead')];
    const linked = truth.find(({ profileId }) => profileId !== null);
    const alone = truth.find(({ profileId }) => profileId === null);

    // By the address of its form, as somebody pastes it.
    await lookUp(`${stack.dataverseUrl}/main.aspx?pagetype=entityrecord&etn=lead&id=%7B${linked?.id.toUpperCase()}%7D`);
    await main().getByText('linked', { exact: true }).first().waitFor();
    await main().getByText(String(linked?.profileId)).first().waitFor();
    expect(
      await main()
        .getByRole('link', { name: `Open in Dynamics: lead ${linked?.id}` })
        .getAttribute('href'),
    ).toBe(`${stack.dataverseUrl}/main.aspx?pagetype=entityrecord&etn=lead&id=${linked?.id}`);
    const history = page.getByRole('table', { name: 'What runs did to this row, newest first' });
    await history.getByRole('row', { name: /failed.*the lead has no owner/ }).waitFor();
    // And why: the map row that counts, the customer's other rows, and that no run will change anything.
    const mapRows = page.getByRole('table', { name: 'Map rows that name this row, newest first' });
    await mapRows.getByText('It is the only one that names this row.').waitFor();
    const others = page.getByRole('table', { name: 'Source rows that unification counts to the same customer' });
    await others.getByRole('row', { name: /this row.*linked/ }).waitFor();
    await main().getByText('Nothing: the row is linked to the profile that the map gives it.').waitFor();
    await main()
      .getByRole('button', { name: `Copy profile id ${linked?.profileId}` })
      .first()
      .waitFor();
    await main()
      .getByRole('link', { name: `Open: msdynci_customerprofile ${linked?.profileId}` })
      .first()
      .waitFor();
    await screenshot(page, '14-row-linked');
    await expectAccessible(page);

    // By its id alone; the table is found.
    await lookUp(String(alone?.id));
    await main().getByText('Nothing: unification made no customer of this row').waitFor();
    expect(page.url()).toMatch(new RegExp(`#/rows/lead/${alone?.id}$`));
    await screenshot(page, '15-row-not-linked');
    await expectAccessible(page);
    await page.reload();
    await main().getByText('Unification made no customer of this row: it').waitFor();

    await lookUp('00000000-0000-4000-8000-000000000000');
    await main().getByText('No source table has a row with this id').waitFor();
    await lookUp('Maria Campbell');
    await main().getByRole('alert').getByText('neither an id').waitFor();
    await lookUp(`https://fabrikam.crm.dynamics.com/main.aspx?etn=lead&id=${linked?.id}`);
    await main().getByRole('alert').getByText('That address is of fabrikam.crm.dynamics.com').waitFor();
    await expectAccessible(page);
  });

  it('cancels a long run', async () => {
    await app.control('POST', 'limits', { latencyMs: 1_500 });
    await toStatus();
    await page.getByRole('button', { name: 'Full pass' }).click();
    await page.getByRole('button', { name: 'Start full pass' }).click();
    await main().getByText('Refreshing').first().waitFor();

    await main().getByRole('button', { name: 'Cancel this run' }).click();
    await page.getByText('Cancel this run?').waitFor();
    await screenshot(page, '10-cancel-asks');
    await page.getByRole('button', { name: 'Cancel the run' }).click();

    await main().locator('.progress').getByText('Canceled').waitFor();
    await app.control('POST', 'limits', { latencyMs: 0 });
    await screenshot(page, '11-canceled');
    await expectAccessible(page);
  });

  it('can leave a dialog with Escape, and nothing is done; Escape again goes up', async () => {
    await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
    const runs = page.getByRole('table', { name: 'Runs, newest first' }).getByRole('rowheader');
    await runs.first().waitFor();
    const before = await runs.count();
    await page.getByRole('button', { name: 'Reconcile' }).press('Enter');
    await page.getByRole('dialog').getByText(new URL(app.stack.dataverseUrl).host).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.reload();
    await runs.first().waitFor();
    expect(await runs.count()).toBe(before);

    await runs.first().getByRole('link').click();
    await page.getByRole('link', { name: 'Details of contact' }).click();
    for (const title of ['contact', /Full pass/, 'Runs', 'Status']) {
      if (title !== 'contact') await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: title, level: 2 }).waitFor();
    }
  });

  it('cannot start a run of no tables', async () => {
    await toStatus();
    await page.getByRole('button', { name: 'Run now' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'None' }).click();
    await dialog.getByRole('button', { name: 'Run now' }).click();
    expect(await dialog.locator('input:invalid').count()).toBe(1);
    await screenshot(page, '13-no-table');
    await dialog.getByRole('button', { name: 'Not now' }).click();
    await dialog.waitFor({ state: 'hidden' });
  });

  it.each([
    ['light', 1280],
    ['dark', 768],
    ['light', 360],
    ['dark', 360],
  ] as const)('reads it %s at a width of %i', async (colorScheme, width) => {
    const other = await openPage(browser, app.stack, { colorScheme, width });
    await other.getByRole('link', { name: 'Details of contact' }).click();
    await other.getByText('read from the map').waitFor();
    await screenshot(other, `12-table-${colorScheme}-${width}`);
    await expectAccessible(other);
    await expectNothingCutOff(other);
    for (const [view, text] of [
      ['Rows', 'counted and not listed'],
      ['Runs', 'Each pair of bars is a run'],
      ['Look up a row', 'Id of a row'],
      ['Who did what', 'started a run'],
    ] as const) {
      await other.getByRole('link', { name: view, exact: true }).first().click();
      await other.getByText(text).first().waitFor();
      await screenshot(other, `12-${view.toLowerCase().replaceAll(' ', '-')}-${colorScheme}-${width}`);
      await expectAccessible(other);
      await expectNothingCutOff(other);
    }
    await other.context().close();
  });

  it('goes through the chart with the keyboard, and opens a run from it', async () => {
    const other = await openPage(browser, app.stack, { at: '#/runs' });
    const bars = other.locator('a.run');
    await bars.last().focus();
    await other.keyboard.press('ArrowLeft');
    await expect.poll(() => other.locator('figcaption').textContent()).toMatch(/rows? changed, /);
    expect(await other.evaluate('[...document.querySelectorAll("a.run")].indexOf(document.activeElement)')).toBe(
      (await bars.count()) - 2,
    );
    await other.keyboard.press('Enter');
    await other.getByRole('link', { name: 'About this run' }).waitFor();
    await other.context().close();
  });

  it('gets a page of less than 100 KB that asks nobody else for anything', async () => {
    const fresh = await (await browser.newContext()).newPage();
    const asked: string[] = [];
    let bytes = 0;
    fresh.on('request', (request) => asked.push(new URL(request.url()).protocol + new URL(request.url()).host));
    fresh.on('response', async (response) => {
      // A refusal has no body to be measured.
      if (response.ok()) bytes += (await response.body()).length;
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
