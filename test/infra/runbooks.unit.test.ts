import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSettings, settingsSchema } from '../../shared/settings.ts';
import { attributesOf } from './emitted-metrics.ts';

const project = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(project, file), 'utf8');
const matches = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, group]) => group ?? '')),
];

const functions = globSync('functions/*.ts', { cwd: project }).map(read).join('\n');
const routes = matches(functions, /route: '([^']+)'/g);
const functionNames = matches(functions, /app\.\w+\('([^']+)'/g);
const runbooks = globSync('docs/*.md', { cwd: project }).toSorted();
/** Everything that tells people to call the app. */
const texts = [...runbooks, 'infra/main.bicep', 'infra/modules/alerts.bicep'];

describe.each(texts)('%s', (file) => {
  it('names only routes that the app answers', () => {
    const named = matches(read(file), /\/api\/([a-z-]+(?:\/(?:\{\w+\}|[a-z-]+))*)/g);

    // Dataverse has its Web API under /api/data.
    const foreign = named.filter((route) => !routes.includes(route) && !route.startsWith('data'));

    expect(foreign).toEqual([]);
  });

  it('names only settings that the app reads', () => {
    const named = matches(read(file), /\b(BACKSTAMP_[A-Z_]+)\b/g);

    expect(named.filter((name) => !(name in settingsSchema.shape))).toEqual([]);
  });
});

describe.each(runbooks)('%s', (file) => {
  const text = read(file);

  it('links only to files that exist', () => {
    const links = matches(text, /\]\((?!https?:)([^)#]+)/g);

    expect(links.filter((link) => !existsSync(join(project, dirname(file), link)))).toEqual([]);
  });

  it('names only files of the project that exist', () => {
    const named = matches(text, /\b((?:infra|local|shared|functions)\/[\w./-]+\.(?:ts|json|bicep|bicepparam|kql))\b/g);

    // Made by the administrator, following the text.
    const own = ['infra/completion-trigger.json'];
    expect(named.filter((path) => !own.includes(path) && !existsSync(join(project, path)))).toEqual([]);
  });

  it('names only outputs that the deployment has', () => {
    const outputs = matches(read('infra/main.bicep'), /^output (\w+)/gm);

    const named = matches(text, /(?:<|output `)([A-Z][A-Z_]+)[>`]/g);

    expect(named.filter((name) => !outputs.includes(name))).toEqual([]);
  });

  it('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

    expect(matches(text, /npm run ([\w:-]+)/g).filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('queries', () => {
  it('name only functions that the app has', () => {
    const queries = globSync('infra/queries/*.kql', { cwd: project }).map(read).join('\n');

    const named = matches(queries, /'([a-z-]+)' and Success/g);

    expect(named).toContain('orchestrate-run');
    expect(named.filter((name) => !functionNames.includes(name))).toEqual([]);
  });
});

describe('the list of metrics that queries are held to', () => {
  it('has every attribute that the program records', () => {
    const program = globSync('shared/**/*.ts', { cwd: project }).map(read).join('\n');
    const calls = [...program.matchAll(/telemetry\.(?:count|record)\(\s*'(backstamp\.[\w.]+)',[^{;]*\{([^}]*)\}/g)];

    const unknown = calls.flatMap(([, metric = '', attributes = '']) =>
      matches(attributes, /(\w+)(?:\s*:[^,]*)?/g)
        .filter((name) => !(attributesOf as Record<string, readonly string[]>)[metric]?.includes(name))
        .map((name) => `${metric}: ${name}`),
    );

    expect(calls.length).toBeGreaterThan(10);
    expect(unknown).toEqual([]);
  });
});

describe('local.settings.sample.json', () => {
  it('holds settings that the app starts with', () => {
    const { Values } = JSON.parse(read('local.settings.sample.json')) as { Values: Record<string, string> };

    expect(parseSettings(Values).BACKSTAMP_UNIFICATION.tables).not.toEqual([]);
  });
});
