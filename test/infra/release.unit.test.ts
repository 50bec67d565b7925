import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DeployedApp, type ReleaseParts, release } from '../../infra/scripts/release.ts';
import type { WhatIf } from '../../infra/scripts/what-if.ts';

const app: DeployedApp = { resourceGroup: 'rg', name: 'func', endpoint: 'https://func.example' };
const zipFile = 'package/app.zip';
const before = `0.1.0+${'a'.repeat(40)}`;
const next = `0.2.0+${'b'.repeat(40)}`;

/** Azure as far as a release sees it: what was done to it, and which version answers. */
function azure(given: { runs?: string; broken?: readonly string[]; slow?: number; whatIf?: WhatIf; isNew?: boolean }) {
  const done: string[] = [];
  let deployed = given.runs;
  let asked = 0;
  let now = 0;
  const parts: ReleaseParts = {
    foretell: async () => given.whatIf ?? { changes: [] },
    findApp: async () => (given.isNew ? undefined : app),
    deployResources: async () => {
      done.push('resources');
      return app;
    },
    deployPackage: async (_app, file) => {
      done.push(file);
      deployed = file === zipFile ? next : before;
      asked = 0;
    },
    askVersion: async () => {
      asked++;
      const answers = deployed !== undefined && !given.broken?.includes(deployed) && asked > (given.slow ?? 0);
      return answers ? deployed : undefined;
    },
    versionIn: async () => next,
    packageOf: async (commit) => `built from ${commit}`,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    say: () => undefined,
  };
  return { parts, done };
}

describe('a release', () => {
  it('deploys resources, then the package, and waits until that version is healthy', async () => {
    const { parts, done } = azure({ isNew: true, slow: 5 });

    await release(parts, zipFile);

    expect(done).toEqual(['resources', zipFile]);
  });

  it('deploys nothing where something would change that cannot be taken back', async () => {
    const whatIf: WhatIf = { changes: [{ resourceId: '/subscriptions/1/resourceGroups/rg', changeType: 'Delete' }] };
    const { parts, done } = azure({ runs: before, whatIf });

    await expect(release(parts, zipFile)).rejects.toThrow(/Nothing was deployed:\n.* would be deleted/);
    expect(done).toEqual([]);
  });

  it('puts the version before back where the new one is not healthy, and fails', async () => {
    const { parts, done } = azure({ runs: before, broken: [next] });

    await expect(release(parts, zipFile)).rejects.toThrow(`${before} runs again`);
    expect(done).toEqual(['resources', zipFile, `built from ${'a'.repeat(40)}`]);
  });

  it.each([
    ['there was none', { isNew: true, broken: [next] }],
    ['its commit is not known', { runs: '0.1.0', broken: [next] }],
  ])('lets the new version stay where %s, and says so', async (_, given) => {
    const { parts, done } = azure(given);

    await expect(release(parts, zipFile)).rejects.toThrow('No version before it is known by its commit');
    expect(done).toEqual(['resources', zipFile]);
  });

  it('says where the version before does not come back either', async () => {
    let isFirst = true;
    const { parts } = azure({ runs: before, broken: [next] });
    const askVersion = async (one: DeployedApp): Promise<string | undefined> => {
      const answer = isFirst ? await parts.askVersion(one) : undefined;
      isFirst = false;
      return answer;
    };

    await expect(release({ ...parts, askVersion }, zipFile)).rejects.toThrow('is not healthy either');
  });
});

describe.each(['.github/workflows/azure-dev.yml', '.azdo/pipelines/azure-dev.yml', 'azure.yaml'])('%s', (file) => {
  const project = join(import.meta.dirname, '..', '..');
  const text = readFileSync(join(project, file), 'utf8');

  it('runs only scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };

    const used = [...text.matchAll(/npm (?:run )?([\w-]+)/g)].map(([, name = '']) => name);

    expect(used.filter((name) => !(name in scripts) && name !== 'ci')).toEqual([]);
    expect(used).toContain('ci');
  });

  it('holds no secret, and asks for none of Azure’s', () => {
    const asked = [...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name);

    expect(asked.filter((name) => name !== 'ALERT_WEBHOOKS')).toEqual([]);
    expect(text).not.toMatch(/creds:|client-secret|password/i);
  });
});

describe('azure.yaml', () => {
  it('packages afresh before azd packages and before it deploys, in a shell of either kind', () => {
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'azure.yaml'), 'utf8');

    expect(text).toMatch(/prepackage: &package[\s\S]*posix:[\s\S]*shell: sh[\s\S]*windows:[\s\S]*shell: pwsh/);
    expect(text).toMatch(/predeploy: \*package/);
  });
});

describe('docs/pipelines.md', () => {
  it('tells every variable that the pipelines read', () => {
    const project = join(import.meta.dirname, '..', '..');
    const guide = readFileSync(join(project, 'docs', 'pipelines.md'), 'utf8');
    const files = globSync('{.github/workflows,.azdo/pipelines}/*.yml', { cwd: project });
    const read = files.flatMap((file) =>
      [...readFileSync(join(project, file), 'utf8').matchAll(/(?:vars\.|secrets\.|\$\()(A[A-Z_]+)/g)].map(
        ([, name = '']) => name,
      ),
    );

    expect([...new Set(read)].filter((name) => !guide.includes(name))).toEqual([]);
  });
});
