import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { browserPath, expectAccessible, launch, screenshot } from './browser.ts';
import { type SignInPlatform, startSignInPlatform } from './sign-in-platform.ts';

const operator = {
  id: '22222222-2222-4222-8222-222222222222',
  name: 'olga@contoso.com',
  roles: ['Backstamp.Reader', 'Backstamp.Operator'],
} as const;
const reader = {
  id: '33333333-3333-4333-8333-333333333333',
  name: 'rita@contoso.com',
  roles: ['Backstamp.Reader'],
} as const;
const nobody = { id: '44444444-4444-4444-8444-444444444444', name: 'nils@contoso.com' } as const;

describe.skipIf(browserPath === undefined)('people who sign in, on the page', () => {
  let app: SampleApp;
  let platform: SignInPlatform;
  let browser: Browser;

  beforeAll(async () => {
    app = await startSampleApp({ rows: 500, settings: { WEBSITE_AUTH_ENABLED: 'True' } });
    platform = await startSignInPlatform(app.stack.hostUrl);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    await app?.stack.stop();
  });

  /** Opens the page as somebody who has not signed in, and signs in. */
  async function open(person: SignInPlatform['person'], at = ''): Promise<Page> {
    platform.person = person;
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${platform.url}/api/status-page${at}`);
    await page.getByRole('button', { name: 'Sign in with Microsoft Entra' }).waitFor();
    return page;
  }
  const signIn = (page: Page) => page.getByRole('button', { name: 'Sign in with Microsoft Entra' }).click();

  it('are asked to sign in and for no key, and come to the place that they wanted', async () => {
    const page = await open(operator, '#/set-up');
    expect(await page.getByLabel('Key').count()).toBe(0);
    await screenshot(page, '60-sign-in');
    await expectAccessible(page);
    await signIn(page);
    await page.getByRole('heading', { name: 'Set-up check' }).waitFor();
    await page.getByRole('banner').getByText('olga@contoso.com').waitFor();
    await page.context().close();
  });

  it('start runs as operators, and it is on record who did', async () => {
    const page = await open(operator);
    await signIn(page);
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('main').locator('.progress').getByText('Successful').waitFor();
    await page.getByRole('link', { name: 'About this run' }).click();
    await page.getByRole('main').getByText('olga@contoso.com').waitFor();
    await page.getByRole('link', { name: 'Who did what' }).click();
    await page.getByRole('row', { name: /olga@contoso\.com.*started a run/ }).waitFor();
    await screenshot(page, '61-who-did-what');
    await expectAccessible(page);
    await page.context().close();
  });

  it('see everything as readers, and are offered nothing that they may not do', async () => {
    const page = await open(reader);
    await signIn(page);
    await page.getByRole('link', { name: 'Details of contact' }).waitFor();
    expect(await page.getByRole('button', { name: 'Run now' }).count()).toBe(0);
    await page.getByRole('banner').getByText('(reader)').waitFor();
    await screenshot(page, '62-reader');
    await expectAccessible(page);
    const refused = await page.evaluate(
      `fetch('runs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"mode":"full"}' }).then(({ status }) => status)`,
    );
    expect(refused).toBe(403);
    await page.context().close();
  });

  it('are told which role they lack', async () => {
    const page = await open(nobody);
    await signIn(page);
    await page.getByText('Ask an administrator for the app role Backstamp.Reader').waitFor();
    await screenshot(page, '63-no-role');
    await expectAccessible(page);
    await page.context().close();
  });

  it.each(['namelessly', 'by redirect'] as const)(
    'are led to signing in once their session ends %s, and back',
    async (how) => {
      const page = await open(reader);
      await signIn(page);
      await page.getByRole('link', { name: 'Details of contact' }).click();
      await page.getByRole('link', { name: 'Rows', exact: true }).click();
      await page.getByRole('navigation', { name: 'Rows by outcome' }).waitFor();
      platform.expire(how);
      await page.getByRole('link', { name: /^failed/ }).click();
      await page.getByRole('heading', { name: 'Your sign-in has expired' }).waitFor();
      await screenshot(page, `64-expired-${how.replace(' ', '-')}`);
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await page.getByRole('heading', { name: 'contact', level: 2 }).waitFor();
      expect(page.url()).toMatch(/tab=rows&outcome=failed$/);
      await page.context().close();
    },
  );
});
