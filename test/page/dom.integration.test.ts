import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import fc from 'fast-check';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, launch } from './browser.ts';

/** A list of elements: text without a key, or a key. */
const lists = fc.array(
  fc.oneof(
    fc.record({ tag: fc.constantFrom('p', 'div'), text: fc.string({ maxLength: 3 }) }),
    fc.record({ tag: fc.constant('li'), key: fc.integer({ min: 0, max: 12 }) }),
  ),
  { maxLength: 12 },
);

describe.skipIf(browserPath === undefined)('drawing anew', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../../page/dom.ts', import.meta.url))],
      bundle: true,
      format: 'iife',
      globalName: 'dom',
      write: false,
    });
    browser = await launch();
    page = await browser.newPage();
    await page.evaluate(`${outputFiles[0]?.text}
      globalThis.dom = dom;
      globalThis.show = (target, list) => {
        const seen = new Set();
        const unique = list.filter(({ key }) => key === undefined || (!seen.has(key) && seen.add(key)));
        const make = () => unique.map(({ tag, text, key }) =>
          dom.h(tag, key === undefined ? {} : { 'data-key': String(key) }, key === undefined ? text : 'row ' + key));
        dom.draw(target, make());
        const fresh = document.createElement(target.tagName);
        fresh.append(...make());
        return [target.innerHTML, fresh.innerHTML];
      };`);
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('ends with exactly what was wanted, whatever stood there before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lists, { minLength: 2, maxLength: 5 }), async (steps) => {
        const results = (await page.evaluate(`(() => {
          const target = document.createElement('div');
          return ${JSON.stringify(steps)}.map((list) => show(target, list));
        })()`)) as [string, string][];
        for (const [is, wanted] of results) expect(is).toBe(wanted);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps an element with its focus while others come and go before it', async () => {
    const kept = await page.evaluate(`(() => {
      const target = document.body.appendChild(document.createElement('div'));
      const draw = (keys) => dom.draw(target, keys.map((key) => dom.h('button', { 'data-key': key }, key)));
      draw(['a', 'b']);
      const before = target.children[1];
      before.focus();
      draw(['new', 'a', 'b']);
      return before.isConnected && document.activeElement === before && target.textContent === 'newab';
    })()`);
    expect(kept).toBe(true);
  });
});
