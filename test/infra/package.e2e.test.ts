import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureColdStart, type PackagedApp, packageApp } from '../../infra/scripts/package.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { playScenario, prepareScenario } from '../../local/start/scenario.ts';
import { startTestStack } from '../support/stack.ts';

describe('the packaged app', () => {
  // Outside the project, so that nothing of the project's node_modules can be found from there.
  let folder: string;
  let app: PackagedApp;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backstamp-package-'));
    app = await packageApp(join(folder, 'package'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is one zip of the app, its page, host.json and package.json, far under 6 MB', async () => {
    const zipped = Object.keys(unzipSync(await readFile(app.zipFile)));

    expect(zipped.toSorted()).toEqual(app.files);
    expect(
      zipped.filter(
        (file) =>
          !/^(dist\/(functions|chunks)\/[^/]+\.js|page\/status-page\.html|host\.json|package\.json)$/.test(file),
      ),
    ).toEqual([]);
    expect(app.zipBytes).toBeLessThan(6 * 1024 * 1024);
  });

  it('holds no test, no local part and no development dependency', async () => {
    const { devDependencies } = JSON.parse(
      await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
    ) as { devDependencies: Record<string, string> };
    const development = Object.keys(devDependencies);

    const isForeign = (source: string): boolean =>
      !/^(functions|shared|node_modules)\//.test(source) ||
      development.some((name) => source.startsWith(`node_modules/${name}/`));

    expect(app.sources.filter(isForeign)).toEqual([]);
    expect(app.sources).toContain('shared/services.ts');
  });

  it('lists the packages that went into it in its SBOM, and no other', async () => {
    const { components } = JSON.parse(await readFile(app.sbomFile, 'utf8')) as { components: { purl: string }[] };
    const listed = new Set(components.map(({ purl }) => decodeURIComponent(purl.replace(/^pkg:npm\/|@[^@]*$/g, ''))));

    const used = new Set(
      app.sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []),
    );

    expect([...listed].toSorted()).toEqual([...used].toSorted());
    expect(used.size).toBeGreaterThan(10);
  });

  it('registers its functions soon after the process starts', async () => {
    const { ms, functions } = await measureColdStart(app.folder);

    // The doors that a setting opens are shut here: the diagnostic log, and asking the map.
    const files = app.files.filter((file) => file.startsWith('dist/functions/'));
    expect(functions).toBeGreaterThanOrEqual(files.length - 2);
    const bare = join(folder, 'bare');
    await mkdir(bare);
    await writeFile(join(bare, 'package.json'), JSON.stringify({ type: 'module', main: 'index.js' }));
    await writeFile(join(bare, 'index.js'), '');
    // About seven times as long as Node takes to start with an empty file.
    expect(ms / (await measureColdStart(bare)).ms).toBeLessThan(20);
  });

  it('links the sample organisation on the embedded stack, from the package itself', async () => {
    const scenario = await prepareScenario({ rows: 2000, data: undefined });
    const stack = await startTestStack({
      appDir: app.folder,
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(scenario.organisation)),
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
      },
    });
    let shown = '';
    try {
      const isRight = await playScenario(stack, scenario, (text) => {
        shown += text;
      });

      expect(isRight, shown).toBe(true);
      const page = await fetch(`${stack.hostUrl}/api/status-page`);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('<!doctype html>');
    } finally {
      await stack.stop();
    }
  });
});
