import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askedPrivileges, rightText } from '../../cli/grant/asked-privileges.ts';
import { parseSettings, settingsSchema } from '../../shared/settings.ts';
import { commandNames, understand } from '../cli/understand.ts';
import { attributesOf } from './emitted-metrics.ts';

const project = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(project, file), 'utf8');
const matches = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, group]) => group ?? '')),
];

const commandLine = globSync('cli/*.ts', { cwd: project }).map(read).join('\n');
const functions = globSync('functions/*.ts', { cwd: project }).map(read).join('\n');
const routes = matches(functions, /route: '([^']+)'/g);
const runbooks = globSync('docs/*.md', { cwd: project }).toSorted();
/** Everything that tells people to call the app. */
const texts = [...runbooks, 'infra/main.bicep', 'infra/modules/alerts.bicep'];

describe.each(texts)('%s', (file) => {
  it('names only routes that the app answers', () => {
    const named = matches(read(file), /\/api\/([a-z-]+(?:\.json)?(?:\/(?:\{\w+\}|[a-z-]+))*)/g);

    // Dataverse has its Web API under /api/data.
    const foreign = named.filter((route) => !routes.includes(route) && !route.startsWith('data'));

    expect(foreign).toEqual([]);
  });

  it('names only settings that the app reads', () => {
    const named = matches(read(file), /\b(BACKSTAMP_[A-Z_]+)\b/g);

    // What the command line reads, a profile's key among it.
    const ofCommand = matches(commandLine, /\b(BACKSTAMP_[A-Z_]+)\b/g);

    expect(
      named.filter(
        (name) => !(name in settingsSchema.shape) && !ofCommand.includes(name) && !/^BACKSTAMP_KEY_/.test(name),
      ),
    ).toEqual([]);
  });
});

/** Every command line in a text, without `backstamp`; placeholders filled in. */
const commandsIn = (text: string): string[][] =>
  [...matches(text, /^npx --no backstamp (.+)$/gm), ...matches(text, /`(?:npx --no )?backstamp ([a-z][^`]*)`/g)].map(
    (line) =>
      line
        .replaceAll("'<client id>'", '11111111-2222-4333-8444-555555555555')
        .replaceAll("'<writer id>'", '22222222-2222-4333-8444-555555555555')
        .replaceAll('"$DATAVERSE_URL"', 'https://contoso.crm.dynamics.com')
        .split(' '),
  );

describe.each([...runbooks, 'README.md'])('%s', (file) => {
  it('gives the command only words that it understands', () => {
    for (const [name = '', ...more] of commandsIn(read(file))) {
      // A command that is only spoken of need not be complete.
      if (more.length === 0 || commandNames().includes([name, ...more].join(' ')))
        expect(commandNames()).toContain(name);
      else expect(() => understand([name, ...more]), [name, ...more].join(' ')).not.toThrow();
    }
  });
});

describe('README.md', () => {
  it('lists every document', () => {
    const listed = read('README.md').split('\n## Documentation\n')[1]?.split('\n## ')[0] ?? '';

    expect(matches(listed, /\]\((docs\/[\w-]+\.md)\)/g).toSorted()).toEqual(runbooks);
  });
});

describe('docs/command-line.md', () => {
  it('shows every command that there is', () => {
    const commands = commandNames();

    const shown = commandsIn(read('docs/command-line.md')).flatMap(([name = '', second = '']) => [
      name,
      `${name} ${second}`,
    ]);

    expect(commands.length).toBeGreaterThan(8);
    expect(commands.filter((name) => !shown.includes(name))).toEqual([]);
  });
});

describe('docs/install.md', () => {
  it('tells those who click to give what the command gives', () => {
    const rows = read('docs/install.md')
      .replaceAll('`', '')
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const given = (row: string): string[] =>
      rows
        .filter((line) => line.split('|')[1]?.includes(row))
        .flatMap((line) => (line.split('|')[2] ?? '').trim().split(', '));

    for (const { row, right } of askedPrivileges({ tables: ['contact'], bypass: false, extent: 'ownership' }))
      expect(given(row), row).toContain(rightText(right));
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

    // Where a former version kept the set-up.
    const former = ['infra/unification.json'];
    expect(named.filter((path) => !former.includes(path) && !existsSync(join(project, path)))).toEqual([]);
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
