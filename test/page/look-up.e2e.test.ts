import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../../shared/api/examples.ts';
import type { Explanation } from '../../shared/contracts/explanation.ts';
import { browserPath, expectAccessible, expectNothingCutOff, launch, screenshot } from './browser.ts';
import { startFakePage } from './fake-page.ts';

const example = examples.Explanation as Explanation;
const { id, customer } = example;
const [mapRow] = example.mapRows;
if (mapRow === undefined || customer === undefined) throw new Error('The example has no map row, or no customer');
const longId = '3f0e2a7c-51d4-4b9e-8c3a-6a1d0f5b7e21';

/** Everything that an explanation can tell, at once. */
const told: Explanation = {
  ...example,
  requirements: [
    {
      code: 'primary-key',
      finding: "Unification uses emailaddress1 as primary key of contact; the table's own is contactid.",
      remedy: 'Choose contactid as primary key in the unification step "Describe customer data".',
    },
  ],
  mapRows: [
    {
      ...mapRow,
      id: longId,
      key: `{${id.toUpperCase()}}`,
      counts: false,
      hasProfile: false,
      why: 'It is newer, and its profile is not in Dataverse yet: it counts as soon as the profile is there.',
    },
    { ...mapRow, why: 'It is the newest whose profile is in Dataverse.' },
  ],
  customer: {
    ...customer,
    isWhole: false,
    records: [
      ...customer.records,
      { dataSource: 'CRM', entity: 'lead', table: 'lead', key: longId, state: 'notLinked' },
      { dataSource: 'Webshop', entity: 'customers', table: null, key: 'WS100000', state: 'otherSource' },
    ],
  },
  pending: {
    cause: 'waiting',
    reason: 'The profile has not arrived in Dataverse yet.',
    since: '2026-03-01T05:00:30Z',
    lastTriedAt: '2026-03-02T05:00:30Z',
    runId: '336b5c40cb96e5471d16ca1e9d52e2cd',
  },
  hold: { id: '2e392fb380395851', kind: 'move', count: 40, since: '2026-03-01T05:00:30Z' },
};

const answers: Readonly<Record<string, unknown>> = {
  [`records/contact/${id}/profile`]: examples.ProfileAnswer,
  [`records/contact/${id}/explanation`]: told,
  [`records/contact/${id}/outcomes`]: examples.RecordOutcomes,
};

describe.skipIf(browserPath === undefined)('all that an explanation can tell', () => {
  let browser: Browser;
  let app: Awaited<ReturnType<typeof startFakePage>>;
  beforeAll(async () => {
    app = await startFakePage((path) => answers[path]);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    app?.close();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 768],
    ['dark', 768],
    ['light', 360],
    ['dark', 360],
  ] as const)('is there to read, %s at a width of %i', async (colorScheme, width) => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page: Page = await context.newPage();
    await page.goto(`${app.url}#/rows/contact/${id}`);
    await page.getByRole('heading', { name: 'All rows of its customer' }).waitFor();

    await screenshot(page, `18-explanation-${colorScheme}-${width}`);
    await expectAccessible(page);
    await expectNothingCutOff(page);
    const main = page.getByRole('main');
    const mapRows = main.getByRole('table', { name: 'Map rows that name this row, newest first' });
    await mapRows
      .getByRole('row', { name: /its profile is not in Dataverse yet/ })
      .getByText('no', { exact: true })
      .waitFor();
    const others = main.getByRole('table', { name: 'Source rows that unification counts to the same customer' });
    const link = others.getByRole('link', { name: `Open in Dynamics: lead ${longId}` });
    expect(await link.getAttribute('href')).toBe(
      `https://contoso.crm.dynamics.com/main.aspx?pagetype=entityrecord&etn=lead&id=${longId}`,
    );
    await others.getByRole('link', { name: `Look up ${longId}` }).waitFor();
    await others.getByRole('button', { name: `Copy row id ${longId}` }).waitFor();
    await others.getByRole('row', { name: /WS100000.*not linked here/ }).waitFor();
    const earlier = main.getByRole('table', { name: 'Customers that this row belonged to before, the latest first' });
    await earlier.getByText('merged into the next').waitFor();
    await main.getByText('There may be more of them.').waitFor();
    await main.getByText('The profile has not arrived in Dataverse yet.').waitFor();
    await main.getByRole('link', { name: 'See what is held' }).waitFor();
    await main.getByText("the table's own is contactid").waitFor();
    await main.getByText('by this app: the link is as it left it').waitFor();
    await main.getByText('What nobody can tell from Dataverse').click();
    await main.getByText('which rule matched this row').waitFor();
    await context.close();
  });
});
