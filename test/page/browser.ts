import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** Where Debian and others put a Chromium; `CHROMIUM_PATH` names another. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined where this machine has no browser: the tests that need one are skipped and say so. */
export const browserPath = [process.env.CHROMIUM_PATH, ...places].find(
  (path) => path !== undefined && existsSync(path),
);

export const whyNoBrowser = 'no Chromium on this machine: install the package chromium, or set CHROMIUM_PATH';
if (browserPath === undefined) console.warn(`The page's tests are skipped: ${whyNoBrowser}.`);

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox', '--disable-gpu'] });

const screenshotDir = process.env.BACKSTAMP_SCREENSHOTS ?? join(tmpdir(), 'backstamp-screenshots');

export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(screenshotDir, { recursive: true });
  await page.screenshot({ path: join(screenshotDir, `${name}.png`), fullPage: true });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Holds the page as it stands against every rule of axe. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated by the browser's debugger: the page's own policy lets no other script in.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResult;
  expect(
    violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ html }) => html.slice(0, 200)) })),
  ).toEqual([]);
}

/** Holds that nothing of the page is cut off, or reaches beyond the window. */
export async function expectNothingCutOff(page: Page): Promise<void> {
  const cut = await page.evaluate(`(() => {
    const wide = document.documentElement.scrollWidth > window.innerWidth ? ['the page itself'] : [];
    const isUnseen = (element) => element.closest('.unseen, .skip, thead, details:not([open]), dialog:not([open])') !== null;
    for (const element of document.querySelectorAll('body *')) {
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const scrolls = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && style.overflowX !== 'visible';
      if (!isUnseen(element) && box.width > 0 && (box.right > window.innerWidth + 1 || scrolls))
        wide.push(element.outerHTML.slice(0, 120));
    }
    return wide;
  })()`);
  expect(cut).toEqual([]);
}

/** Opens the page in a tab of its own and gives it the key. */
export async function openPage(
  browser: Browser,
  app: { readonly hostUrl: string; readonly functionKey: string },
  options: {
    readonly width?: number;
    readonly height?: number;
    readonly colorScheme?: 'light' | 'dark';
    /** What the page shows, as it stands after the # of its address. */
    readonly at?: string;
  } = {},
): Promise<Page> {
  const { width = 1280, height = 800, colorScheme = 'light', at = '' } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, acceptDownloads: true });
  const page = await context.newPage();
  await page.goto(`${app.hostUrl}/api/status-page${at}`);
  await page.getByLabel('Key', { exact: true }).fill(app.functionKey);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('navigation', { name: 'Views' }).waitFor();
  return page;
}
