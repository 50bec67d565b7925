import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';
import { parseSettings } from '../../shared/settings.ts';
import { RowOutcomes } from '../../shared/state/row-outcomes.ts';
import { Runs } from '../../shared/state/runs.ts';
import { openTable } from '../../shared/state/table-storage.ts';
import { failedRow, rowId, sampleRun, sampleTask } from '../api/records.ts';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { browserPath, expectAccessible, expectNothingCutOff, launch, openPage, screenshot } from './browser.ts';

const narrow = { colorScheme: 'dark', width: 360 } as const;

describe.skipIf(browserPath === undefined)('an administrator who sets up, on the page', () => {
  let app: SampleApp;
  let browser: Browser;
  let page: Page;
  const pane = () => page.getByRole('main');

  beforeAll(async () => {
    app = await startSampleApp({
      rows: 500,
      settings: { BACKSTAMP_RETENTION_DAYS: '3650' },
      change: (setup) => ({
        ...setup,
        tables: setup.tables.map((table) => (table.table === 'lead' ? { ...table, primaryKey: 'fullname' } : table)),
      }),
    });
    browser = await launch();
    page = await openPage(browser, app.stack);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stack.stop();
  });

  it('has the set-up checked, and reads what is wrong and what to do', async () => {
    await app.control('POST', 'limits', { latencyMs: 100 });
    await page.getByRole('link', { name: 'Check set-up' }).press('Enter');
    await pane().getByText('This may take a minute.').waitFor();
    await screenshot(page, '30-checking');
    await expectAccessible(page);
    await app.control('POST', 'limits', { latencyMs: 0 });

    const faults = pane().getByRole('list', { name: 'fault', exact: true }).getByRole('listitem');
    await faults.first().waitFor();
    expect(await faults.allTextContents()).toEqual([
      expect.stringMatching(/lead.*Unification uses fullname as primary key of lead.*What to do: Choose leadid/),
    ]);
    await pane()
      .getByText(/^1 fault, /)
      .waitFor();
    await pane().getByText('contact meets every requirement').waitFor();
    await screenshot(page, '31-checked');
    await expectAccessible(page);
  });

  it('has it checked again once it is mended', async () => {
    await app.control('POST', 'faults', {
      match: { path: 'WhoAmI' },
      fault: { status: 403, code: '0x80072560', message: 'The user is not a member of the organization.' },
    });
    await pane().getByRole('button', { name: 'Look again' }).press('Enter');
    await pane().getByText('The user is not a member of the organization.').waitFor();
    await app.control('DELETE', 'faults');
    await pane().getByRole('button', { name: 'Look again' }).press('Enter');
    await pane().getByText('contact meets every requirement').waitFor();
  });

  it('discovers the tables, and copies the set-up', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: app.stack.hostUrl });
    await page.getByRole('link', { name: 'Discover tables' }).press('Enter');
    const field = pane().getByLabel('BACKSTAMP_UNIFICATION');
    await field.waitFor();
    await pane().getByRole('cell', { name: 'left out' }).first().waitFor();
    await pane().getByText('It takes for granted').waitFor();
    await pane().getByRole('button', { name: 'Copy' }).press('Enter');
    await page.getByText('Copied the set-up.').waitFor();
    await screenshot(page, '32-discovered');
    await expectAccessible(page);

    const copied = unificationSetupSchema.parse(JSON.parse(await page.evaluate('navigator.clipboard.readText()')));
    const tablesOf = (setup: { readonly tables: readonly { readonly table: string }[] }) =>
      [...setup.tables].sort((a, b) => a.table.localeCompare(b.table));
    expect(tablesOf(copied)).toEqual(tablesOf(unificationSetup(app.organisation)));
    expect(await field.inputValue()).toBe(JSON.stringify(copied, undefined, 2));
  });

  it('is told why nothing can be discovered, and leaves with Escape', async () => {
    const fault = { status: 403, code: '0x80040220', message: 'Principal user is missing prvReadEntity privilege.' };
    await app.control('POST', 'faults', { match: { path: 'EntityDefinitions' }, fault });
    await pane().getByRole('button', { name: 'Look again' }).click();
    await pane().getByRole('alert').getByText('prvReadEntity').waitFor();
    await expectAccessible(page);
    await app.control('DELETE', 'faults');

    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Status', level: 2 }).waitFor();
  });

  it('reads both in the dark at a width of 360', async () => {
    const dark = await openPage(browser, app.stack, narrow);
    for (const [view, text, name] of [
      ['Check set-up', 'contact meets every requirement', '33-checked-narrow'],
      ['Discover tables', 'It takes for granted', '34-discovered-narrow'],
    ] as const) {
      await dark.getByRole('link', { name: view }).click();
      await dark.getByText(text).waitFor();
      await screenshot(dark, name);
      await expectAccessible(dark);
      await expectNothingCutOff(dark);
    }
    await dark.context().close();
  });

  it('sees which links lead to another business unit, where that was looked at', async () => {
    const settings = parseSettings(app.stack.settings);
    const runs = new Runs(openTable(settings, 'BackstampRuns'));
    const run = sampleRun(1, { tables: ['contact', 'opportunity'] });
    const line = '1 of 40 linked rows leads to a profile of another business unit; it is listed as acrossUnits.';
    await runs.record(run);
    await runs.recordTask(sampleTask(run, 'contact', { details: [line] }));
    await runs.recordTask(sampleTask(run, 'opportunity'));
    const across = {
      ...failedRow(5, 'Its profile belongs to North, the row to South.'),
      outcome: 'acrossUnits' as const,
    };
    await new RowOutcomes(openTable(settings, 'BackstampRowOutcomes')).record(run.runId, 'contact', [
      across,
      failedRow(6),
    ]);

    await page.reload();
    await page.getByRole('link', { name: 'Details of opportunity' }).click();
    await page.getByRole('link', { name: 'Rows', exact: true }).click();
    await pane().getByRole('navigation', { name: 'Rows by outcome' }).waitFor();
    expect(await pane().getByRole('link', { name: 'across units' }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Details of contact' }).click();
    await page.getByRole('link', { name: 'Rows', exact: true }).click();
    await pane().getByText(rowId(6)).waitFor();
    await pane().getByRole('link', { name: 'across units' }).press('Enter');
    await pane().getByText(rowId(6)).waitFor({ state: 'hidden' });
    await pane().getByText(across.reason).waitFor();
    await screenshot(page, '35-across-units');
    await expectAccessible(page);
  });
});
