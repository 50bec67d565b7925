import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../../shared/api/examples.ts';
import type { RunSummaryList } from '../../shared/api/schemas.ts';
import { runIdFor } from '../api/records.ts';
import { browserPath, expectAccessible, expectNothingCutOff, launch, screenshot } from './browser.ts';
import { startFakePage } from './fake-page.ts';

const [run] = (examples.RunSummaryList as RunSummaryList).runs;
if (run === undefined) throw new Error('The example has no run');
const rehearsal = { ...run, runId: runIdFor(1), mode: 'rehearsal' as const };
const older = { ...rehearsal, runId: runIdFor(2), receivedAt: '2026-02-01T05:00:02Z' };

describe.skipIf(browserPath === undefined)('the list of runs, on the page', () => {
  let browser: Browser;
  let app: Awaited<ReturnType<typeof startFakePage>>;
  const asked: string[] = [];
  beforeAll(async () => {
    app = await startFakePage((path, query) => {
      if (path !== 'runs') return undefined;
      asked.push(query.toString());
      if (query.get('status') === 'Failed') return { runs: [] };
      if (query.get('mode') !== 'rehearsal') return undefined;
      return query.has('continuation') ? { runs: [older] } : { runs: [rehearsal], continuation: 'more' };
    });
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
  ] as const)('is filtered, and its address says how: %s at a width of %i', async (colorScheme, width) => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    await page.goto(`${app.url}#/runs`);
    const form = page.getByRole('form', { name: 'Which runs' });
    const runs = page.getByRole('table', { name: 'Runs, newest first' });
    await runs.waitFor();
    await form.getByLabel('Kind').selectOption({ label: 'Rehearsal' });
    await runs.getByText('Rehearsal').waitFor();
    await form.getByLabel('Table').selectOption('contact');
    await form.getByLabel('Since').fill('2020-02-03');
    await expect.poll(() => page.url()).toMatch(/#\/runs\?mode=rehearsal&table=contact&since=2020-02-03$/);
    const since = new Date(2020, 1, 3).toISOString();
    const sent = `mode=rehearsal&table=contact&since=${encodeURIComponent(since)}`;
    await expect.poll(() => asked.some((query) => query.endsWith(sent))).toBe(true);
    await page.getByRole('button', { name: 'Older runs (1 shown)' }).click();
    await expect.poll(() => runs.getByRole('rowheader').count()).toBe(2);
    expect(await page.getByRole('button', { name: /Older runs/ }).count()).toBe(0);
    await screenshot(page, `17-found-runs-${colorScheme}-${width}`);
    await expectAccessible(page);
    await expectNothingCutOff(page);

    await page.reload();
    await page.getByRole('button', { name: 'Older runs (1 shown)' }).waitFor();
    expect(await form.getByLabel('Table').inputValue()).toBe('contact');
    await form.getByLabel('Status').selectOption('Failed');
    await page.getByText('No such run.').waitFor();
    await page.goBack();
    await runs.waitFor();
    expect(await form.getByLabel('Status').inputValue()).toBe('');
    await form.getByRole('link', { name: 'All runs' }).click();
    await expect.poll(() => page.url()).toMatch(/#\/runs$/);
    await runs.getByText('What changed').waitFor();
    await context.close();
  });
});
